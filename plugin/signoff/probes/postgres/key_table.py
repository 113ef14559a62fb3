"""Keys that an application keeps in a table of its own: whose each is and since when; never the key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, LiteralString

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from signoff.probes.postgres.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class IssuedKey:
    """One key that opens something now."""

    name: str
    owner: str
    issued_at: datetime


@dataclass(frozen=True, slots=True)
class _Row:
    name: object
    owner: object
    issued_at: object


def read(database: Database, sql: str) -> tuple[IssuedKey, ...]:
    """Return what the query tells of every valid key.

    Args:
        database: Open for reading.
        sql: One SELECT of exactly `name`, `owner` and `issued_at`.

    Raises:
        NotVerifiedError: other columns, an undated key, or no key at all.
        TimedOutError, UnreachableError, GuardError: as of `Database.select`.
    """
    query: LiteralString = sql.replace("%", "%%")  # the inventory's author is trusted with reading
    try:
        rows = database.select(_Row, query)
    except TypeError as error:
        raise NotVerifiedError(
            "the query must give exactly the columns name, owner and issued_at; correct it"
        ) from error
    if not rows:
        raise NotVerifiedError("the query gives no key; correct it, or declare the item not applicable")
    return tuple(_key(row) for row in rows)


def _key(row: _Row) -> IssuedKey:
    if not isinstance(row.issued_at, datetime):
        raise NotVerifiedError(f"key {row.name}: issued_at is not a time stamp; correct the query")
    at = row.issued_at if row.issued_at.tzinfo else row.issued_at.replace(tzinfo=UTC)
    return IssuedKey(name=str(row.name), owner=str(row.owner or ""), issued_at=at.astimezone(UTC))
