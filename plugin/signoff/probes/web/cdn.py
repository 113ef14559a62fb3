"""A content delivery network from outside: each asset asked for twice, private pages, and the way around it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.probes.web.cache_headers import CacheFact, read_cache_headers

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from requests import Response

    from signoff.probes.web.http import Session

_P95 = 0.95
_KEPT_PRIVATE = frozenset({"private", "no-store"})
_OK = range(200, 300)
_TEXT = re.compile(r"^(?:text/|application/(?:javascript|json|xml|manifest\+json)|image/svg)", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class AssetFact:
    """One asset, asked for twice in a row."""

    url: str
    status: int
    first: CacheFact
    second: CacheFact
    encoding: str
    """Content-Encoding of the second answer; empty: it was not compressed."""
    is_text: bool
    """Whether compressing it is worth while: text of any kind, as its type says."""
    size: int
    """Bytes, decoded."""
    first_byte: float
    """Seconds until the second answer began."""


@dataclass(frozen=True, kw_only=True, slots=True)
class PageFact:
    """One private page: asked for twice by somebody who may see it, then by a stranger."""

    url: str
    status: int
    cache_control: frozenset[str]
    """Directives of Cache-Control in lower case, without values."""
    caches: tuple[CacheFact, ...]
    """What the head of each answer says."""
    stranger_sees_it: bool
    """Whether a stranger was handed the same content."""

    @property
    def keeps_private(self) -> bool:
        """Whether caches are told not to share it."""
        return bool(self.cache_control & _KEPT_PRIVATE) and "public" not in self.cache_control


def read_asset(session: Session, url: str) -> AssetFact:
    """Return the facts of one asset by two GETs; errors are the session's."""
    asking = {"Accept-Encoding": "gzip, br, zstd"}
    first = session.get(url, headers=asking)
    second = session.get(url, headers=asking)
    return AssetFact(
        url=url,
        status=second.status_code,
        first=read_cache_headers(first.headers),
        second=read_cache_headers(second.headers),
        encoding=second.headers.get("Content-Encoding", ""),
        is_text=_TEXT.match(second.headers.get("Content-Type", "")) is not None,
        size=len(second.content),
        first_byte=session.asked[-1].first_byte,
    )


def read_private_page(session: Session, url: str, *, cookies: Mapping[str, str], stranger: Session) -> PageFact:
    """Return the facts of one private page by two GETs with the cookies and one without; errors are the sessions'."""
    answers = [session.get(url, cookies=dict(cookies), allow_redirects=False) for _ in range(2)]
    other = stranger.get(url, allow_redirects=False)
    shown = answers[1]
    return PageFact(
        url=url,
        status=shown.status_code,
        cache_control=_directives(shown),
        caches=tuple(read_cache_headers(one.headers) for one in (*answers, other)),
        stranger_sees_it=bool(cookies)
        and shown.status_code in _OK
        and other.status_code in _OK
        and other.content == shown.content,
    )


def p95(values: Sequence[float]) -> float:
    """Return the value that 95 % do not exceed, by nearest rank.

    Raises:
        ValueError: there are none.
    """
    if not values:
        raise ValueError("no values")
    return sorted(values)[math.ceil(_P95 * len(values)) - 1]


def _directives(answer: Response) -> frozenset[str]:
    text = answer.headers.get("Cache-Control", "")
    return frozenset(filter(None, (part.partition("=")[0].strip().lower() for part in text.split(","))))
