"""The guarded session against real servers: what it refuses, what it bounds, what it records."""

from __future__ import annotations

import gzip
import socket
import ssl
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from signoff.errors import AuthenticationError, GuardError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.probes.web.http import Session, origin_of, without_credentials

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

OK: tuple[int, dict[str, str], str] = (200, {}, "fine")


def test_an_allowed_origin_answers_and_the_request_is_recorded(serve: Callable[..., Any]) -> None:
    with serve({"/a": OK}) as address, Session(origins=[f"http://{address}"]) as session:
        response = session.get(f"http://{address}/a?x=1")
        assert (response.status_code, response.text) == (200, "fine")
        assert [(a.method, a.url, a.status, a.size) for a in session.asked] == [
            ("GET", f"http://{address}/a?x=1", 200, 4)
        ]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_methods_that_could_change_something_never_leave(serve: Callable[..., Any], method: str) -> None:
    asked: list[str] = []

    def note(handler: BaseHTTPRequestHandler) -> None:
        asked.append(handler.command)

    with serve({"/": note}) as address, Session(origins=[f"http://{address}"]) as session:
        with pytest.raises(GuardError, match=method):
            session.request(method, f"http://{address}/")
        assert not asked


def test_a_login_may_post_to_its_exact_url_only(serve: Callable[..., Any]) -> None:
    routes = {"/login": (200, {"Set-Cookie": "session=1"}, ""), "/other": OK}
    with serve(routes) as address:
        login = f"http://{address}/login"
        with Session(origins=[login], login_urls=[login]) as session:
            assert session.post(login, json={}).ok
            assert session.cookies["session"] == "1"
            with pytest.raises(GuardError, match="POST"):
                session.post(f"http://{address}/other")


def test_another_origin_is_refused_also_after_a_redirect(serve: Callable[..., Any]) -> None:
    with (
        serve({"/": OK}) as other,
        serve({"/": (302, {"Location": f"http://{other}/"}, "")}) as address,
        Session(origins=[f"http://{address}"]) as session,
    ):
        for url in (f"http://{other}/", f"http://{address}/"):
            with pytest.raises(GuardError, match=other):
                session.get(url)
        assert session.get(f"http://{address}/", allow_redirects=False).status_code == 302


def test_a_post_that_is_redirected_with_its_body_is_refused(serve: Callable[..., Any]) -> None:
    with serve({"/login": (307, {"Location": "/transfer"}, ""), "/transfer": OK}) as address:
        login = f"http://{address}/login"
        with Session(origins=[login], login_urls=[login]) as session, pytest.raises(GuardError, match="/transfer"):
            session.post(login, data={"amount": 1})


def test_the_budget_counts_redirects(serve: Callable[..., Any]) -> None:
    with (
        serve({"/": (302, {"Location": "/b"}, ""), "/b": OK}) as address,
        Session(origins=[f"http://{address}"], budget=3) as session,
    ):
        session.get(f"http://{address}/")
        session.get(f"http://{address}/b")
        with pytest.raises(GuardError, match="budget of 3"):
            session.get(f"http://{address}/b")


def test_redirects_without_an_end_are_not_a_verdict(serve: Callable[..., Any]) -> None:
    with (
        serve({"/": (302, {"Location": "/"}, "")}) as address,
        Session(origins=[f"http://{address}"], per_second=1000) as session,
        pytest.raises(NotVerifiedError, match="redirects"),
    ):
        session.get(f"http://{address}/")


def test_requests_keep_the_pace(serve: Callable[..., Any]) -> None:
    with serve({"/": OK}) as address, Session(origins=[f"http://{address}"], per_second=20) as session:
        started = time.monotonic()
        for _ in range(4):
            session.get(f"http://{address}/")
        assert time.monotonic() - started >= 0.15


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_body_over_the_cap_is_cut_off_even_when_it_arrives_small(serve: Callable[..., Any], encoding: str) -> None:
    zeros = bytes(3_000_000)
    body = gzip.compress(zeros) if encoding == "gzip" else zeros
    with (
        serve({"/": (200, {"Content-Encoding": encoding}, body)}) as address,
        Session(origins=[f"http://{address}"], max_body=100_000) as session,
        pytest.raises(NotVerifiedError, match="100000 bytes"),
    ):
        session.get(f"http://{address}/")


def test_a_dripping_server_cannot_outlast_the_deadline(serve: Callable[..., Any]) -> None:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        with suppress(OSError):
            for _ in range(1000):
                handler.wfile.write(b"x")
                time.sleep(0.05)

    with serve({"/": drip}) as address, Session(origins=[f"http://{address}"], timeout=30, deadline=0.3) as session:
        started = time.monotonic()
        with pytest.raises(TimedOutError, match=r"0\.3 s"):
            session.get(f"http://{address}/")
        assert time.monotonic() - started < 20


def test_silence_is_a_timeout_and_a_closed_port_is_unreachable(serve: Callable[..., Any]) -> None:
    with (
        serve({"/": lambda _: time.sleep(0.6)}) as address,
        Session(origins=[f"http://{address}"], timeout=0.2) as session,
        pytest.raises(TimedOutError),
    ):
        session.get(f"http://{address}/")
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and nobody listens
        closed = f"http://127.0.0.1:{bound.getsockname()[1]}"
        with Session(origins=[closed]) as session, pytest.raises(UnreachableError, match="refused"):
            session.get(f"{closed}/")


def test_an_answer_cut_short_is_unreachable_not_a_short_body(serve: Callable[..., Any]) -> None:
    def cut(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"half")
        handler.close_connection = True

    with (
        serve({"/": cut}) as address,
        Session(origins=[f"http://{address}"]) as session,
        pytest.raises(UnreachableError),
    ):
        session.get(f"http://{address}/")


def test_certificates_are_checked_against_the_named_authority(serve: Callable[..., Any], tmp_path: Path) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(pem)
    with serve({"/": OK}, context) as address:
        url = f"https://{address}/"
        with Session(origins=[url], ca_file=str(pem)) as session:
            assert session.get(url).ok
            with pytest.raises(GuardError, match="cannot be switched off"):
                session.get(url, verify=False)
        with Session(origins=[url]) as session, pytest.raises(AuthenticationError, match="certificate"):
            session.get(url)


def test_the_environment_cannot_send_requests_elsewhere(
    serve: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused.getsockname()[1]}")
        with serve({"/": OK}) as address, Session(origins=[f"http://{address}"]) as session:
            assert session.get(f"http://{address}/").ok


def test_credentials_in_a_url_are_not_shown(serve: Callable[..., Any]) -> None:
    with serve({"/": OK}) as address, Session(origins=[f"http://{address}"]) as session:
        session.get(f"http://user:hunter2@{address}/")
        assert session.asked[0].url == f"http://{address}/"
    assert without_credentials("https://user:hunter2@a.test/x?q=1") == "https://a.test/x?q=1"
    with pytest.raises(GuardError) as caught:
        Session(origins=["ftp://user:hunter2@a.test"])
    assert "hunter2" not in str(caught.value)


def test_origins_compare_by_scheme_host_and_spelled_out_port() -> None:
    assert origin_of("https://Shop.test/x") == origin_of("https://shop.test:443") == "https://shop.test:443"
    assert origin_of("http://[::1]:81/") == "http://[::1]:81"
