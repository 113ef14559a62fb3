"""Inventory entry of a stress test that was run elsewhere: its files, and what it must have shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Ratio  # noqa: TC001 - pydantic reads the annotations
from signoff.config.kinds.load_report import LoadFiles


class StressReportService(LoadFiles):
    """One stress test: more and more users, beyond what the system bears, and back."""

    kind: Literal["stress_report"] = "stress_report"
    users: int = Field(ge=1, description="Planned peak of concurrent users.")
    room: float = Field(default=1.5, gt=1, description="Times the planned peak that must be borne.")
    step: Duration = Field(default=timedelta(seconds=60), description="Shorter steps of the load are not judged.")
    must_overload: bool = Field(
        default=True, description="Whether the test must go beyond what is borne: how else would its failing be known?"
    )
    refused_ratio: Ratio = Field(default=0.95, description="Of all failures, those that must be a 429 or a 503.")
    recovery: Duration = Field(
        default=timedelta(minutes=5), description="Longest time until all is well after the load fell to the peak."
    )
