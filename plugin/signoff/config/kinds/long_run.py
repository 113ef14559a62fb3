"""Inventory entry of an application that must run for days: where Prometheus keeps what it measured, and the limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Ratio
from signoff.config.kinds.base import Service


class LongRunService(Service):
    """The processes of one application, watched over a long time."""

    kind: Literal["long_run"] = "long_run"
    prometheus: str = Field(description="Name of a prometheus service.")
    selector: str = Field(description='Label matchers that pick the processes, such as job="shop".')
    instances: int = Field(ge=1, description="How many processes there are: fewer measured ones prove nothing.")
    duration: Duration = Field(default=timedelta(hours=48), description="How long it must have run.")
    coverage: Ratio = Field(default=0.99, description="For how much of the time there must be measurements.")
    answered: Ratio = Field(default=0.999, description="How many of the measurements must have found it answering.")
    error_ratio: Ratio = Field(default=0.01, description="Most in any five minutes.")
    min_requests: int = Field(default=20, ge=1, description="Five minutes with fewer requests are not judged.")
    slower: Ratio = Field(default=0.2, description="Most that the mean response time may grow over the time.")
    memory_limit_mib: int = Field(ge=1, description="Memory that one process may use.")
    memory_reach: Duration = Field(default=timedelta(days=7), description="How long memory must suffice.")
    memory_uptime: Duration = Field(default=timedelta(hours=24), description="A younger process proves no leak wrong.")
    host_selector: str = Field(default="", description="Label matchers that pick the hosts for `oom`.")

    up: str = "up"
    started: str = Field(default="process_start_time_seconds", description="Gauge, seconds since 1970.")
    memory: str = Field(default="process_resident_memory_bytes", description="Gauge, bytes.")
    oom: str = Field(default="node_vmstat_oom_kill", description="Counter of node_exporter.")
    requests: str = "http_requests_total"
    durations: str = Field(default="http_request_duration_seconds", description="Histogram, without _bucket.")
    instance_label: str = "instance"
    status_label: str = "status"

    @property
    def address(self) -> str:
        """The processes, as Prometheus knows them."""
        return self.selector
