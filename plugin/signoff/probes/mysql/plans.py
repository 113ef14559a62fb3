"""How MySQL or MariaDB would answer a query: the plan that it makes of it. The query itself is never run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import GuardError, NotVerifiedError
from signoff.probes.postgres.plans import Plan, Scan

if TYPE_CHECKING:
    from signoff.probes.mysql.database import Database


def explain(database: Database, statement: str) -> Plan:
    """Return the plan of one SELECT by plain EXPLAIN, which tells no cost.

    Raises:
        NotVerifiedError: no SELECT, or no privilege on its tables.
        TimedOutError: planning took too long.
    """
    text = statement.strip().rstrip(";")
    if not text.lower().startswith(("select", "with", "(")):
        raise NotVerifiedError(f"{database.address}: not a SELECT; write one SELECT with values in it")
    try:
        rows = database.rows(f"EXPLAIN {text}")
    except GuardError as error:
        raise NotVerifiedError(f"{error}; write one SELECT with values in it") from error
    # id, select_type, table, (partitions,) type, …, rows, (filtered,) Extra
    wide = len(rows[0]) > _NARROW
    kind, estimate = (4, 9) if wide else (3, 8)
    scans = [
        Scan(table=str(row[2]), rows=int(row[estimate] or 0))
        for row in rows
        if row[kind] == "ALL" and row[2] and not str(row[2]).startswith("<")
    ]
    return Plan(cost=None, scans=tuple(scans), steps=len(rows))


_NARROW = 10
"""Columns of MariaDB's answer; MySQL's has two more."""
