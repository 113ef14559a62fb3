"""The one way out of publishing: bounded tries, no foreign redirects, no secret in any text, and a dry run."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.auth import AuthBase
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.exceptions import MaxRetryError, NewConnectionError

from signoff.errors import PublishError
from signoff.publish.answers import Reply, explain
from signoff.publish.showing import show_request
from signoff.publish.waiting import WAIT_LIMIT, pause_before

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from signoff.config.redaction import Redactor

TRIES = 4
_CONNECT_SECONDS = 10.0
_READ_SECONDS = 60.0
_MAX_REPLY = 5_000_000
_MAX_REDIRECTS = 3
_JSON = {"Content-Type": "application/json"}
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GATEWAY = frozenset({HTTPStatus.BAD_GATEWAY, HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.GATEWAY_TIMEOUT})


class RefusedError(PublishError):
    """The service answered, and the answer was no."""

    def __init__(self, message: str, reply: Reply) -> None:
        super().__init__(message)
        self.reply = reply

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self.reply.status


class UncertainError(PublishError):
    """The service gave no answer: what was asked may have been done or not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """One file to upload."""

    name: str
    content: bytes
    media_type: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request to a service."""

    method: str
    path: str
    """Below the service's address; empty: the address itself."""
    params: Mapping[str, str] = field(default_factory=dict)
    json: object = None
    file: File | None = None
    form: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    reads: bool = False
    """Whether it changes nothing, whatever its method: a dry run sends it too."""
    repeatable: bool = False
    """Whether sending it twice does no more than sending it once."""

    @property
    def body(self) -> bytes | None:
        """The JSON as it goes out."""
        return None if self.json is None else encode(self.json)

    @property
    def parts(self) -> list[tuple[str, tuple[str | None, bytes, str]]]:
        """The form as it goes out; texts say their charset, or Korean ones arrive garbled."""
        found: list[tuple[str, tuple[str | None, bytes, str]]] = [
            (name, (None, text.encode(), "text/plain; charset=utf-8")) for name, text in self.form.items()
        ]
        if self.file is not None:
            found.append(("file", (self.file.name, self.file.content, self.file.media_type)))
        return found

    @property
    def content(self) -> str:
        """Everything that it says, as text: where a secret would stand."""
        said = [self.path, *self.params.values(), *self.form.values(), *self.headers.values()]
        if self.json is not None:
            said.append(json.dumps(self.json, ensure_ascii=False))
        if self.file is not None:
            said += [self.file.name, self.file.content.decode("utf-8", "replace")]
        return "\n".join(said)


def encode(value: object) -> bytes:
    """Return the bytes of the value as JSON: what is signed is what is sent."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")


class _Headers(AuthBase):
    """Adds the credentials, and with that keeps requests from looking for others in .netrc."""

    def __init__(self, headers: Mapping[str, str]) -> None:
        self._headers = headers

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers.update(self._headers)
        return request


class Http:
    """Requests to one service.

    Args:
        name: of the service, for messages.
        base: its address; every request goes there and nowhere else.
        credentials: headers that prove who asks; they are never shown.
        redact: knows every secret: none of them may stand in a request's content.
        hints: what to do about an answer, by HTTP status.
        ca_file: PEM file of the certificate authority to trust; empty: the public ones.
        show: takes the text of each request; with it, nothing that changes anything is sent.
        secret_base: whether the address itself is a secret.
        sleep: waits some seconds before another try.
    """

    def __init__(  # noqa: PLR0913 - each is another promise about what leaves the house
        self,
        *,
        name: str,
        base: str,
        credentials: Mapping[str, str],
        redact: Redactor,
        hints: Mapping[int, str],
        ca_file: str = "",
        show: Callable[[str], None] | None = None,
        secret_base: bool = False,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.name, self._base, self._hints, self._show = name, base, hints, show
        self._redact, self._sleep, self._credentials = redact, sleep, credentials
        self._shown_base = f"{_origin(base)}/[redacted]" if secret_base else base
        self._session = requests.Session()
        self._session.trust_env = urlsplit(base).hostname not in _LOOPBACK
        self._session.verify = ca_file or True
        self._session.headers.update({"User-Agent": "pytest-signoff", "Accept": "application/json"})
        self._session.auth = _Headers(credentials)

    @property
    def dry(self) -> bool:
        """Whether nothing is changed."""
        return self._show is not None

    def send(self, request: Request) -> Reply:
        """Return the answer to the request.

        Raises:
            RefusedError: any answer but 2xx; the message says what to do.
            UncertainError: no answer, to a request that must not be sent twice.
            PublishError: no answer after every try, or the request holds a secret.
        """
        if self._redact.betrays(request.content):
            where = f"{request.method} {request.path}"
            raise PublishError(
                f"{self.name}: {where} would carry a known secret; it was not sent. Find it in the evidence"
            )
        if self._show is not None:
            self._show(self._redact(show_request(request, self._shown_base, self._credentials)))
            if not request.reads:
                return Reply(status=0, headers={}, body=b"{}", sent=False)
        waited = 0.0
        for number in range(1, TRIES + 1):
            reply = self._try(request, last=number == TRIES)
            if reply is not None and not self._passing(request, reply):
                return self._accept(request, reply)
            pause = pause_before(number, reply)
            waited += pause
            if reply is not None and (number == TRIES or waited > WAIT_LIMIT):
                return self._accept(request, reply)
            self._sleep(pause)
        raise AssertionError  # the last try returns or raises

    def _passing(self, request: Request, reply: Reply) -> bool:
        """Whether the answer may be another one soon, and asking again cannot do harm."""
        safe = request.reads or request.repeatable
        return reply.status == HTTPStatus.TOO_MANY_REQUESTS or (safe and reply.status in _GATEWAY)

    def _try(self, request: Request, *, last: bool) -> Reply | None:
        """Return the answer, or None if there was none and another try does no harm."""
        try:
            return self._follow(request)
        except requests.exceptions.SSLError as error:
            raise PublishError(f"{self._no_answer(request, error)}; the certificate is not trusted") from None
        except (requests.RequestException, Urllib3Error) as error:
            if not (request.reads or request.repeatable or _never_arrived(error)):
                raise UncertainError(f"{self._no_answer(request, error)}; it may have arrived all the same") from None
            if last:
                raise PublishError(self._no_answer(request, error)) from None
        return None

    def _follow(self, request: Request) -> Reply:
        url = f"{self._base}{request.path}"
        for _ in range(_MAX_REDIRECTS):
            reply = self._once(request, url)
            target = urljoin(url, reply.header("Location"))
            if reply.status not in _REDIRECTS or not request.reads or _origin(target) != _origin(url):
                return reply
            url = target
        return reply

    def _once(self, request: Request, url: str) -> Reply:
        with self._session.request(
            request.method,
            url,
            params=dict(request.params) or None,
            data=request.body,
            files=request.parts or None,
            headers={**_JSON, **request.headers} if request.body else dict(request.headers),
            timeout=(_CONNECT_SECONDS, _READ_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = response.raw.read(_MAX_REPLY, decode_content=True)
            return Reply(status=response.status_code, headers=dict(response.headers), body=body)

    def _accept(self, request: Request, reply: Reply) -> Reply:
        if HTTPStatus.OK <= reply.status < HTTPStatus.MULTIPLE_CHOICES:
            return reply
        hint = self._hints.get(reply.status, "")
        if reply.status in _REDIRECTS:
            hint = (
                f"it points to {_origin(urljoin(self._base, reply.header('Location')))}; correct url: in publish.yaml"
            )
        said = self._redact(explain(reply))
        where = f"{self.name}: {request.method} {request.path.split('?')[0] or '(the address)'}"
        raise RefusedError(f"{where}: {reply.status} {said}".rstrip() + (f" ({hint})" if hint else ""), reply)

    def _no_answer(self, request: Request, error: Exception) -> str:
        kind = type(error).__name__
        return f"{self.name}: {request.method} {request.path or '(the address)'}: no answer ({kind})"


def _never_arrived(error: Exception) -> bool:
    """Whether there was no connection at all, so that nothing can have been done."""
    cause = error.args[0] if error.args else None
    refused = isinstance(cause, MaxRetryError) and isinstance(cause.reason, NewConnectionError)
    return refused or isinstance(error, requests.ConnectTimeout | requests.exceptions.ProxyError)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def read(path: str, **params: str) -> Request:
    """Return a request that only asks."""
    return Request(method="GET", path=path, params=params, reads=True)


def payload(reply: Reply) -> Any:
    """Return the answer's JSON.

    Raises:
        PublishError: it is none, as when a login page answers.
    """
    try:
        return json.loads(reply.body)
    except ValueError:
        kind = reply.header("Content-Type") or "no type"
        raise PublishError(f"the answer is no JSON ({kind}); is the address that of the site itself?") from None
