"""Facts from pg_stat_statements: what one PostgreSQL database spent its time on, with constants left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta

    from signoff.probes.postgres.database import Database

# Only these are stored without their constants; other commands (ALTER ROLE … PASSWORD …) keep them.
_NORMALISED = re.compile(r"(select|insert|update|delete|merge|with|values|table)\b", re.IGNORECASE)
_COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
_SHOWN = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One normalised statement and what it cost since the last reset."""

    text: str
    calls: int
    mean_ms: float
    max_ms: float
    total_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Statements:
    """The statements of the chosen roles, most expensive first."""

    statements: tuple[Statement, ...]
    age: timedelta
    """Time since the statistics were reset."""
    evictions: int
    """How often rare statements were dropped since then to make room."""

    @property
    def hours(self) -> float:
        """Their age in hours."""
        return self.age.total_seconds() / 3600

    @property
    def total_ms(self) -> float:
        """Execution time of all statements together."""
        return sum(statement.total_ms for statement in self.statements)

    def require(self, min_age: timedelta, max_evictions: int) -> None:
        """Return if the statistics are old and complete enough to judge by.

        Raises:
            NotVerifiedError: reset too recently, or statements were dropped too often.
        """
        if self.age < min_age:
            raise NotVerifiedError(
                f"pg_stat_statements was reset {self.age} ago, at least {min_age} are needed; check again later"
            )
        if self.evictions > max_evictions:
            raise NotVerifiedError(
                f"pg_stat_statements dropped statements {self.evictions} times; raise pg_stat_statements.max and reset"
            )

    def share(self, statement: Statement) -> float:
        """Return the part of the whole execution time that one statement took."""
        return statement.total_ms / self.total_ms if self.total_ms else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class _Extension:
    schema: str
    sees_everybody: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Info:
    age: timedelta
    evictions: int


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    query: str
    queryid: int
    calls: int
    mean_ms: float
    max_ms: float
    total_ms: float


def read(database: Database, roles: Sequence[str] = ()) -> Statements:
    """Return the statements of this database by the roles; by everybody but ourselves if none is named.

    Raises:
        NotVerifiedError: extension or privilege missing, or nothing recorded yet.
    """
    extensions = database.select(_Extension, _EXTENSION)
    if not extensions:
        raise NotVerifiedError(
            f"{database.address}: pg_stat_statements is not installed; add it to shared_preload_libraries, restart, "
            "and run CREATE EXTENSION pg_stat_statements"
        )
    if not extensions[0].sees_everybody:
        user = database.address.user
        raise NotVerifiedError(
            f"{database.address}: {user} does not see other roles' statements; GRANT pg_monitor TO {user}"
        )
    schema = sql.Identifier(extensions[0].schema)
    grant = f"GRANT USAGE ON SCHEMA {extensions[0].schema} TO {database.address.user}"
    info = database.one(_Info, sql.SQL(_INFO).format(schema=schema), grant=grant)
    rows = database.select(_Row, sql.SQL(_STATEMENTS).format(schema=schema), [list(roles), list(roles)])
    if not rows:
        raise NotVerifiedError(f"{database.address}: no statement recorded yet; run the application first")
    return Statements(statements=tuple(map(_statement, rows)), age=info.age, evictions=info.evictions)


def shown(query: str, *, otherwise: str = "command") -> str:
    """Return the statement as it may be shown: in one line, cut, and not at all if it may hold its constants."""
    text = " ".join(_COMMENT.sub(" ", query).split()).lstrip("( ")
    if not _NORMALISED.match(text):
        text = otherwise
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _statement(row: _Row) -> Statement:
    text = shown(row.query, otherwise=f"command {row.queryid}")
    return Statement(text=text, calls=row.calls, mean_ms=row.mean_ms, max_ms=row.max_ms, total_ms=row.total_ms)


_EXTENSION = """
SELECT n.nspname::text AS schema, pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_everybody
FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
WHERE e.extname = 'pg_stat_statements'
"""

_INFO = "SELECT now() - stats_reset AS age, dealloc AS evictions FROM {schema}.pg_stat_statements_info"

_STATEMENTS = """
SELECT s.query, s.queryid, s.calls,
       s.mean_exec_time AS mean_ms, s.max_exec_time AS max_ms, s.total_exec_time AS total_ms
FROM {schema}.pg_stat_statements s JOIN pg_roles r ON r.oid = s.userid
WHERE s.dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
  AND r.rolname <> current_user AND (cardinality(%s::text[]) = 0 OR r.rolname = ANY (%s::text[]))
ORDER BY s.total_exec_time DESC, s.queryid
LIMIT 1000
"""
