"""What Prometheus saw of an application over a long time: its processes, its errors, its response times, its memory."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.metrics.trend import Trend, trend_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.probes.metrics.prometheus import Prometheus, Series

_WINDOW = timedelta(minutes=5)
_HOUR = timedelta(hours=1)

Points = tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ProcessRun:
    """One process within the time."""

    instance: str
    coverage: float
    """For how much of the time there are measurements, as a share."""
    answered: float
    """How many of the measurements found it answering, as a share."""
    restarts: int
    started: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorWindow:
    """Five minutes of requests."""

    at: datetime
    requests: float
    error_ratio: float


class LongRun:
    """The application's metrics over a time that ends now.

    Args:
        api: The server.
        names: `selector`, `instance_label`, `up`, `started`, `memory`, `requests`, `durations` and `status_label`: how
            the metrics are called.
        duration: The time.
        now: Its end.

    Raises (every method): what `Prometheus` raises, and NotVerifiedError where there is no measurement.
    """

    def __init__(self, api: Prometheus, names: Any, duration: timedelta, now: datetime) -> None:
        self._api, self._names = api, names
        self._duration, self._now = duration, now
        self._during = f"[{duration.total_seconds():.0f}s]"

    def processes(self) -> tuple[ProcessRun, ...]:
        """Return every process that was measured within the time; 5 queries."""
        names = self._names
        up = f"{names.up}{{{names.selector}}}"
        counts = self._range(f"count_over_time({up}[{_WINDOW.total_seconds():.0f}s])", _WINDOW, up)
        answered = self._by_instance(f"avg_over_time({up}{self._during})")
        started = f"{names.started}{{{names.selector}}}"
        restarts = self._by_instance(f"changes({started}{self._during})")
        newest = self._by_instance(f"max_over_time({started}{self._during})")
        oldest = self._by_instance(f"min_over_time({started}{self._during})")
        if missing := sorted(counts.keys() - newest.keys()):
            raise NotVerifiedError(f"{started}: no such metric of {', '.join(missing)}; correct `started`")
        return tuple(
            ProcessRun(
                instance=instance,
                coverage=self._coverage(points),
                answered=answered[instance],
                # Between two measurements a process may start more than once; that it did is what counts.
                restarts=max(int(restarts.get(instance, 0)), int(newest[instance] > oldest[instance])),
                started=datetime.fromtimestamp(newest[instance], UTC),
            )
            for instance, points in sorted(counts.items())
        )

    def errors(self, *, min_requests: int) -> tuple[ErrorWindow, ...]:
        """Return the error ratio in every five minutes that had requests enough; 2 queries."""
        names, during = self._names, f"[{_WINDOW.total_seconds():.0f}s]"
        chosen = f"{names.requests}{{{names.selector}}}"
        broken = f'{names.requests}{{{names.selector},{names.status_label}=~"5.."}}'
        totals = self._one(f"sum(increase({chosen}{during}))", _WINDOW, chosen)
        # Without a single error there is no such series.
        failed = dict(self._points(f"sum(increase({broken}{during}))", _WINDOW))
        return tuple(
            ErrorWindow(at=at, requests=requests, error_ratio=failed.get(at, 0.0) / requests)
            for at, requests in totals
            if requests >= min_requests
        )

    def response_times(self) -> Trend:
        """Return the trend of the mean response time of each hour, in seconds; 1 query."""
        names, during = self._names, f"[{_HOUR.total_seconds():.0f}s]"
        spent, count = (f"sum(rate({names.durations}_{part}{{{names.selector}}}{during}))" for part in ("sum", "count"))
        return trend_of(self._one(f"{spent} / {count}", _HOUR, f"{names.durations}_sum"))

    def memory(self) -> dict[str, Trend]:
        """Return by process the trend of its least memory in each hour since it started, in bytes; 2 queries."""
        names = self._names
        used = f"{names.memory}{{{names.selector}}}"
        lowest = self._range(f"min_over_time({used}[{_HOUR.total_seconds():.0f}s])", _HOUR, used)
        started = self._by_instance(f"{names.started}{{{names.selector}}}")
        found = {}
        for instance, points in lowest.items():
            if instance not in started:
                raise NotVerifiedError(f"{instance}: no {names.started} now; is it gone?")
            alive = datetime.fromtimestamp(started[instance], UTC) + _HOUR
            found[instance] = _trend(instance, tuple((at, value) for at, value in points if at >= alive))
        return found

    def killed_for_memory(self, metric: str, selector: str) -> dict[str, int]:
        """Return by host how many processes the kernel ended for want of memory; 1 query.

        Raises:
            NotVerifiedError: no host says.
        """
        expression = f"increase({metric}{{{selector}}}{self._during})"
        found = {sample.labels.get("instance", ""): round(sample.value) for sample in self._api.query(expression)}
        if not found:
            raise NotVerifiedError(f"{expression}: no such metric; correct `oom` or have node_exporter report vmstat")
        return found

    def _coverage(self, counts: Points) -> float:
        """Return the share of the time for which there are as many measurements as there are at best."""
        best = max(count for _, count in counts)
        return sum(count for _, count in counts) / best / math.ceil(self._duration / _WINDOW)

    def _by_instance(self, expression: str) -> dict[str, float]:
        label = self._names.instance_label
        return {sample.labels.get(label, ""): sample.value for sample in self._api.query(expression, self._now)}

    def _range(self, expression: str, step: timedelta, what: str) -> dict[str, Points]:
        """Return the points by process.

        Raises:
            NotVerifiedError: there is none.
        """
        found = {
            series.labels.get(self._names.instance_label, ""): series.points for series in self._ask(expression, step)
        }
        if not found:
            raise NotVerifiedError(f"{what}: nothing measured in {self._duration}; correct the selector and names")
        return found

    def _one(self, expression: str, step: timedelta, what: str) -> Points:
        points = tuple((at, value) for at, value in self._points(expression, step) if math.isfinite(value))
        if not points:
            raise NotVerifiedError(f"{what}: nothing measured in {self._duration}; correct the selector and names")
        return points

    def _points(self, expression: str, step: timedelta) -> Points:
        return next((series.points for series in self._ask(expression, step)), ())

    def _ask(self, expression: str, step: timedelta) -> Sequence[Series]:
        # Each point looks back one step: the first one at the end of the first step.
        start, seconds = self._now - self._duration + step, step.total_seconds()
        return self._api.query_range(expression, start=start, end=self._now, step_seconds=seconds)


def _trend(instance: str, points: Points) -> Trend:
    try:
        return trend_of(points)
    except NotVerifiedError as error:
        raise NotVerifiedError(f"{instance}: hourly memory since it started: {error}") from None
