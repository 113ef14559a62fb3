"""Inventory entry of what a database did during a load test: two snapshots of its statistics, and the limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Ratio
from signoff.config.kinds.base import Service


class DatabaseProfileService(Service):
    """Two snapshots of pg_stat_statements, taken before and after a load test."""

    kind: Literal["database_profile"] = "database_profile"
    load: str = Field(description="Name of the load_report or stress_report service: the snapshots must enclose it.")
    before: str = Field(description="Snapshot (JSON) from before the test.")
    after: str = Field(description="Snapshot (JSON) from after the test.")
    margin: Duration = Field(default=timedelta(minutes=10), description="Most between a snapshot and the test.")
    mean_ms: float = Field(default=200, gt=0, description="Most that a statement may take on average.")
    share: Ratio = Field(default=0.5, description="Of the whole execution time, by one statement.")
    share_from_mean_ms: float = Field(default=10, ge=0, description="Cheaper statements may take any share.")
    min_calls: int = Field(default=100, ge=1, description="With fewer calls in all the database was not under load.")

    @property
    def address(self) -> str:
        """The load test."""
        return self.load
