"""Chromium and Firefox as they are: what they see, and what they are not let do. Each is started once for all tests."""

from __future__ import annotations

import shutil
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, ClassVar

import pytest

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.probes.browser import axe, programs
from signoff.probes.browser.chromium import Chromium
from signoff.probes.browser.firefox import Firefox
from signoff.probes.browser.guard import NetworkGuard
from signoff.probes.browser.journey import Move, walk
from signoff.probes.browser.model import Layout, Viewport
from signoff.probes.browser.trust import proven_keys

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PHONE = Viewport(name="phone", width=360, height=740, touch=True)
HEAD = '<meta name="viewport" content="width=device-width"><title>Shop</title><link rel="icon" href="data:,">'
PAGES = {
    "/": "<h1>Shop</h1><a href=\"/orders\">Orders</a><button onclick=\"fetch('/pay', {method: 'POST'})\">Pay</button>",
    "/orders": "<h1>Orders</h1><p>total 7</p>",
    "/naughty": "<h1>Shop</h1><div style='width: 500px'>wide</div><img src='/lost.png' alt='x'><script>"
    "fetch('/pay', {method: 'POST'}).catch(() => {}); navigator.sendBeacon('/seen', '1');"
    "new WebSocket(`ws://${location.host}/socket`); fetch('http://foreign.example.test/').catch(() => {});"
    "console.error('no price'); throw new Error('boom')</script>",
}


class Shop(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(f"{self.command} {self.path}")
        body = PAGES.get(self.path, "").encode()
        data = f"<!doctype html><html lang=en><head>{HEAD}</head><body>".encode() + body if body else b""
        self.send_response_only(200 if body else 404)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    do_POST = do_GET  # noqa: N815 - the name is http.server's

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def chromium(shop: str) -> Iterator[Chromium]:
    pytest.importorskip("playwright", reason="needs playwright (pip install 'pytest-signoff[web]')")
    if shutil.which("chromium") is None:
        pytest.skip("needs a real Chromium (apt-get install chromium)")
    browser = Chromium(reach=[shop])
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def firefox(shop: str) -> Iterator[Firefox]:
    pytest.importorskip("websocket", reason="needs websocket-client (pip install 'pytest-signoff[web]')")
    if shutil.which("firefox-esr") is None and shutil.which("firefox") is None:
        pytest.skip("needs a real Firefox (apt-get install firefox-esr)")
    browser = Firefox(reach=[shop])
    yield browser
    browser.close()


def test_a_browser_that_hangs_when_it_starts_is_started_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("playwright", reason="needs playwright (pip install 'pytest-signoff[web]')")
    program, started = tmp_path / "chromium", tmp_path / "started"
    program.write_text(f'#!/bin/sh\necho once >> {started}\n[ "$(wc -l < {started})" -eq 1 ] && sleep 600\nexit 3\n')
    program.chmod(0o700)
    monkeypatch.setenv(programs.CHROMIUM_VARIABLE, str(program))
    monkeypatch.setattr("signoff.probes.browser.chromium._STARTS", (5_000.0, 60_000.0))

    with pytest.raises(NotVerifiedError, match="closed"):
        Chromium(reach=[])

    assert started.read_text().split() == ["once", "once"]


@pytest.mark.parametrize("name", ["chromium", "firefox"])
def test_a_browser_tells_what_a_page_says_and_is_not_let_change_anything(
    name: str, shop: str, request: pytest.FixtureRequest
) -> None:
    browser: Chromium | Firefox = request.getfixturevalue(name)
    Shop.asked.clear()

    look = browser.look(f"{shop}/naughty", page="naughty", viewport=PHONE, selector="h1", origins=[])

    assert look.browser.startswith(f"{name} 1")
    assert (look.status, look.shown) == (200, True)
    assert any("no price" in text for text in look.errors)
    assert any("boom" in text for text in look.errors)
    assert not any("foreign" in text or "WebSocket" in text for text in look.errors)
    assert [str(one) for one in look.failed] == [f"GET {shop}/lost.png: status 404"]
    refused = {(one.method, one.url) for one in look.blocked}
    assert {("POST", f"{shop}/pay"), ("POST", f"{shop}/seen"), ("GET", "http://foreign.example.test/")} <= refused
    assert sorted(Shop.asked) == ["GET /lost.png", "GET /naughty"]
    assert look.layout is not None
    assert 130 < look.layout.overflow < 160
    assert look.layout.wide[0].element == 'div "wide"'
    assert look.screenshot.startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["chromium", "firefox"])
def test_a_page_that_does_not_come_is_no_finding(name: str, request: pytest.FixtureRequest) -> None:
    browser: Chromium | Firefox = request.getfixturevalue(name)
    with pytest.raises(UnreachableError):
        browser.look("http://127.0.0.1:2/", page="x", viewport=PHONE, selector="", origins=[])


def test_a_journey_ends_where_it_cannot_be_gone_on(chromium: Chromium, shop: str) -> None:
    Shop.asked.clear()
    moves = [
        Move(path="/", selector="h1"),
        Move(click="a", contains="total"),
        Move(path="/", selector="button"),
        Move(click="button", contains="Paid"),
        Move(path="/orders"),
    ]
    strides = walk(chromium, shop, moves, viewport=PHONE, origins=[], tokens={"session": "secret"}, patience=10)

    assert [stride.complete for stride in strides] == [True, True, True, False]
    assert "the text 'Paid' does not appear, not let out: POST" in str(strides[-1])
    assert "POST /pay" not in Shop.asked
    assert not any("secret" in str(stride) for stride in strides)


def test_loads_are_without_memory(chromium: Chromium, shop: str) -> None:
    loads = chromium.load(f"{shop}/orders", viewport=PHONE, origins=[], runs=3)

    assert all(one.largest_paint and one.largest_paint < 20 and one.shift == 0 for one in loads)
    assert not any(one.handles_input for one in loads)
    assert chromium.load(f"{shop}/", viewport=PHONE, origins=[], runs=1)[0].handles_input
    with pytest.raises(NotVerifiedError, match="status 404"):
        chromium.load(f"{shop}/nothing", viewport=PHONE, origins=[], runs=1)


def test_a_missing_browser_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(programs.FIREFOX_VARIABLE, "no-such-program")
    with pytest.raises(NotVerifiedError, match="SIGNOFF_FIREFOX names 'no-such-program'"):
        Firefox(reach=[])
    monkeypatch.delenv(programs.FIREFOX_VARIABLE)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotVerifiedError, match="apt-get install firefox-esr"):
        Firefox(reach=[])


@pytest.mark.parametrize(
    ("method", "url", "allowed"),
    [
        ("GET", "https://shop.example.test/x", True),
        ("HEAD", "https://SHOP.example.test:443/", True),
        ("GET", "data:text/plain,x", True),
        ("POST", "https://shop.example.test/x", False),
        ("OPTIONS", "https://shop.example.test/x", False),
        ("GET", "http://shop.example.test/x", False),
        ("GET", "https://shop.example.test:8443/", False),
        ("GET", "https://other.example.test/", False),
        ("GET", "ftp://shop.example.test/", False),
        ("GET", "https://[broken/", False),
        ("GET", "https://shop.example.test:99999/", False),
    ],
)
def test_the_guard_lets_out_what_only_reads(method: str, url: str, allowed: bool) -> None:
    guard = NetworkGuard.of(["https://shop.example.test"])
    assert guard.allows(method, url) is allowed
    assert bool(guard.blocked) is not allowed


def test_the_guard_has_a_budget() -> None:
    guard = NetworkGuard(origins=frozenset({"https://shop.example.test:443"}), budget=2)
    assert [guard.allows("GET", "https://shop.example.test/") for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize(
    ("declared", "adapts"),
    [
        ("width=device-width", True),
        ("initial-scale=1.0; width = device-width", True),
        ("Width=Device-Width,user-scalable=no", True),
        ("width=980", False),
        ("", False),
    ],
)
def test_a_page_adapts_if_it_says_so(declared: str, adapts: bool) -> None:
    assert Layout(overflow=0, wide=(), viewport=declared, targets=0, small=()).adapts is adapts


def test_axe_core_must_be_axe_core(tmp_path: Path) -> None:
    (tmp_path / "axe.min.js").write_text("alert(1)")
    with pytest.raises(NotVerifiedError, match="not axe-core"):
        axe.program(tmp_path / "axe.min.js")
    with pytest.raises(NotVerifiedError, match="cannot be read"):
        axe.program(tmp_path / "absent.js")


def test_a_private_certificate_is_proven_by_its_authority_or_not_at_all(tmp_path: Path) -> None:
    import ssl

    import trustme

    authority, stranger = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    stranger.cert_pem.write_to_path(tmp_path / "stranger.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    with ThreadingHTTPServer(("127.0.0.1", 0), Shop) as server:
        server.daemon_threads = True
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        url = f"https://localhost:{server.server_port}"
        try:
            keys = proven_keys([url, "http://127.0.0.1:1"], str(tmp_path / "ca.pem"), timeout=30)
            with pytest.raises(AuthenticationError, match="not trusted"):
                proven_keys([url], str(tmp_path / "stranger.pem"), timeout=30)
        finally:
            server.shutdown()
            thread.join()
    assert [len(key) for key in keys] == [44]
    with pytest.raises(NotVerifiedError, match="name the PEM file"):
        proven_keys([url], str(tmp_path / "absent.pem"))
