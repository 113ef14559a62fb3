"""Numbers and rows out of a MySQL or MariaDB database, by statements from the inventory."""

from __future__ import annotations

import math
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from signoff.errors import GuardError, NotVerifiedError

if TYPE_CHECKING:
    from signoff.probes.mysql.database import Database


def figure(database: Database, statement: str) -> float:
    """Return the number that the SELECT gives.

    Raises:
        NotVerifiedError: not one number: several rows or columns, NULL, no SELECT, or no privilege.
        TimedOutError: it took too long.
    """
    rows = _ask(database, f"SELECT ({statement.strip().rstrip(';')}) AS value", "one SELECT that gives one number")
    value = rows[0][0]
    if not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        raise NotVerifiedError(f"{database.address}: the figure is {value}; write a SELECT that gives one number")
    return float(value)


def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of the SELECT, at most 10 000.

    Raises:
        NotVerifiedError: no SELECT, more rows, two columns of one name, or no privilege.
        TimedOutError: it took too long.
    """
    return _ask(database, f"SELECT * FROM ({statement.strip().rstrip(';')}) AS asked", "one SELECT")  # noqa: S608


def _ask(database: Database, query: str, wanted: str) -> list[tuple[Any, ...]]:
    try:
        return database.rows(query)
    except GuardError as error:
        raise NotVerifiedError(f"{error}; write {wanted}") from error
