"""Inventory entry of the record of a rehearsal, and the times that it must have kept."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class DrillReportService(Service):
    """The record of one rehearsal of a rollback or a fail-over."""

    kind: Literal["drill_report"] = "drill_report"
    path: str = Field(description="The record (JSON), relative to the inventory.")
    purpose: Literal["rollback", "failover"]
    max_age: Duration = timedelta(days=90)
    within: Duration = Field(description="Longest time from the decision to the end.")
    downtime: Duration = Field(default=timedelta(0), description="Longest time in which users got no answer.")

    @property
    def address(self) -> str:
        """The record's path."""
        return self.path
