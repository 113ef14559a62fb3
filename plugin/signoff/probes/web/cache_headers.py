"""What an answer's head says about the caches that it came through: RFC 9211, and what vendors wrote before it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import http_sf

if TYPE_CHECKING:
    from collections.abc import Mapping


class Served(StrEnum):
    """Where an answer came from."""

    HIT = "hit"
    MISS = "miss"
    BYPASS = "bypass"
    """The cache does not keep this."""
    UNKNOWN = "unknown"
    """No header that is understood."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CacheFact:
    """One answer's way through the caches."""

    served: Served
    stored: bool
    """Whether a cache says that it keeps the answer, wherever this copy came from."""
    header: str
    """What was understood, as `Name: value`; empty: nothing."""


_VENDORS = (
    "CF-Cache-Status",
    "X-Cache-Status",
    "X-Cache",
    "X-Proxy-Cache",
    "X-Vercel-Cache",
    "X-Nginx-Cache",
    "CDN-Cache",
)
_HITS = frozenset({"hit", "revalidated", "updating", "stale", "refreshhit", "prerender"})
_MISSES = frozenset({"miss", "expired"})
_BYPASSES = frozenset({"bypass", "dynamic", "pass", "private", "uncacheable"})
_WORD = re.compile(r"[a-z]+")


def read_cache_headers(headers: Mapping[str, str]) -> CacheFact:
    """Return what the head of one answer says; several caches in a row count as a hit if one of them had it.

    Cache-Status goes first, then the vendors' headers, then Age: an answer older than a second waited somewhere.
    """
    if fact := _standard(headers.get("Cache-Status", "")):
        return fact
    for name in _VENDORS:
        if (served := _vendor(headers.get(name, ""))) is not Served.UNKNOWN:
            return CacheFact(served=served, stored=served is Served.HIT, header=f"{name}: {headers[name][:80]}")
    age = headers.get("Age", "").strip()
    if age.isdecimal() and int(age) > 0:
        return CacheFact(served=Served.HIT, stored=True, header=f"Age: {age}")
    return CacheFact(served=Served.UNKNOWN, stored=False, header="")


def _standard(text: str) -> CacheFact | None:
    if not text:
        return None
    try:
        members: Any = http_sf.parse(text.encode("latin-1"), tltype="list")
    except (ValueError, UnicodeEncodeError):
        return None
    parameters = [member[1] for member in members if isinstance(member, tuple)]
    hit = any(one.get("hit") is True for one in parameters)
    bypass = any(str(one.get("fwd", "")) == "bypass" for one in parameters)
    said = hit or any("fwd" in one for one in parameters)
    if not said:
        return None
    return CacheFact(
        served=Served.HIT if hit else Served.BYPASS if bypass else Served.MISS,
        stored=hit or any(one.get("stored") is True for one in parameters),
        header=f"Cache-Status: {text[:80]}",
    )


def _vendor(text: str) -> Served:
    # "HIT", "Hit from cloudfront", "TCP_MEM_HIT from a23", "MISS, HIT", "RefreshHit from cloudfront"
    words = set(_WORD.findall(text.lower().replace("refresh hit", "refreshhit")))
    for meaning, found in ((Served.HIT, _HITS), (Served.BYPASS, _BYPASSES), (Served.MISS, _MISSES)):
        if words & found:
            return meaning
    return Served.UNKNOWN
