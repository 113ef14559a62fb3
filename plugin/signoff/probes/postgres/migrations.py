"""The schema's version as one PostgreSQL database recorded it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from psycopg import sql

from signoff.errors import NotVerifiedError
from signoff.probes.repository.applied import DEFAULT_TABLES, Applied, read_applied

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.probes.postgres.database import Database
    from signoff.probes.repository.migrations import Tool


@dataclass(frozen=True, kw_only=True, slots=True)
class _Column:
    name: str


def read(database: Database, tool: Tool, table: str = "") -> Applied:
    """Return what the tool's own table recorded.

    Raises:
        NotVerifiedError: the table is absent, unreadable, of another tool, or empty.
    """
    name = table or DEFAULT_TABLES[tool]
    identifier = sql.Identifier(*name.split("."))
    columns = {column.name for column in database.select(_Column, _COLUMNS, [identifier.as_string()])}
    if not columns:
        raise NotVerifiedError(f"{database.address}: no table {name}; correct migrations.table in the inventory")

    def select(wanted: Sequence[str]) -> Sequence[Sequence[str | None]]:
        fields = sql.SQL(", ").join(sql.SQL("{}::text").format(sql.Identifier(column)) for column in wanted)
        query = sql.SQL("SELECT {} FROM {}").format(fields, identifier)
        return database.rows(query, grant=f"GRANT SELECT ON {name} TO {database.address.user}")

    return read_applied(tool, f"{database.address}: {name}", columns, select)


_COLUMNS = """
SELECT attname::text AS name FROM pg_attribute
WHERE attrelid = to_regclass(%s) AND attnum > 0 AND NOT attisdropped
"""
