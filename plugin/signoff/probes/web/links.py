"""Whether links to other sites still lead somewhere: one request for each, and never more than allowed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from signoff.errors import CouldNotCheckError, NotVerifiedError
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Sequence

_GONE = frozenset({404, 410})
_NO_HEAD = frozenset({400, 403, 405, 501})
_WORKERS = 4
_SECONDS = 8.0
_MAX_BODY = 10_000_000
_REDIRECT = range(300, 400)


@dataclass(frozen=True, kw_only=True, slots=True)
class Link:
    """One link and where it led."""

    url: str
    state: Literal["alive", "dead", "unknown"]
    """`unknown`: no answer, or one that a visitor without an account gets from a living page too."""
    detail: str

    def __str__(self) -> str:
        """Return `url (detail)`."""
        return f"{self.url} ({self.detail})"


def follow(urls: Sequence[str], *, ca_file: str = "") -> tuple[Link, ...]:
    """Return where each link leads; redirects count as alive and are not followed to another site.

    Args:
        urls: http and https only.
        ca_file: PEM file of a private certificate authority, beside the public ones for all others.
    """
    with ThreadPoolExecutor(max_workers=_WORKERS) as pool:
        return tuple(pool.map(lambda url: _follow(url, ca_file), urls))


def _follow(url: str, ca_file: str) -> Link:
    address = url.partition("#")[0]
    try:
        with Session(
            origins=[address],
            ca_file=ca_file or None,
            timeout=_SECONDS,
            deadline=_SECONDS,
            budget=2,
            max_body=_MAX_BODY,
        ) as session:
            status = session.head(address, allow_redirects=False).status_code
            if status in _NO_HEAD:  # a site that does not know HEAD may well have the page
                status = session.get(address, allow_redirects=False).status_code
    except (CouldNotCheckError, NotVerifiedError) as error:
        return Link(url=url, state="unknown", detail=type(error).__name__.removesuffix("Error"))
    if status in _GONE:
        return Link(url=url, state="dead", detail=f"status {status}")
    alive = status < _REDIRECT.stop
    return Link(url=url, state="alive" if alive else "unknown", detail=f"status {status}")
