"""Inventory entry of a load test that lasted for days: its files, and what it must have shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Ratio  # noqa: TC001 - pydantic reads the annotations
from signoff.config.kinds.load_report import LoadFiles


class SoakReportService(LoadFiles):
    """One soak test; where Prometheus keeps the days, `long_run` says more."""

    kind: Literal["soak_report"] = "soak_report"
    duration: Duration = Field(default=timedelta(hours=48), description="How long it must have lasted.")
    coverage: Ratio = Field(default=0.99, description="Of all times five minutes, those with requests enough.")
    window_requests: int = Field(default=20, ge=1, description="Five minutes with fewer requests are not judged.")
    slower: Ratio = Field(default=0.2, description="Most that the mean response time may grow over the time.")
