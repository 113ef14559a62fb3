"""Facts about the indexes of one PostgreSQL database: invalid, duplicate, missing under foreign keys, never used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from datetime import timedelta

    from signoff.probes.postgres.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """One index of a user table."""

    table: str
    name: str
    size_bytes: int
    is_valid: bool
    enforces: bool
    """It guards a primary key, a unique or an exclusion constraint, so it works even if nothing reads it."""
    scans: int
    serves_key: bool
    """It leads with the columns of a foreign key: changes of the other table need it, however rare they are."""
    shape: str
    """Columns, operator classes, order, predicate and method as one text: equal shapes on one table are duplicates."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ForeignKey:
    """One foreign key; without an index on its columns, every change of the other table scans this one."""

    table: str
    name: str
    table_bytes: int
    has_index: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Age:
    age: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Indexes:
    """All indexes and foreign keys of the database, and since when use is counted."""

    indexes: tuple[Index, ...]
    foreign_keys: tuple[ForeignKey, ...]
    statistics_age: timedelta

    @property
    def invalid(self) -> tuple[Index, ...]:
        """Indexes that are maintained but never used: a failed CREATE INDEX CONCURRENTLY leaves them."""
        return tuple(index for index in self.indexes if not index.is_valid)

    @property
    def duplicates(self) -> tuple[tuple[Index, ...], ...]:
        """Groups of indexes that answer the same questions."""
        groups: dict[tuple[str, str], list[Index]] = {}
        for index in self.indexes:
            groups.setdefault((index.table, index.shape), []).append(index)
        return tuple(tuple(group) for group in groups.values() if len(group) > 1)

    @property
    def unused(self) -> tuple[Index, ...]:
        """Indexes that nothing has read since the statistics began, and that guard and serve no constraint."""
        return tuple(
            index
            for index in self.indexes
            if index.is_valid and not index.enforces and not index.serves_key and index.scans == 0
        )

    def with_reads_of(self, standby: Indexes) -> Indexes:
        """Return the same indexes with what a standby read of them; it was watched for as long as the younger one."""
        reads = {(index.table, index.name): index.scans for index in standby.indexes}
        return replace(
            self,
            indexes=tuple(
                replace(index, scans=index.scans + reads.get((index.table, index.name), 0)) for index in self.indexes
            ),
            statistics_age=min(self.statistics_age, standby.statistics_age),
        )


def read(database: Database) -> Indexes:
    """Return the facts about all user tables.

    Raises:
        NotVerifiedError: the database holds no index at all, so there is nothing to judge.
    """
    indexes = database.select(Index, _INDEXES)
    if not indexes:
        raise NotVerifiedError(f"{database.address}: no index in any user table; is it the right database?")
    return Indexes(
        indexes=tuple(indexes),
        foreign_keys=tuple(database.select(ForeignKey, _FOREIGN_KEYS)),
        statistics_age=database.one(_Age, _STATISTICS_AGE).age,
    )


_INDEXES = r"""
SELECT i.indrelid::regclass::text AS "table",
       c.relname::text AS name,
       pg_relation_size(c.oid) AS size_bytes,
       i.indisvalid AND i.indisready AS is_valid,
       i.indisunique OR i.indisprimary OR i.indisexclusion AS enforces,
       coalesce(s.idx_scan, 0) AS scans,
       EXISTS (
           SELECT FROM pg_constraint k
           WHERE k.contype = 'f' AND k.conrelid = i.indrelid AND i.indpred IS NULL
             AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
       ) AS serves_key,
       concat_ws(' ', c.relam, i.indkey, i.indclass, i.indcollation, i.indoption, i.indnkeyatts,
                 pg_get_expr(i.indexprs, i.indrelid), '/', pg_get_expr(i.indpred, i.indrelid)) AS shape
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_namespace n ON n.oid = c.relnamespace
LEFT JOIN pg_stat_all_indexes s ON s.indexrelid = i.indexrelid
WHERE n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%%'
ORDER BY 1, 2
"""

# A partial index does not serve the key; the key's columns may come in any order, but must come first.
_FOREIGN_KEYS = r"""
SELECT k.conrelid::regclass::text AS "table",
       k.conname::text AS name,
       pg_table_size(k.conrelid) AS table_bytes,
       EXISTS (
           SELECT FROM pg_index i
           WHERE i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL
             AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey
       ) AS has_index
FROM pg_constraint k
WHERE k.contype = 'f'
ORDER BY 1, 2
"""

# Statistics that were never reset are at least as old as the server's last start.
_STATISTICS_AGE = """
SELECT now() - coalesce(stats_reset, pg_postmaster_start_time()) AS age
FROM pg_stat_database WHERE datname = current_database()
"""
