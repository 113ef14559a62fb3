"""One number out of a database, by a statement from the inventory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psycopg
from psycopg import sql

from signoff.errors import GuardError, NotVerifiedError

if TYPE_CHECKING:
    from signoff.probes.postgres.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class _Figure:
    value: float | None


def figure(database: Database, statement: str) -> float:
    """Return the number that the SELECT gives, within the database's read-only transaction and its time limits.

    Raises:
        NotVerifiedError: not one number: several rows or columns, NULL, no SELECT, or no privilege.
        TimedOutError: it took too long.
    """
    # The statement is the inventory's own text, and the transaction cannot write.
    query = sql.SQL("SELECT ({})::float8 AS value").format(sql.SQL(statement.strip().rstrip(";")))
    try:
        value = database.one(_Figure, query).value
    except (GuardError, psycopg.DataError, psycopg.NotSupportedError) as error:
        # For a check of ours a malformed statement is a bug; here it is the inventory that must be mended.
        if isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction):
            raise
        raise NotVerifiedError(f"{str(error).splitlines()[0]}; write one SELECT that gives one number") from error
    if value is None or not math.isfinite(value):
        raise NotVerifiedError(f"{database.address}: the figure is {value}; write a SELECT that gives one number")
    return value
