"""Facts about the schema's version as one PostgreSQL database recorded it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, LiteralString

from psycopg import sql

from signoff.errors import NotVerifiedError
from signoff.probes.repository.migrations import number_of

if TYPE_CHECKING:
    from signoff.probes.postgres.database import Database
    from signoff.probes.repository.migrations import Migrations, Tool

DEFAULT_TABLES: dict[Tool, str] = {
    "plain": "schema_migrations",
    "alembic": "alembic_version",
    "flyway": "flyway_schema_history",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What the database recorded."""

    versions: frozenset[str]
    failed: tuple[str, ...]
    lists_all: bool
    """Every step has its row; else only the newest is recorded."""

    def pending(self, migrations: Migrations) -> tuple[str, ...]:
        """Return the versions in the repository that the database has not seen."""
        wanted = [migration.version for migration in migrations.migrations] if self.lists_all else migrations.heads
        return tuple(version for version in wanted if version not in self.versions)

    def unknown(self, migrations: Migrations) -> tuple[str, ...]:
        """Return the versions in the database that the repository does not hold."""
        return tuple(sorted(self.versions - {migration.version for migration in migrations.migrations}))


@dataclass(frozen=True, kw_only=True, slots=True)
class _Column:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Version:
    version: str
    ok: bool


def read(database: Database, tool: Tool, table: str = "") -> Applied:
    """Return what the tool's own table recorded.

    Raises:
        NotVerifiedError: the table is absent, unreadable or empty.
    """
    name = table or DEFAULT_TABLES[tool]
    identifier = sql.Identifier(*name.split("."))
    columns = {column.name for column in database.select(_Column, _COLUMNS, [identifier.as_string()])}
    if not columns:
        raise NotVerifiedError(f"{database.address}: no table {name}; correct migrations.table in the inventory")
    query, lists_all = _question(tool, columns)
    grant = f"GRANT SELECT ON {name} TO {database.address.user}"
    rows = database.select(_Version, sql.SQL(query).format(table=identifier), grant=grant)
    if not rows:
        raise NotVerifiedError(f"{database.address}: {name} is empty; was this database ever migrated?")
    clean = number_of if tool != "alembic" else str
    return Applied(
        versions=frozenset(clean(row.version) for row in rows if row.ok),
        failed=tuple(clean(row.version) for row in rows if not row.ok),
        lists_all=lists_all,
    )


def _question(tool: Tool, columns: set[str]) -> tuple[LiteralString, bool]:
    if tool == "alembic":
        return "SELECT version_num::text AS version, true AS ok FROM {table}", False
    if tool == "flyway":
        return "SELECT version::text AS version, success AS ok FROM {table} WHERE version IS NOT NULL", True
    if "dirty" in columns:  # golang-migrate keeps one row: the newest version, and whether it was left half done
        return "SELECT version::text AS version, NOT dirty AS ok FROM {table}", False
    return "SELECT version::text AS version, true AS ok FROM {table}", True


_COLUMNS = """
SELECT attname::text AS name FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""
