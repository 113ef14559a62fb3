"""Numbers and rows out of a PostgreSQL database, by statements from the inventory."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import sql

from signoff.errors import GuardError, NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    with _mended_by_the_inventory("one SELECT that gives one number"):
        value = database.one(_Figure, query).value
    if value is None or not math.isfinite(value):
        raise NotVerifiedError(f"{database.address}: the figure is {value}; write a SELECT that gives one number")
    return value


def rows(database: Database, statement: str) -> list[tuple[Any, ...]]:
    """Return the rows of the SELECT, at most 10 000.

    Raises:
        NotVerifiedError: no SELECT, more rows, or no privilege.
        TimedOutError: it took too long.
    """
    query = sql.SQL("SELECT * FROM ({}) AS asked").format(sql.SQL(statement.strip().rstrip(";")))
    with _mended_by_the_inventory("one SELECT"):
        return database.rows(query)


@contextmanager
def _mended_by_the_inventory(wanted: str) -> Iterator[None]:
    try:
        yield
    except (GuardError, psycopg.DataError, psycopg.NotSupportedError) as error:
        # For a check of ours a malformed statement is a bug; here it is the inventory that must be mended.
        if isinstance(error.__cause__, psycopg.errors.ReadOnlySqlTransaction):
            raise
        raise NotVerifiedError(f"{str(error).splitlines()[0]}; write {wanted}") from error
