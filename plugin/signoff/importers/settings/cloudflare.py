"""What Cloudflare's API says of a zone: that it is served, and which names go through Cloudflare."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.importers._json import Node

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_ZONE, _RECORDS = "Cloudflare zone", "Cloudflare DNS records"
_ADDRESSES = frozenset({"A", "AAAA", "CNAME"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Zone:
    """One zone and its names; `exposed` are those that lead past Cloudflare."""

    name: str
    is_active: bool
    proxied: frozenset[str]
    exposed: frozenset[str]

    def gaps(self, names: Iterable[str]) -> Iterator[str]:
        """Yield why a name is not protected, for each that is not."""
        for name in names:
            if not self.is_active:
                yield f"{name}: the zone {self.name} is not active, or paused"
            elif name in self.exposed or name not in self.proxied:
                yield f"{name}: {'leads past Cloudflare' if name in self.exposed else 'is not in the zone'}"


def read(zone: bytes, records: bytes) -> Zone:
    """Return the zone from `GET /zones/ID` and `GET /zones/ID/dns_records?per_page=…`, as they were answered.

    Raises:
        NotVerifiedError: not such answers, answers that report an error, or one page of several.
    """
    about = _result(Node.parse(zone, kind=_ZONE))
    document = Node.parse(records, kind=_RECORDS)
    rows = _result(document).items()
    _require_whole(document, len(rows))
    seen = [(row.at("name").text(), row.at("proxied").flag()) for row in rows if row.at("type").text() in _ADDRESSES]
    return Zone(
        name=about.at("name").text(),
        is_active=about.at("status").text() == "active" and not about.at("paused").flag(),
        proxied=frozenset(name for name, proxied in seen if proxied),
        exposed=frozenset(name for name, proxied in seen if not proxied),
    )


def _result(document: Node) -> Node:
    if not document.at("success").flag():
        raise document.at("success").wrong("an answer without an error")
    return document.at("result")


def _require_whole(document: Node, rows: int) -> None:
    """Raise unless this is all there is; `total_count` counts the records of every page."""
    total = document.at("result_info").at("total_count")
    if total.count() != rows:
        raise total.wrong(f"{rows}, as many records as this page has: ask with a larger per_page")
