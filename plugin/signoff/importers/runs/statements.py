"""Two snapshots of pg_stat_statements around a load test: what the database did in between.

A snapshot is a JSON object; `signoff load` takes both:

    {"schema_version": 1, "database": "db1:5432/shop", "taken": "2026-11-22T01:00:00Z",
     "reset": "2026-11-01T00:00:00Z", "evictions": 0,
     "statements": [{"id": "-4711", "text": "SELECT …", "calls": 12, "total_ms": 8.5}]}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_KIND = "statement snapshot"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """What one normalised statement cost."""

    text: str
    calls: int
    total_ms: float

    @property
    def mean_ms(self) -> float:
        """Time of one call."""
        return self.total_ms / self.calls if self.calls else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Snapshot:
    """The counters of one database at one moment."""

    database: str
    taken: datetime
    reset: datetime
    """When the counters were last set to zero."""
    evictions: int
    statements: Mapping[str, Cost]
    """By the server's id."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Profile:
    """What a database did between two moments, most expensive first."""

    began: datetime
    ended: datetime
    statements: tuple[Cost, ...]

    @property
    def total_ms(self) -> float:
        """Execution time of all statements together."""
        return sum(one.total_ms for one in self.statements)

    def share(self, statement: Cost) -> float:
        """Return the part of the whole execution time that one statement took."""
        return statement.total_ms / self.total_ms if self.total_ms else 0.0


def read(text: bytes | str) -> Snapshot:
    """Return a snapshot.

    Raises:
        NotVerifiedError: not such a snapshot, or a statement twice in it.
    """
    root = Node.parse(text, kind=_KIND)
    if root.at("schema_version").count() != 1:
        raise root.at("schema_version").wrong("1")
    rows = root.at("statements").items()
    found = {row.at("id").text(): _cost(row) for row in rows}
    if len(found) != len(rows):
        raise root.at("statements").refuse("a statement stands there twice; take the snapshot again")
    return Snapshot(
        database=root.at("database").text(),
        taken=root.at("taken").instant(),
        reset=root.at("reset").instant(),
        evictions=root.at("evictions").count(),
        statements=found,
    )


def between(before: Snapshot, after: Snapshot) -> Profile:
    """Return what happened in between.

    Raises:
        NotVerifiedError: of two databases, in the wrong order, the counters were set to zero or statements were dropped
            in between, or nothing was executed.
    """
    if before.database != after.database:
        raise NotVerifiedError(f"{_KIND}: one of {before.database}, one of {after.database}; take both of one database")
    if not before.taken < after.taken:
        raise NotVerifiedError(f"{_KIND}: the first was taken after the second; correct before and after")
    if before.reset != after.reset or before.reset > before.taken:
        raise NotVerifiedError(f"{_KIND}: pg_stat_statements was reset in between; run the load test again")
    if before.evictions != after.evictions:
        raise NotVerifiedError(f"{_KIND}: statements were dropped in between; raise pg_stat_statements.max, run again")
    zero = Cost(text="", calls=0, total_ms=0.0)
    rows = [(now, before.statements.get(name, zero)) for name, now in after.statements.items()]
    if gone := before.statements.keys() - after.statements.keys():
        raise NotVerifiedError(f"{_KIND}: {len(gone)} statements are gone from the second; take it again")
    if any(now.calls < then.calls or now.total_ms < then.total_ms for now, then in rows):
        raise NotVerifiedError(f"{_KIND}: counters fell in between: they were reset; run the load test again")
    spent = [
        Cost(text=now.text, calls=now.calls - then.calls, total_ms=now.total_ms - then.total_ms) for now, then in rows
    ]
    used = sorted((one for one in spent if one.calls), key=lambda one: -one.total_ms)
    if not used:
        raise NotVerifiedError(f"{_KIND}: no statement was executed in between; put load on the application")
    return Profile(began=before.taken, ended=after.taken, statements=tuple(used))


def _cost(row: Node) -> Cost:
    return Cost(text=row.at("text").text()[:100], calls=row.at("calls").count(), total_ms=row.at("total_ms").seconds())
