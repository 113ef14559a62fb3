"""Inventory entry of a load test that was run elsewhere: its files, and what it must have shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Ratio
from signoff.config.kinds.base import Service


class LoadReportService(Service):
    """One load test by Locust, and the limits that it must keep."""

    kind: Literal["load_report"] = "load_report"
    stats: str = Field(description="File written by `locust --json-file`.")
    history: str = Field(description="File written by `locust --csv`, ending in _stats_history.csv.")
    context: str = Field(description="What Locust does not know (JSON): target, commit, load generator.")
    target: str = Field(description="Address that must have been loaded; not production.")
    users: int = Field(ge=1, description="Planned peak of concurrent users.")
    duration: Duration = timedelta(minutes=30)
    p95_seconds: float = Field(default=1.0, gt=0)
    error_ratio: Ratio = 0.01
    min_requests: int = Field(default=1_000, ge=1)
    generator_cpu_ratio: Ratio = Field(default=0.9, description="A busier generator measures itself.")
    max_age: Duration = timedelta(days=30)

    @property
    def address(self) -> str:
        """What was loaded."""
        return self.target
