"""How PostgreSQL would answer a query: the plan that it makes of it. The query itself is never run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from signoff.errors import GuardError, NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.probes.postgres.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class Scan:
    """A table that is read from end to end."""

    table: str
    rows: int
    """That the table has, as the server estimates."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """The plan of one query."""

    cost: float | None
    """In the planner's own unit; None: the server tells none."""
    scans: tuple[Scan, ...]
    steps: int
    """How many steps it has; at least one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Size:
    name: str
    rows: int


def explain(database: Database, statement: str) -> Plan:
    """Return the plan of one SELECT by plain EXPLAIN: never ANALYZE, which would run it.

    Raises:
        NotVerifiedError: no statement that has a plan, or no privilege on its tables.
        TimedOutError: planning took too long.
    """
    # Options in parentheses end the list: a leading ANALYZE in the inventory's text is a syntax error.
    query = sql.SQL("EXPLAIN (FORMAT JSON, ANALYZE false) {}").format(sql.SQL(statement.strip().rstrip(";")))
    try:
        rows = database.rows(query)
    except (GuardError, psycopg.DataError, psycopg.NotSupportedError) as error:
        raise NotVerifiedError(f"{str(error).splitlines()[0]}; write one SELECT with values in it") from error
    root: dict[str, Any] = rows[0][0][0]["Plan"]
    nodes = list(_nodes(root))
    names = sorted({_name(node) for node in nodes if node["Node Type"] == "Seq Scan"})
    sizes = {size.name: size.rows for size in database.select(_Size, _SIZES, [names])} if names else {}
    return Plan(
        cost=float(root["Total Cost"]),
        scans=tuple(Scan(table=name, rows=sizes.get(name, 0)) for name in names),
        steps=len(nodes),
    )


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", ()):
        yield from _nodes(child)


def _name(node: dict[str, Any]) -> str:
    return str(node["Relation Name"])


# A table that was never analysed has -1 rows there: its pages tell more.
_SIZES = """
SELECT c.relname::text AS name,
       max(CASE WHEN c.reltuples >= 0 THEN c.reltuples ELSE pg_relation_size(c.oid) / 100 END)::bigint AS rows
FROM pg_class c WHERE c.relname = ANY (%s::text[]) AND c.relkind IN ('r', 'p', 'm') GROUP BY 1
"""
