"""Row count and digest of every table: two databases with the same ones hold the same data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg import sql

if TYPE_CHECKING:
    from psycopg import Connection

_TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
_DIGEST = """
SELECT count(*), encode(sha256(convert_to(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), ''), 'UTF8')), 'hex')
FROM public.{} AS t
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class TableDigest:
    """What one table holds. The digest does not depend on the order in which rows lie on disk."""

    name: str
    rows: int
    digest: str


def read(connection: Connection[Any]) -> tuple[TableDigest, ...]:
    """Return all tables of the schema `public` as the connection's snapshot sees them."""
    names = [row[0] for row in connection.execute(_TABLES).fetchall()]
    return tuple(_read(connection, name) for name in names)


def _read(connection: Connection[Any], name: str) -> TableDigest:
    row = connection.execute(sql.SQL(_DIGEST).format(sql.Identifier(name))).fetchone()
    rows, digest = row or (0, "")
    return TableDigest(name=name, rows=rows, digest=digest)
