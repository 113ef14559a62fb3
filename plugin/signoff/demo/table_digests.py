"""Row count and digest of every table, by the statements that backup jobs run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.importers._json import Node
from signoff.probes.postgres.contents import TableContents, statements, table

if TYPE_CHECKING:
    from psycopg import Connection


def read(connection: Connection[Any]) -> tuple[TableContents, ...]:
    """Return all tables as the connection's snapshot sees them."""
    settings, query = statements()
    for setting in settings:
        connection.execute(setting)
    try:
        return tuple(_read(connection, row[0]) for row in connection.execute(query).fetchall())
    finally:
        connection.execute("RESET search_path")


def _read(connection: Connection[Any], query: str) -> TableContents:
    row = connection.execute(query).fetchone()
    return table(Node(row[0] if row else None, kind="contents of a table"))
