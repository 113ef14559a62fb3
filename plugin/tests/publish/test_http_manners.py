"""The way out: bounded tries, no foreign redirects, trusted certificates only, and what a person must do next."""

from __future__ import annotations

import ssl
import threading
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from signoff.config.redaction import Redactor
from signoff.errors import PublishError
from signoff.publish.answers import Reply
from signoff.publish.http import TRIES, Http, RefusedError, Request, UncertainError, read
from signoff.publish.waiting import pause_before

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import SimpleNamespace

pytestmark = pytest.mark.contract
SECRET = "canary-of-the-database"


@pytest.fixture
def place(kit: SimpleNamespace, running: Callable[[Any], Any]) -> Any:
    """Return a service without a contract, and a way to it."""
    fake = kit.Service()
    fake.slept = []
    fake.url = running(fake).url
    fake.http = Http(
        name="Service",
        base=fake.url,
        credentials={"Authorization": "Bearer xyz"},
        redact=Redactor({SECRET}),
        hints={403: "ask for the right"},
        sleep=fake.slept.append,
    )
    return fake


POST = Request(method="POST", path="/things", json={"a": 1})
PUT = Request(method="PUT", path="/things/1", json={"a": 1}, repeatable=True)


def test_an_unclear_answer_is_asked_again_only_where_that_does_no_harm(place: Any, kit: SimpleNamespace) -> None:
    place.faults = [kit.Fault(path="/things", times=1)]
    assert place.http.send(PUT).status == 202
    place.faults = [kit.Fault(path="/things", times=1)]
    with pytest.raises(UncertainError, match="may have arrived"):
        place.http.send(POST)
    assert len(place.seen) == 3


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_gateway_that_gives_up_is_asked_again_for_reads_only(place: Any, kit: SimpleNamespace, status: int) -> None:
    place.faults = [kit.Fault(path="/things", answer=kit.Answer(status=status), times=1)]
    assert place.http.send(read("/things")).status == 202
    place.faults = [kit.Fault(path="/things", answer=kit.Answer(status=status), times=1)]
    with pytest.raises(RefusedError, match=str(status)):
        place.http.send(POST)


def test_tries_are_bounded(place: Any, kit: SimpleNamespace) -> None:
    place.faults = [kit.Fault(path="/things", times=99)]
    with pytest.raises(PublishError, match="no answer"):
        place.http.send(PUT)
    assert len(place.seen) == TRIES
    assert place.slept == [1.0, 2.0, 4.0]


def test_a_service_that_asks_for_an_hour_is_left_until_the_next_run(place: Any, kit: SimpleNamespace) -> None:
    busy = kit.Answer(status=429, headers={"Retry-After": "3600"})
    place.faults = [kit.Fault(path="/things", answer=busy, times=9)]
    with pytest.raises(RefusedError, match="429"):
        place.http.send(POST)
    assert place.slept == []
    assert len(place.seen) == 1


def test_retry_after_may_be_a_date() -> None:
    soon = (datetime.now(UTC) + timedelta(hours=1)).replace(microsecond=0)
    given = Reply(status=429, headers={"retry-after": format_datetime(soon, usegmt=True)}, body=b"")
    most = (soon - datetime.now(UTC)).total_seconds()
    pause = pause_before(1, given)
    assert (soon - datetime.now(UTC)).total_seconds() <= pause <= most
    assert pause_before(3, Reply(status=429, headers={"Retry-After": "soon"}, body=b"")) == 4.0
    assert pause_before(2, None) == 2.0


@pytest.mark.parametrize("request_", [read("/things"), POST], ids=["read", "write"])
def test_a_redirect_to_another_host_is_refused_and_gets_no_credentials(
    place: Any, kit: SimpleNamespace, running: Callable[[Any], Any], request_: Request
) -> None:
    thief = kit.Service()
    away = kit.Answer(status=302, headers={"Location": f"{running(thief).url}/things"})
    place.faults = [kit.Fault(path="/things", answer=away)]
    with pytest.raises(RefusedError, match="it points to http"):
        place.http.send(request_)
    assert thief.seen == []


def test_a_redirect_within_the_site_is_followed_for_reads(place: Any, kit: SimpleNamespace) -> None:
    place.faults = [kit.Fault(path="/things$", answer=kit.Answer(status=301, headers={"Location": "/elsewhere"}))]
    place.http.send(read("/things"))
    assert [seen.path for seen in place.seen] == ["/things", "/elsewhere"]
    place.faults = [kit.Fault(path="/things$", answer=kit.Answer(status=301, headers={"Location": "/elsewhere"}))]
    with pytest.raises(RefusedError):
        place.http.send(POST)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            {"errorMessages": ["No project"], "errors": {"duedate": "cannot be set"}},
            "No project; duedate: cannot be set",
        ),
        ({"errors": [{"title": "Not Found", "detail": "no page"}]}, "Not Found; no page"),
        ({"message": f"token: hunter22 and {SECRET}"}, "token: [redacted] and [redacted]"),
    ],
)
def test_a_refusal_says_what_the_service_said_and_what_to_do(
    place: Any, kit: SimpleNamespace, body: Any, said: str
) -> None:
    place.faults = [kit.Fault(path="/things", answer=kit.Answer(status=403, json=body))]
    with pytest.raises(RefusedError) as caught:
        place.http.send(POST)
    assert str(caught.value) == f"Service: POST /things: 403 {said} (ask for the right)"


def test_a_login_page_is_not_repeated_to_the_user(place: Any, kit: SimpleNamespace) -> None:
    place.faults = [kit.Fault(path="/things", answer=kit.Answer(status=400, text="<html>Log in</html>"))]
    with pytest.raises(RefusedError, match=r"400$"):
        place.http.send(POST)


@pytest.mark.parametrize(
    "request_",
    [
        Request(method="POST", path="/x", json={"deep": [{"er": f"--{SECRET}--"}]}),
        Request(method="GET", path=f"/x/{SECRET}", reads=True),
        Request(method="GET", path="/x", params={"q": SECRET}, reads=True),
        Request(method="POST", path="/x", form={"comment": SECRET}),
    ],
)
def test_a_request_with_a_known_secret_never_goes_out(place: Any, request_: Request) -> None:
    with pytest.raises(PublishError, match="known secret") as caught:
        place.http.send(request_)
    assert SECRET not in str(caught.value).replace(request_.path, "")
    assert place.seen == []


@pytest.fixture
def encrypted() -> Iterator[Any]:
    """Return the address of a server whose certificate no public authority has signed."""
    authority = trustme.CA()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Stay silent."""

    class Quiet(HTTPServer):
        def handle_error(self, *_: Any) -> None:
            """Stay silent: a client that does not trust us hangs up, and that is what is tested."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    server = Quiet(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", authority
    server.shutdown()
    server.server_close()
    thread.join()


def test_only_a_trusted_certificate_gets_the_credentials(encrypted: Any, tmp_path: Path) -> None:
    url, authority = encrypted
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")

    def way(ca_file: str) -> Http:
        return Http(name="S", base=url, credentials={}, redact=Redactor(()), hints={}, ca_file=ca_file)

    assert way(str(tmp_path / "ca.pem")).send(read("/")).status == 200
    with pytest.raises(PublishError, match="certificate is not trusted"):
        way("").send(read("/"))
