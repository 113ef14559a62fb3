"""What Prometheus knows of one host: whether it measures it, and how busy it was at its busiest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from statistics import linear_regression
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.probes.metrics.prometheus import Prometheus, ScrapeTarget, Series

_POINTS = 300
_SHORTEST_STEP = 15.0
_LIFETIME = timedelta(days=36_500).total_seconds()
_IN_MEMORY = frozenset({"tmpfs", "ramfs", "squashfs", "iso9660"})


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


@dataclass(frozen=True, kw_only=True, slots=True)
class DiskForecast:
    """Where one file system is going, if it goes on as it did within a window."""

    mount: str
    free: float
    """Bytes at the last measurement."""
    change: float
    """Bytes that it gains each second, on the straight line closest to all measurements; negative: it fills up."""
    covered: timedelta
    """From the first to the last measurement."""

    @property
    def full_in(self) -> timedelta | None:
        """Time until nothing is left; None: it does not fill up, or not within a lifetime."""
        seconds = -self.free / self.change if self.change < 0 else _LIFETIME
        return timedelta(seconds=seconds) if seconds < _LIFETIME else None


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


def read_forecasts(api: Prometheus, *, label: str, host: str, window: timedelta) -> tuple[DiskForecast, ...]:
    """Return where the host's file systems are going, by one range query; those in memory are left out.

    The line is the one that PromQL's predict_linear draws, through points that also tell how much history there is.

    Raises:
        NotVerifiedError: Prometheus has no measurement of the host's file systems in the window.
    """
    end = datetime.now(UTC)
    # As fine as the window allows: nothing is averaged here, and a host that is new has few measurements.
    step = max(1.0, window.total_seconds() / _POINTS)
    expression = f"node_filesystem_avail_bytes{{{label}={_quoted(host)}}}"
    found = [
        _forecast(one)
        for one in api.query_range(expression, start=end - window, end=end, step_seconds=step)
        if one.labels.get("fstype", "") not in _IN_MEMORY and len(one.points) > 1
    ]
    if not found:
        raise NotVerifiedError(f"{host}: Prometheus has no measurements of its file systems in the window")
    return tuple(sorted(found, key=lambda one: one.mount))


def _forecast(series: Series) -> DiskForecast:
    start = series.points[0][0]
    seconds = [(at - start).total_seconds() for at, _ in series.points]
    values = [value for _, value in series.points]
    return DiskForecast(
        mount=series.labels.get("mountpoint", "?"),
        free=values[-1],
        change=linear_regression(seconds, values).slope,
        covered=series.points[-1][0] - start,
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
