"""A real nginx that caches, in front of a small application: what it keeps, what it must not, and the way around it."""

from __future__ import annotations

import os
import shutil
import socket
import ssl
import subprocess
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from signoff.probes.web.cache_headers import Served, read_cache_headers
from signoff.probes.web.cdn import p95, read_asset, read_private_page
from signoff.probes.web.http import Session
from signoff.probes.web.origin import ask_directly
from tests.patience import wait_until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/bin:/usr/local/sbin")
needs_nginx = pytest.mark.skipif(NGINX is None, reason="needs nginx (apt-get install nginx-light)")
STYLE = "body { color: #123456 }\n" * 200
CONFIGURATION = """
daemon off; worker_processes 1; error_log {folder}/error.log; pid {folder}/nginx.pid; {user}
events {{ worker_connections 64; }}
http {{
  access_log off;
  types {{ text/css css; }}
  client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  proxy_cache_path {folder}/cache keys_zone=edge:1m;
  server {{
    listen 127.0.0.1:{port};
    gzip {gzip}; gzip_types text/css; gzip_proxied any; gzip_min_length 100;
    proxy_cache edge; proxy_cache_key $uri; {extra}
    add_header {header} always;
    location / {{ proxy_pass http://{backend}; }}
  }}
}}
"""


class Application:
    """Serves a style sheet, and a page for each account that says how often it was asked for."""

    def __init__(self, *, cache_control: str = "private, no-store") -> None:
        self._asked = count(1)
        self._cache_control = cache_control

    def routes(self) -> dict[str, Any]:
        return {
            "/style.css": (200, {"Content-Type": "text/css", "Cache-Control": "public, max-age=60"}, STYLE),
            "/me": self._me,
        }

    def _me(self, handler: Any) -> None:
        body = f"{handler.headers.get('Cookie', 'nobody')} {next(self._asked)}".encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        if self._cache_control:
            handler.send_header("Cache-Control", self._cache_control)
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def edge(serve: Callable[..., Any], tmp_path: Path) -> Iterator[Callable[..., str]]:
    """Give a function that starts nginx before the application and returns its URL."""
    with ExitStack() as stack:

        def start(
            *, header: str = "X-Cache-Status $upstream_cache_status", gzip: str = "on", extra: str = "", **app: Any
        ) -> str:
            backend = stack.enter_context(serve(Application(**app).routes()))
            return str(
                stack.enter_context(
                    nginx(tmp_path / backend.rpartition(":")[2], backend=backend, header=header, gzip=gzip, extra=extra)
                )
            )

        yield start


@contextmanager
def nginx(folder: Path, **settings: str) -> Iterator[str]:
    assert NGINX is not None
    folder.mkdir()
    port = free_port()
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(CONFIGURATION.format(folder=folder, port=port, user=user, **settings))
    command = [NGINX, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        try:
            wait_until(lambda: process.poll() is not None or _answers(port), "nginx does not start")
            assert process.poll() is None, (folder / "error.log").read_text()
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
    except OSError:
        return False
    return True


@needs_nginx
def test_an_asset_is_a_miss_then_a_hit_compressed_and_timed(edge: Callable[..., str]) -> None:
    url = edge()
    with Session(origins=[url]) as session:
        asset = read_asset(session, f"{url}/style.css")
        seconds = session.asked[-1].seconds
    assert (asset.first.served, asset.second.served) == (Served.MISS, Served.HIT)
    assert (asset.status, asset.encoding, asset.is_text, asset.size) == (200, "gzip", True, len(STYLE))
    assert 0 < asset.first_byte <= seconds


@needs_nginx
def test_a_cache_that_is_off_misses_and_one_that_says_nothing_is_unknown(edge: Callable[..., str]) -> None:
    off, silent = edge(extra="proxy_cache_bypass 1; proxy_no_cache 1;", gzip="off"), edge(header="X-Other 1")
    with Session(origins=[off, silent]) as session:
        bypassed, unknown = read_asset(session, f"{off}/style.css"), read_asset(session, f"{silent}/style.css")
    assert (bypassed.second.served, bypassed.encoding) == (Served.BYPASS, "")
    assert unknown.second.served is Served.UNKNOWN


@needs_nginx
@pytest.mark.parametrize(
    ("settings", "keeps_private", "served", "stranger"),
    [
        ({}, True, Served.MISS, False),
        ({"cache_control": ""}, False, Served.MISS, False),
        ({"cache_control": "public, max-age=60"}, False, Served.HIT, True),
        ({"extra": "proxy_ignore_headers Cache-Control; proxy_cache_valid 1m;"}, True, Served.HIT, True),
    ],
)
def test_a_private_page_that_is_kept_is_found_out(
    edge: Callable[..., str], settings: dict[str, str], keeps_private: bool, served: Served, stranger: bool
) -> None:
    url = edge(**settings)
    with Session(origins=[url]) as owner, Session(origins=[url]) as other:
        page = read_private_page(owner, f"{url}/me", cookies={"session": "kim"}, stranger=other)
    assert (page.keeps_private, page.caches[1].served, page.stranger_sees_it) == (keeps_private, served, stranger)


@pytest.mark.parametrize(
    ("headers", "served", "stored"),
    [
        ({"Cache-Status": "ExampleCache; hit; ttl=30"}, Served.HIT, True),
        ({"Cache-Status": 'Origin; fwd=uri-miss; stored, "CDN"; fwd=miss'}, Served.MISS, True),
        ({"Cache-Status": '"Origin"; hit, CDN; fwd=stale'}, Served.HIT, True),
        ({"Cache-Status": "CDN; fwd=bypass"}, Served.BYPASS, False),
        ({"Cache-Status": "CDN; hit=?0; fwd=method"}, Served.MISS, False),
        ({"Cache-Status": "CDN"}, Served.UNKNOWN, False),
        ({"Cache-Status": "??;;"}, Served.UNKNOWN, False),
        ({"Cache-Status": "??;;", "X-Cache": "HIT"}, Served.HIT, True),
        ({"X-Cache": "Hit from cloudfront"}, Served.HIT, True),
        ({"X-Cache": "RefreshHit from cloudfront"}, Served.HIT, True),
        ({"X-Cache": "Miss from cloudfront"}, Served.MISS, False),
        ({"X-Cache": "TCP_MEM_HIT from a23-4 (AkamaiGHost)"}, Served.HIT, True),
        ({"X-Cache": "MISS, HIT"}, Served.HIT, True),
        ({"CF-Cache-Status": "REVALIDATED"}, Served.HIT, True),
        ({"CF-Cache-Status": "DYNAMIC"}, Served.BYPASS, False),
        ({"CF-Cache-Status": "EXPIRED"}, Served.MISS, False),
        ({"X-Cache-Status": "STALE"}, Served.HIT, True),
        ({"X-Cache-Status": ""}, Served.UNKNOWN, False),
        ({"Age": "12"}, Served.HIT, True),
        ({"Age": "0"}, Served.UNKNOWN, False),
        ({}, Served.UNKNOWN, False),
    ],
)
def test_standard_and_vendors_headers(headers: dict[str, str], served: Served, stored: bool) -> None:
    fact = read_cache_headers(headers)
    assert (fact.served, fact.stored, bool(fact.header)) == (served, stored, served is not Served.UNKNOWN)


def test_p95_is_a_value_that_was_measured() -> None:
    assert p95([0.3]) == p95([0.1, 0.3]) == 0.3
    assert p95([float(one) for one in range(1, 101)]) == 95
    with pytest.raises(ValueError, match="no values"):
        p95([])


@pytest.mark.parametrize(
    ("answer", "outcome", "said"),
    [
        ((200, {}, "shop"), "served", "status 200"),
        ((404, {}, ""), "served", "status 404"),
        ((403, {}, ""), "refused", "status 403"),
        ((421, {}, ""), "refused", "status 421"),
    ],
)
def test_an_origin_answers_or_refuses(serve: Callable[..., Any], answer: Any, outcome: str, said: str) -> None:
    with serve({"/": answer}) as address:
        found = ask_directly("127.0.0.1", int(address.rpartition(":")[2]), name="shop.test", tls=False, timeout=60)
    assert (found.outcome, found.said, str(found)) == (outcome, said, f"{address} as shop.test: {said}")


def test_an_origin_is_asked_in_the_sites_name(serve: Callable[..., Any]) -> None:
    asked: list[tuple[str, str]] = []

    def hello(handler: Any) -> None:
        asked.append((handler.headers["Host"], handler.client_address[0]))
        handler.send_response(204)
        handler.end_headers()

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("origin.test").configure_cert(context)
    context.sni_callback = lambda _socket, name, _context: asked.append((name or "", "SNI"))
    with serve({"/": hello}, context) as address:
        port = int(address.rpartition(":")[2])
        ask = partial(ask_directly, "127.0.0.1", port, name="shop.test", timeout=60)
        assert ask(tls=True, source="127.0.0.3").outcome == "served"
        assert ask(tls=False).outcome == "refused"
    assert asked[:2] == [("shop.test", "SNI"), ("shop.test", "127.0.0.3")]


def test_an_origin_that_wants_our_certificate_refuses(serve: Callable[..., Any]) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("origin.test").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    with serve({"/": (200, {}, "shop")}, context) as address:
        found = ask_directly("127.0.0.1", int(address.rpartition(":")[2]), name="shop.test", tls=True, timeout=60)
    assert found.outcome == "refused"


def test_no_connection_is_told_apart_from_a_refusal() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        found = ask_directly("127.0.0.1", closed.getsockname()[1], name="shop.test", tls=False)
    assert (found.outcome, found.said) == ("no connection", "Connection refused")
