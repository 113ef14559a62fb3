"""Inventory entries of data flows: two numbers that must agree, keys without a source, data that must keep coming."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from signoff.config.fields import Duration, Ratio
from signoff.config.kinds.base import Service, Strict

_ONE_SIDE = "write sql for a database, or redis (such as LLEN orders) for a Redis-compatible server"


class Query(Strict):
    """A question to one store."""

    database: str = Field(description="Name of a postgresql or mysql service.")
    sql: str = Field(description="One SELECT; a percent sign is written twice.")


class Figure(Strict):
    """One number out of a store."""

    database: str = Field(description="Name of a postgresql, mysql or redis service.")
    sql: str = Field(default="", description="One SELECT that returns one number; a percent sign is written twice.")
    redis: Annotated[str, Field(pattern=r"^[A-Z]+( \S+)?$")] = Field(
        default="", description="DBSIZE, or LLEN, SCARD, ZCARD, HLEN, XLEN, GET and one key."
    )

    @model_validator(mode="after")
    def _one_question(self) -> Self:
        if bool(self.sql) == bool(self.redis):
            raise ValueError(_ONE_SIDE)
        return self


class ReconciliationService(Service):
    """Two figures that must agree, such as sums on both sides of a data flow."""

    kind: Literal["reconciliation"] = "reconciliation"
    left: Figure
    right: Figure
    tolerance: float = Field(default=0, ge=0, description="Accepted absolute difference.")
    tolerance_ratio: Ratio = Field(default=0, description="Accepted difference as a part of the larger figure.")
    allow_zero: bool = Field(
        default=False,
        description="True where 0 = 0 is right, such as orphans; else it means that nothing was looked at.",
    )

    @property
    def address(self) -> str:
        """The databases that are compared."""
        return " = ".join(dict.fromkeys((self.left.database, self.right.database)))

    def accepted(self, left: float, right: float) -> float:
        """Return the difference that is accepted between these two figures."""
        return max(self.tolerance, self.tolerance_ratio * max(abs(left), abs(right)))


class OrphanKeysService(Service):
    """Keys of one store that another store must know; both lists must fit into 10 000 rows."""

    kind: Literal["orphan_keys"] = "orphan_keys"
    keys: Query = Field(description="Columns of a key, one row each: what must have a source.")
    known: Query = Field(description="The same columns, out of the source.")
    orphans: int = Field(
        default=0, ge=0, description="Most keys that the source may not know, such as those in flight."
    )

    @property
    def address(self) -> str:
        """Where the keys are, and where they must come from."""
        return f"{self.keys.database} in {self.known.database}"


class FreshnessService(Service):
    """Data that must keep coming."""

    kind: Literal["freshness"] = "freshness"
    newest: Query = Field(description="One SELECT of one instant: when the newest row came.")
    max_age: Duration

    @property
    def address(self) -> str:
        """The database that must be fed."""
        return self.newest.database


class SameRowsService(Service):
    """Rows that must be the same in two stores, compared by digest; at most 10 000, the newest for example."""

    kind: Literal["same_rows"] = "same_rows"
    left: Query
    right: Query

    @property
    def address(self) -> str:
        """The databases that are compared."""
        return " = ".join(dict.fromkeys((self.left.database, self.right.database)))
