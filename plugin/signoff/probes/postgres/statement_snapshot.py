"""A snapshot of pg_stat_statements: the counters of one moment, to be compared with those of another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg import sql

from signoff.errors import NotVerifiedError
from signoff.probes.postgres.statements import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.probes.postgres.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class _Schema:
    schema: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Info:
    taken: datetime
    reset: datetime
    evictions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    id: str
    query: str
    queryid: int
    calls: int
    total_ms: float


def read(database: Database, roles: Sequence[str] = ()) -> dict[str, Any]:
    """Return the snapshot as `signoff.importers.runs.statements` reads it; 3 queries.

    Raises:
        NotVerifiedError: the extension is not there.
    """
    schemas = database.select(_Schema, _EXTENSION)
    if not schemas:
        raise NotVerifiedError(f"{database.address}: pg_stat_statements is not installed; see SW-DB-4")
    schema = sql.Identifier(schemas[0].schema)
    info = database.one(_Info, sql.SQL(_INFO).format(schema=schema))
    rows = database.select(_Row, sql.SQL(_STATEMENTS).format(schema=schema), [list(roles), list(roles)])
    return {
        "schema_version": 1,
        "database": str(database.address),
        "taken": _text(info.taken),
        "reset": _text(info.reset),
        "evictions": info.evictions,
        "statements": [
            {
                "id": row.id,
                "text": shown(row.query, otherwise=f"command {row.queryid}"),
                "calls": row.calls,
                "total_ms": row.total_ms,
            }
            for row in rows
        ],
    }


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


_EXTENSION = """
SELECT n.nspname::text AS schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_stat_statements'
"""

_INFO = """
SELECT clock_timestamp() AS taken, stats_reset AS reset, dealloc AS evictions FROM {schema}.pg_stat_statements_info
"""

_STATEMENTS = """
SELECT s.userid || '/' || s.queryid || '/' || s.toplevel AS id, s.query, s.queryid, s.calls,
       s.total_exec_time AS total_ms
FROM {schema}.pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database()) AND s.queryid IS NOT NULL
  AND r.rolname <> current_user AND (cardinality(%s::text[]) = 0 OR r.rolname = ANY (%s::text[]))
ORDER BY 1
"""
