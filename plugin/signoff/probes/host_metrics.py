"""What Prometheus knows of one host: whether it measures it, and how busy it was at its busiest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.probes.prometheus import Prometheus, ScrapeTarget, Series

_POINTS = 300
_SHORTEST_STEP = 15.0


@dataclass(frozen=True, kw_only=True, slots=True)
class HostCoverage:
    """Scrape targets and metrics of one host."""

    targets: tuple[ScrapeTarget, ...]
    metrics: frozenset[str]
    """Those of the wanted metrics that have a value now."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostPeaks:
    """The highest use of one host within a window, as averages over steps of it."""

    cpu: float
    memory: float
    """Shares between 0 and 1."""
    covered: timedelta
    """From the first to the last measurement."""
    points: int


def read_coverage(api: Prometheus, *, job: str, label: str, host: str, metrics: Sequence[str]) -> HostCoverage:
    """Return the host's targets in the job, and which of the metrics it has; one query for each metric."""
    matcher = f"{label}={_quoted(host)}"
    return HostCoverage(
        targets=tuple(one for one in api.targets() if one.job == job and one.labels.get(label) == host),
        metrics=frozenset(metric for metric in metrics if api.query(f"count({metric}{{{matcher}}})")),
    )


def read_peaks(api: Prometheus, *, label: str, host: str, window: timedelta) -> HostPeaks:
    """Return the host's peaks within the window before now, by two range queries over node_exporter's metrics.

    Raises:
        NotVerifiedError: Prometheus has no measurement of the host in the window.
    """
    matcher = f"{label}={_quoted(host)}"
    step = max(_SHORTEST_STEP, window.total_seconds() / _POINTS)
    idle = f'avg(rate(node_cpu_seconds_total{{mode="idle",{matcher}}}[{step:.0f}s]))'
    free = f"avg(node_memory_MemAvailable_bytes{{{matcher}}}) / avg(node_memory_MemTotal_bytes{{{matcher}}})"
    end = datetime.now(UTC)
    cpu, memory = (api.query_range(text, start=end - window, end=end, step_seconds=step) for text in (idle, free))
    least_idle, least_free = _minimum(cpu, host), _minimum(memory, host)
    instants = [at for at, _ in memory[0].points]
    return HostPeaks(
        cpu=max(0.0, 1 - least_idle),
        memory=1 - least_free,
        covered=max(instants) - min(instants),
        points=len(instants),
    )


def _minimum(series: Sequence[Series], host: str) -> float:
    values = [value for one in series for _, value in one.points]
    if not values:
        raise NotVerifiedError(
            f"{host}: Prometheus has no measurement of it in the window; check the exporter and labels"
        )
    return min(values)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
