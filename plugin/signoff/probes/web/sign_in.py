"""What a web application lets people see: anonymous, signed in, and with a session that has ended."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from signoff.errors import AuthenticationError, NotVerifiedError
from signoff.probes.web.http import Session, origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import requests

_OK = range(200, 300)
_REFUSED = frozenset({401, 403})
_REDIRECTS = range(300, 400)
_SERVER_ERRORS = range(500, 600)
_BUDGET = 60
"""Requests of one visitor."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cookie:
    """A cookie as it was set, without its value. `lifetime` is None when it ends with the browser."""

    name: str
    secure: bool
    http_only: bool
    same_site: str
    """`strict`, `lax`, `none`, or empty: the browser decides."""
    lifetime: timedelta | None
    token_lifetime: timedelta | None = None
    """From issue to end of a signed token in it (JWT); None: it holds none, or one without an end."""

    @property
    def flags(self) -> str:
        """The protections that are on, for evidence."""
        same_site = f"SameSite={self.same_site.capitalize()}" if self.same_site else ""
        flags = ("Secure" if self.secure else "", "HttpOnly" if self.http_only else "", same_site)
        return ", ".join(filter(None, flags)) or "no flag"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """One answer to a GET, redirects not followed."""

    path: str
    status: int
    location: str = ""

    @property
    def shown(self) -> bool:
        """Whether the content was handed out."""
        return self.status in _OK

    @property
    def refused(self) -> bool:
        """Whether access was refused: 401, 403, or a redirect to another path, as pages send people to sign in."""
        here, there = (urlsplit(place).path.rstrip("/") for place in (self.path, self.location))
        return self.status in _REFUSED or (self.status in _REDIRECTS and here != there)

    def __str__(self) -> str:
        """Return `path status`."""
        return f"{self.path} {self.status}"


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """One page on a user's way; `complete` if it was handed out and shows what it must."""

    path: str
    status: int
    complete: bool

    def __str__(self) -> str:
        """Return `path status`."""
        return f"{self.path} {self.status}" + ("" if self.complete else " (incomplete)")


class Visitor:
    """Somebody who asks a web application: nobody in particular until signed in. Sends GET, and POST to sign in or out.

    Args:
        url: The application's base URL.
        ca_file: PEM file of the certificate authority; None: the public ones.
        login_path: Where to sign in.
        logout_path: Where to sign out.
    """

    def __init__(self, url: str, *, ca_file: str | None = None, login_path: str = "", logout_path: str = "") -> None:
        self._url = url.rstrip("/")
        self._login, self._logout = self._url + login_path, self._url + logout_path
        posts = [self._url + path for path in (login_path, logout_path) if path]
        self._session = Session(origins=[url], ca_file=ca_file, login_urls=posts, budget=_BUDGET)

    def close(self) -> None:
        """Close the connections; the session on the server stays open."""
        self._session.close()

    def sign_in(self, fields: Mapping[str, str]) -> tuple[Cookie, ...]:
        """Sign in by one POST of JSON and return the cookies that it set.

        Raises:
            AuthenticationError: the account was refused.
            NotVerifiedError: no cookie came back.
        """
        response = self._session.post(self._login, json=dict(fields), allow_redirects=False)
        if response.status_code not in _OK and response.status_code not in _REDIRECTS:
            raise AuthenticationError(f"{self._login}: the account was refused with {response.status_code}")
        cookies = tuple(_cookie(header) for header in response.raw.headers.getlist("Set-Cookie"))
        if not cookies:
            raise NotVerifiedError(f"{self._login}: signing in set no cookie; check the login in the inventory")
        return cookies

    def sign_out(self) -> None:
        """End the session on the server and keep its cookies, as a thief would.

        Raises:
            NotVerifiedError: signing out was refused.
        """
        kept = self._session.cookies.copy()
        response = self._session.post(self._logout, allow_redirects=False)
        if response.status_code not in _OK and response.status_code not in _REDIRECTS:
            raise NotVerifiedError(f"{self._logout}: signing out answered {response.status_code}; correct its path")
        self._session.cookies.clear()
        self._session.cookies.update(kept)

    def tokens(self) -> dict[str, str]:
        """Return the open session's cookies with their values: secrets, to be kept as such."""
        return {cookie.name: cookie.value or "" for cookie in self._session.cookies}

    def resume(self, tokens: Mapping[str, str]) -> None:
        """Go on with a session that was opened earlier."""
        for name, value in tokens.items():
            self._session.cookies.set(name, value)

    def ask(self, path: str) -> Answer:
        """Ask for a path.

        Raises:
            NotVerifiedError: the server broke (5xx): it neither showed nor refused anything.
        """
        response = self._get(path)
        return Answer(path=path, status=response.status_code, location=response.headers.get("Location", ""))

    def view(self, path: str, text: str = "") -> View:
        """Ask for a path as a user does, who does not care why a page is broken."""
        response = self._session.get(self._url + path, allow_redirects=False)
        return View(
            path=path, status=response.status_code, complete=response.status_code in _OK and text in response.text
        )

    def find(self, path: str, pointer: str) -> str:
        """Return a value in the JSON at the path; the pointer is its keys and indexes, such as `orders.0.id`.

        Raises:
            NotVerifiedError: no such value, so that there is nothing to try with.
        """
        response = self._get(path)
        try:
            value: Any = response.json()
            for key in pointer.split("."):
                value = value[int(key)] if isinstance(value, list) else value[key]
        except (ValueError, KeyError, IndexError, TypeError) as error:
            shown = f"{response.status_code}, no {pointer}"
            raise NotVerifiedError(f"{path}: {shown}; give the account an object of its own") from error
        return str(value)

    def leaks(self, path: str) -> bool:
        """Return whether a file that must not be served is: applications that answer every path alike do not count.

        Raises:
            NotVerifiedError: neither shown nor refused.
        """
        answer, anything = self._get(path), self._get("/signoff-no-such-path")
        if answer.status_code not in _OK and answer.status_code not in {*_REFUSED, *_REDIRECTS, 404, 410}:
            raise NotVerifiedError(f"{path}: answered {answer.status_code}; ask again once the server is well")
        same_as_any = anything.status_code == answer.status_code and anything.content == answer.content
        return answer.status_code in _OK and not same_as_any

    def _get(self, path: str) -> requests.Response:
        response = self._session.get(self._url + path, allow_redirects=False)
        if response.status_code in _SERVER_ERRORS:
            shown = f"{origin_of(self._url)}{path}"
            raise NotVerifiedError(f"{shown}: answered {response.status_code}; ask again once the server is well")
        return response


def _cookie(header: str) -> Cookie:
    pair, *attributes = (part.strip() for part in header.split(";"))
    named = {name.strip().lower(): value.strip() for name, _, value in (part.partition("=") for part in attributes)}
    return Cookie(
        name=pair.partition("=")[0].strip(),
        secure="secure" in named,
        http_only="httponly" in named,
        same_site=named.get("samesite", "").lower(),
        lifetime=_lifetime(named),
        token_lifetime=_token_lifetime(pair.partition("=")[2]),
    )


def _token_lifetime(value: str) -> timedelta | None:
    """Return `exp - iat` of a JWT, which the server goes by whatever the browser does (RFC 7519, 4.1)."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(value.split(".")[1] + "=="))
        return timedelta(seconds=int(claims["exp"]) - int(claims["iat"]))
    except (LookupError, TypeError, ValueError, OverflowError):
        return None


def _lifetime(named: Mapping[str, str]) -> timedelta | None:
    """Return how long the browser keeps the cookie; Max-Age wins over Expires (RFC 6265, 5.3)."""
    try:
        return timedelta(seconds=int(named["max-age"]))
    except (KeyError, ValueError, OverflowError):
        pass
    try:
        return parsedate_to_datetime(named["expires"]) - datetime.now(UTC)
    except (KeyError, ValueError, TypeError):
        return None
