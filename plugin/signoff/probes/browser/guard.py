"""What a browser may send on a page's behalf: GET and HEAD to listed places, and only so many."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from signoff.errors import GuardError
from signoff.probes.browser.model import Request
from signoff.probes.web.http import origin_of, without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterable

METHODS = frozenset({"GET", "HEAD"})
LOCAL = frozenset({"data", "blob", "about"})
"""Schemes that do not leave the browser."""
_GOT_NOWHERE = re.compile(
    r"Failed to fetch|NetworkError|Network request failed|Load failed|WebSocket|can.t establish a connection"
)
"""What browsers say to a page whose request found no way out."""
MAX_REQUESTS = 300
"""Of one page: an application that asks more is not looked at to its end."""


@dataclass(kw_only=True)
class NetworkGuard:
    """Decides about each request of one page, and remembers what it refused."""

    origins: frozenset[str]
    budget: int = MAX_REQUESTS
    sent: int = 0
    blocked: list[Request] = field(default_factory=list)

    @classmethod
    def of(cls, urls: Iterable[str]) -> NetworkGuard:
        """Return a guard that lets out what goes to the origins of the URLs."""
        return cls(origins=frozenset(map(origin_of, urls)))

    def allows(self, method: str, url: str) -> bool:
        """Return whether the request may leave, and count it."""
        if url.partition(":")[0].lower() in LOCAL:
            return True
        why = self._refusal(method, url)
        if why:
            self.blocked.append(Request(method=method, url=_shown(url), said=why))
            return False
        self.sent += 1
        return True

    def not_ours(self, errors: Iterable[str]) -> tuple[str, ...]:
        """Return the errors of a page without those that only say that a request which we refused got nowhere."""
        if not self.blocked:
            return tuple(errors)
        refused = [one.url for one in self.blocked]
        return tuple(
            text for text in errors if not _GOT_NOWHERE.search(text) and not any(url in text for url in refused)
        )

    def _refusal(self, method: str, url: str) -> str:
        if method not in METHODS:
            return "only GET and HEAD are let out"
        try:
            origin = origin_of(url)
        except (GuardError, ValueError):
            return "no http or https address"
        if origin not in self.origins:
            return "not one of the listed places"
        return "too many requests" if self.sent >= self.budget else ""


def _shown(url: str) -> str:
    try:
        return without_credentials(url)
    except ValueError:
        return "an address that is none"


def hosts_of(urls: Iterable[str]) -> tuple[str, ...]:
    """Return the host names of the URLs, once each."""
    return tuple(sorted({urlsplit(url).hostname or "" for url in urls} - {""}))
