"""Inventory entry of a disaster-recovery drill: its record, and what it must have covered and kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class RecoveryDrillService(Service):
    """The record of the last drill in which the disaster-recovery plan was really followed."""

    kind: Literal["recovery_drill"] = "recovery_drill"
    path: str = Field(description="The record (JSON), relative to the inventory.")
    max_age: Duration = timedelta(days=180)
    scope: tuple[str, ...] = Field(min_length=1, description="What must have been recovered in it, by name.")
    participants: int = Field(default=2, ge=1, description="Least number of people who took part.")
    rto: Duration = Field(description="Longest time from the decision to recovered service.")
    rpo: Duration = Field(description="Longest span of work that may have been lost in it.")
    environments: tuple[str, ...] = Field(
        default=("production", "staging"), min_length=1, description="Where a drill counts."
    )

    @property
    def address(self) -> str:
        """The record's path."""
        return self.path
