"""Inventory entry of the record of a rehearsal, the times that it must have kept, and the earlier ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class DrillReportService(Service):
    """The record of one rehearsal of a rollback or a failover."""

    kind: Literal["drill_report"] = "drill_report"
    path: str = Field(description="The record (JSON), relative to the inventory.")
    purpose: Literal["rollback", "failover"]
    max_age: Duration = timedelta(days=90)
    within: Duration = Field(description="Longest time from the decision to the end.")
    downtime: Duration = Field(default=timedelta(0), description="Longest time in which users got no answer.")
    environments: tuple[str, ...] = Field(
        default=("staging",), min_length=1, description="Where a rollback counts as rehearsed; RBK-TST-1."
    )
    history: str = Field(
        default="", description="Folder with the records (*.json) of earlier rehearsals, for the trend; RBK-TST-2."
    )
    slower_by: Annotated[float, Field(ge=0)] = Field(
        default=0.5, description="Share by which it may be slower than the earlier ones' median; RBK-TST-2."
    )
    noise: Duration = Field(
        default=timedelta(seconds=1), description="By so much any two rehearsals may differ; RBK-TST-2."
    )

    @property
    def address(self) -> str:
        """The record's path."""
        return self.path
