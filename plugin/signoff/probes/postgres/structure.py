"""The structure of each table of a PostgreSQL database as one digest, to compare a database with a proven copy."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signoff.probes.postgres.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class _Part:
    table: str
    part: str


def digests(database: Database) -> dict[str, str]:
    """Return, for each user table, the SHA-256 of its columns, constraints, indexes and triggers in words.

    Raises:
        NotVerifiedError, TimedOutError, UnreachableError: as of `Database.select`.
    """
    parts: dict[str, list[str]] = {}
    for one in database.select(_Part, _PARTS):
        parts.setdefault(one.table, []).append(one.part)
    return {table: hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest() for table, lines in parts.items()}


# The order of columns is left out: it differs between a table that was made at once and one that grew.
_PARTS = r"""
WITH tables AS (
    SELECT c.oid, c.oid::regclass::text AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\_%%'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = c.oid AND d.deptype = 'e')
)
SELECT t.name AS "table", concat_ws(' ', 'column', a.attname, format_type(a.atttypid, a.atttypmod),
       CASE WHEN a.attnotnull THEN 'not null' END, pg_get_expr(d.adbin, d.adrelid)) AS part
FROM tables t JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = t.oid AND d.adnum = a.attnum
UNION ALL
SELECT t.name, concat_ws(' ', 'constraint', k.conname, pg_get_constraintdef(k.oid))
FROM tables t JOIN pg_constraint k ON k.conrelid = t.oid WHERE k.contype <> 'n'
UNION ALL
SELECT t.name, pg_get_indexdef(i.indexrelid) FROM tables t JOIN pg_index i ON i.indrelid = t.oid
UNION ALL
SELECT t.name, pg_get_triggerdef(g.oid) FROM tables t JOIN pg_trigger g ON g.tgrelid = t.oid AND NOT g.tgisinternal
"""
