"""Inventory entry of a load test that was run elsewhere: its files, and what it must have shown."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from signoff.config.fields import Duration, Ratio, TimeZone
from signoff.config.kinds.base import Service, Strict


class JMeterLayout(Strict):
    """How JMeter was told to write its CSV (`jmeter.save.saveservice.*`)."""

    columns: tuple[str, ...] = Field(default=(), description="Of a file without a header, in their order.")
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    timestamp: str = Field(default="ms", min_length=1, description="ms, or a format of Python's strptime.")
    timezone: TimeZone = Field(default="UTC", description="Of time stamps in a format.")


class LoadRun(Strict):
    """How `signoff load` makes the load; it never does more than stands here."""

    script: str = Field(description="Locust's file or JMeter's plan, relative to the inventory.")
    users: int = Field(ge=1, le=20_000, description="Most users at once.")
    spawn_rate: float = Field(default=10, gt=0, le=1_000, description="New users a second (Locust).")
    duration: Duration = Field(description="How long; at most three days.", le=timedelta(days=3), gt=timedelta(0))
    program: str = Field(default="", description="Path of locust or jmeter; empty: from PATH.")
    variables: tuple[str, ...] = Field(default=(), description="Environment variables that the script needs.")
    databases: tuple[str, ...] = Field(
        default=(), description="postgresql services whose statements are counted before and after it."
    )


class LoadFiles(Service):
    """What a load test left behind, whichever tool ran it, and when it may be used."""

    tool: Literal["locust", "jmeter", "k6", "gatling"] = "locust"
    stats: str = Field(
        description="Locust's --json-file or _stats.csv, JMeter's JTL, k6's summary, Gatling's simulation.log or"
        " stats.json."
    )
    history: str = Field(default="", description="Locust's _stats_history.csv (needed), or k6's --out json.")
    failures: str = Field(default="", description="Locust's _failures.csv: why requests failed.")
    assertions: str = Field(default="", description="Gatling's js/assertions.json: limits of the test's own.")
    context: str = Field(description="What the tool does not know (JSON): target, commit, load generator, digests.")
    jmeter: JMeterLayout = JMeterLayout()
    target: str = Field(description="Address that must have been loaded; not production.")
    min_requests: int = Field(default=1_000, ge=1, description="Fewer prove nothing.")
    generator_cpu_ratio: Ratio = Field(default=0.9, description="A busier generator measures itself.")
    max_age: Duration = timedelta(days=30)
    p95_seconds: float = Field(default=1.0, gt=0)
    error_ratio: Ratio = 0.01
    run: LoadRun | None = Field(default=None, description="How to make the load again: signoff load.")

    @model_validator(mode="after")
    def _assertions_are_gatlings(self) -> LoadFiles:
        if self.assertions and self.tool != "gatling":
            raise ValueError("assertions are a file of Gatling; leave it out, or write tool: gatling")
        return self

    @property
    def address(self) -> str:
        """What was loaded."""
        return self.target


class LoadReportService(LoadFiles):
    """One load test, and the limits that it must keep."""

    kind: Literal["load_report"] = "load_report"
    users: int = Field(ge=1, description="Planned peak of concurrent users.")
    duration: Duration = timedelta(minutes=30)
