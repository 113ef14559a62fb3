"""Inventory entry of a Prometheus server: what it must collect, and which alerts it must have."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, SecretText
from signoff.config.kinds.base import Service, Strict


class RequiredAlert(Strict):
    """An alert rule that must exist."""

    name: str
    operator: Literal[">", ">=", "<", "<=", "==", "!="] = ">"
    threshold: float | None = Field(
        default=None, description="What its expression must compare with at its end; empty: any condition."
    )
    hold_max_seconds: float = Field(default=600, ge=0, description="Longest `for` before it fires.")
    labels: dict[str, str] = Field(default_factory=dict, description="Labels that it must carry, such as its severity.")

    @property
    def condition(self) -> str:
        """The comparison in words, such as `> 0.05`; empty: any."""
        return "" if self.threshold is None else f"{self.operator} {self.threshold:g}"


class PrometheusService(Service):
    """One Prometheus server, read through its HTTP API."""

    kind: Literal["prometheus"] = "prometheus"
    url: str
    user: str = ""
    password: SecretText | None = None
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    jobs: tuple[str, ...] = Field(min_length=1, description="Scrape jobs that must have targets.")
    host_job: str = Field(default="node", description="Job that measures the hosts themselves.")
    host_label: str = Field(default="instance", description="Label that holds the host's name (see metrics_instance).")
    host_metrics: tuple[str, ...] = Field(
        default=(
            "node_cpu_seconds_total",
            "node_memory_MemAvailable_bytes",
            "node_filesystem_avail_bytes",
            "node_network_receive_bytes_total",
        ),
        min_length=1,
        description="Metrics that every host must have: processor, memory, disk, network.",
    )
    instances: dict[str, tuple[str, ...]] = Field(
        default_factory=dict, description="For a job, values of `host_label` that must be among its targets."
    )
    metrics: tuple[str, ...] = Field(
        default=(), description="Metrics that must have fresh series, beside those that every host must have."
    )
    min_retention: Duration = Field(
        default=timedelta(days=15), description="How long samples must be kept at least, by time and by size."
    )
    max_missed_scrapes: int = Field(default=3, ge=1, description="Scrape intervals after which a target is too old.")
    alerts: tuple[RequiredAlert, ...] = Field(default=(), description="Alert rules that must exist.")
    watchdog: str = Field(default="Watchdog", description="Alert that always fires, as proof that alerting works.")
    min_alertmanagers: int = Field(default=1, ge=0, description="Least number of Alertmanagers that take the alerts.")

    @property
    def address(self) -> str:
        """The URL."""
        return self.url
