"""The one guarded way out over HTTP: listed origins, read-only methods, bounded in number, rate, size and time."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError as Urllib3Error
from urllib3.exceptions import ReadTimeoutError

from signoff.errors import AuthenticationError, GuardError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

READ_ONLY = frozenset({"GET", "HEAD", "OPTIONS"})
_DEFAULT_PORTS = {"http": 80, "https": 443}
_CHUNK = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """One request as it went out: evidence of what the check touched. `seconds` includes reading the body."""

    method: str
    url: str
    status: int
    seconds: float
    size: int
    first_byte: float = 0.0
    """Seconds from asking, connecting included, until the head of the answer was there."""


def origin_of(url: str) -> str:
    """Return `scheme://host:port` in lower case with the port spelled out.

    Raises:
        GuardError: not an http or https URL with a host.
    """
    parts = urlsplit(url)
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    if not parts.hostname or not port:
        raise GuardError(f"{without_credentials(url)}: not an http or https URL with a host")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host.lower()}:{port}"


def without_credentials(url: str) -> str:
    """Return the URL without `user:password@`, for messages and evidence."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


class Session(requests.Session):
    """A requests session that cannot leave its origins, change anything, or run on without an end.

    Only GET, HEAD and OPTIONS go out, and POST to the URLs in `login_urls`. Proxies, netrc and CA bundles of the
    surrounding environment are ignored. Every hop of a redirect passes the same guard and counts in the budget.

    Args:
        origins: URLs whose scheme, host and port may be asked.
        ca_file: PEM file of the certificate authority to trust; None: the public ones.
        headers: Sent with every request.
        timeout: Seconds to connect, and seconds without a byte.
        deadline: Seconds for one answer, looked at whenever a part of its body arrives.
        max_body: Bytes of one decoded body.
        budget: Requests in the life of this session.
        per_second: Requests per second, at most.
        login_urls: Exact URLs to which a POST may go.

    Raises (every request):
        GuardError: method, origin or number of requests is not allowed.
        AuthenticationError: the server's certificate is not trusted.
        UnreachableError, TimedOutError: no connection, lost connection, or no answer in time.
        NotVerifiedError: the body is larger than `max_body`, or redirects have no end.
    """

    def __init__(  # noqa: PLR0913 - each limit is a separate promise to production
        self,
        *,
        origins: Sequence[str],
        ca_file: str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float = 5.0,
        deadline: float = 30.0,
        max_body: int = 2_000_000,
        budget: int = 200,
        per_second: float = 20.0,
        login_urls: Sequence[str] = (),
    ) -> None:
        super().__init__()
        self.trust_env = False
        self.verify = ca_file or True
        self.max_redirects = 5
        self.headers.update({"User-Agent": "pytest-signoff"} | dict(headers or {}))
        self.asked: list[Asked] = []
        guard = _Guard(
            origins=frozenset(map(origin_of, origins)),
            login_urls=frozenset(login_urls),
            timeout=timeout,
            deadline=deadline,
            max_body=max_body,
            budget=budget,
            pause=1 / per_second,
        )
        adapter = _GuardedAdapter(guard, self.asked)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def request(self, *args: Any, **kwargs: Any) -> requests.Response:
        """Send one request and follow redirects within the allowed origins; see the class for errors."""
        try:
            return super().request(*args, **kwargs)
        except requests.TooManyRedirects as error:
            raise NotVerifiedError(f"{error}; ask with allow_redirects=False to see the first answer") from error


@dataclass(frozen=True, kw_only=True, slots=True)
class _Guard:
    origins: frozenset[str]
    login_urls: frozenset[str]
    timeout: float
    deadline: float
    max_body: int
    budget: int
    pause: float

    def check(self, method: str, url: str, sent: int) -> None:
        """Raise GuardError unless the request is allowed."""
        shown = without_credentials(url)
        if method not in READ_ONLY and not (method == "POST" and url in self.login_urls):
            raise GuardError(f"{method} {shown}: only GET, HEAD, OPTIONS and POST to the listed login URLs are allowed")
        if origin_of(url) not in self.origins:
            raise GuardError(f"{method} {shown}: not one of the allowed origins {', '.join(sorted(self.origins))}")
        if sent >= self.budget:
            raise GuardError(f"{method} {shown}: the budget of {self.budget} requests is spent")


class _GuardedAdapter(HTTPAdapter):
    """Where every request leaves, redirects included: the guard cannot be walked around from above."""

    def __init__(self, guard: _Guard, asked: list[Asked]) -> None:
        super().__init__(max_retries=0)
        self._guard = guard
        self._asked = asked
        self._sent = 0
        self._earliest = 0.0

    def send(  # noqa: PLR0913, PLR0917 - the signature is requests'
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002 - bodies are always read here, within their limits
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Send one request if the guard allows it and read its body within the limits."""
        method, url = request.method or "", request.url or ""
        self._guard.check(method, url, self._sent)
        if verify is False:
            raise GuardError(
                f"{without_credentials(url)}: checking the certificate cannot be switched off; name its CA"
            )
        METER.spend("requests")
        self._sent += 1
        self._keep_pace()
        started = time.monotonic()
        with _typed_errors(f"{method} {without_credentials(url)}", self._guard.timeout):
            response = super().send(request, True, timeout or self._guard.timeout, verify, cert, proxies)  # noqa: FBT003
            first_byte = time.monotonic() - started
            body = self._read(response, started)
        response._content = body  # noqa: SLF001 - requests has no public way to hand over a body that was read
        response._content_consumed = True  # type: ignore[attr-defined]  # noqa: SLF001
        asked = Asked(
            method=method,
            url=without_credentials(url),
            status=response.status_code,
            seconds=time.monotonic() - started,
            size=len(body),
            first_byte=first_byte,
        )
        self._asked.append(asked)
        return response

    def _keep_pace(self) -> None:
        now = time.monotonic()
        time.sleep(max(0.0, self._earliest - now))
        self._earliest = max(now, self._earliest) + self._guard.pause

    def _read(self, response: requests.Response, started: float) -> bytes:
        # read1 returns what has arrived: a server that drips one byte at a time cannot outlast the deadline.
        body = bytearray()
        while chunk := response.raw.read1(_CHUNK, decode_content=True):
            body += chunk
            if len(body) > self._guard.max_body:
                response.close()
                raise NotVerifiedError(
                    f"{response.url}: the body is larger than {self._guard.max_body} bytes; raise max_body"
                )
            if time.monotonic() - started > self._guard.deadline:
                response.close()
                raise TimedOutError(f"{response.url}: the answer was not complete within {self._guard.deadline:g} s")
        return bytes(body)


@contextmanager
def _typed_errors(shown: str, timeout: float) -> Iterator[None]:
    try:
        yield
    except requests.exceptions.SSLError as error:
        raise AuthenticationError(f"{shown}: certificate not trusted: {_root_cause(error)}") from error
    except requests.ConnectTimeout as error:
        raise UnreachableError(f"{shown}: no connection within {timeout:g} s") from error
    except (requests.Timeout, ReadTimeoutError) as error:
        raise TimedOutError(f"{shown}: no answer within {timeout:g} s") from error
    except (requests.RequestException, Urllib3Error, OSError) as error:
        raise UnreachableError(f"{shown}: {_root_cause(error)}") from error


def _root_cause(error: BaseException) -> str:
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return str(error) or type(error).__name__
