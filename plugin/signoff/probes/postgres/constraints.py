"""Facts about the constraints of one PostgreSQL database: which of them the rows that were there may still break."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signoff.probes.postgres.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class _Constraint:
    table: str
    name: str
    is_validated: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Constraints:
    """All constraints of user tables."""

    inspected: int
    unvalidated: tuple[str, ...]
    """`table.constraint` of those that were added with NOT VALID and never validated."""


def read(database: Database) -> Constraints:
    """Return the facts; any role may ask them.

    Raises:
        NotVerifiedError, TimedOutError, UnreachableError: as of `Database.select`.
    """
    found = database.select(_Constraint, _CONSTRAINTS)
    return Constraints(
        inspected=len(found),
        unvalidated=tuple(f"{one.table}.{one.name}" for one in found if not one.is_validated),
    )


_CONSTRAINTS = r"""
SELECT k.conrelid::regclass::text AS "table", k.conname::text AS name, k.convalidated AS is_validated
FROM pg_constraint k
JOIN pg_namespace n ON n.oid = k.connamespace
WHERE k.conrelid <> 0 AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%%'
ORDER BY 1, 2
"""
