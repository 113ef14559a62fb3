"""Inventory entry of two numbers that must agree."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service, Strict


class Figure(Strict):
    """One number out of a database."""

    database: str = Field(description="Name of a postgresql service.")
    sql: str = Field(description="One SELECT that returns one number; a percent sign is written twice.")


class ReconciliationService(Service):
    """Two figures that must agree, such as sums on both sides of a data flow."""

    kind: Literal["reconciliation"] = "reconciliation"
    left: Figure
    right: Figure
    tolerance: float = Field(default=0, ge=0, description="Accepted absolute difference.")
    allow_zero: bool = Field(
        default=False,
        description="True where 0 = 0 is right, such as orphans; else it means that nothing was looked at.",
    )

    @property
    def address(self) -> str:
        """The databases that are compared."""
        return " = ".join(dict.fromkeys((self.left.database, self.right.database)))
