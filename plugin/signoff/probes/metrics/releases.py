"""What Prometheus knows of one web application over one window: requests, errors, response times; and what is missing.

Other than `service_metrics`, which a check asks once, nothing is taken for granted here: a metric that was renamed or
is no longer collected is named as missing, not read as zero.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from signoff.probes.metrics.prometheus import Prometheus
    from signoff.probes.metrics.services import Names

_STATUS = re.compile(r"[1-5](\d\d|xx)")
_TARGET = ("job", "instance")

Gap = Literal["no-series", "no-status", "no-histogram", "short-histogram", "stale", "no-number"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The window that ends `at`; a value that is None could not be read, and `gaps` says why."""

    at: datetime
    requests: float | None
    errors: float | None
    """Answers with status 5xx."""
    timed: float | None
    """Requests whose response time was measured."""
    percentile_seconds: float | None
    mean_seconds: float | None
    gaps: tuple[tuple[Gap, str], ...]
    """What is missing, and the expression that shows it."""


class ReleaseMetrics:
    """One application's metrics over windows of one length.

    Args:
        limit_seconds: what the percentile will be compared with; a histogram must reach beyond it.
        stale_after: age at which the newest sample is too old.

    Raises (every method): what `Prometheus` raises.
    """

    def __init__(  # noqa: PLR0913 - what is measured, and by what it will be judged
        self,
        prometheus: Prometheus,
        names: Names,
        *,
        window: timedelta,
        percentile: float,
        limit_seconds: float,
        stale_after: timedelta,
    ) -> None:
        self._prometheus, self._names = prometheus, names
        self._window, self._percentile, self._limit = window, percentile, limit_seconds
        self._during, self._recent = _range(window), _range(stale_after)

    def read(self, at: datetime) -> Reading:
        """Return the window that ends at the instant, which is one of Prometheus' clock."""
        gaps: list[tuple[Gap, str]] = []
        requests, errors = self._requests(at, gaps)
        timed, percentile, mean = self._times(at, gaps)
        return Reading(
            at=at,
            requests=requests,
            errors=errors,
            timed=timed,
            percentile_seconds=percentile,
            mean_seconds=mean,
            gaps=tuple(gaps),
        )

    def _requests(self, at: datetime, gaps: list[tuple[Gap, str]]) -> tuple[float | None, float | None]:
        names = self._names
        series = f"{names.requests}{{{names.selector}}}"
        by_status = f"sum by ({names.status_label}) (increase({series}{self._during}))"
        counts = {one.labels.get(names.status_label, ""): one.value for one in self._prometheus.query(by_status, at)}
        if not counts:
            gaps.append(("no-series", by_status))
            return None, None
        if not all(math.isfinite(count) for count in counts.values()):
            gaps.append(("no-number", by_status))
            return None, None
        self._fresh(series, at, gaps)
        total = sum(counts.values())
        if any(count > 0 and not _STATUS.fullmatch(status) for status, count in counts.items()):
            gaps.append(("no-status", by_status))
            return total, None
        born = self._born_errors(at)
        failed = sum(count for status, count in counts.items() if status.startswith("5"))
        return total + born, failed + born

    def _born_errors(self, at: datetime) -> float:
        """Return the errors that `increase` does not see: those before a new series' first sample.

        A counter of errors comes into being with the first error, and Prometheus counts from its first sample on. What
        it held then happened in this window, if its target was already watched when the window began.
        """
        names, start = self._names, at - self._window
        chosen = f"{names.requests}{{{names.selector}}}"
        failing = f'{names.requests}{{{names.selector},{names.status_label}=~"5.."}}'
        first = self._prometheus.query(f"min_over_time({failing}{self._during})", at)
        if not first:
            return 0.0
        there = {_labels(one.labels) for one in self._prometheus.query(failing, start)}
        watched = {
            _target(one.labels) for one in self._prometheus.query(f"count by ({', '.join(_TARGET)}) ({chosen})", start)
        }
        return sum(one.value for one in first if _labels(one.labels) not in there and _target(one.labels) in watched)

    def _times(self, at: datetime, gaps: list[tuple[Gap, str]]) -> tuple[float | None, float | None, float | None]:
        name, chosen = self._names.durations, self._names.selector
        timed = self._number(f"sum(increase({name}_count{{{chosen}}}{self._during}))", at)
        spent = self._number(f"sum(increase({name}_sum{{{chosen}}}{self._during}))", at)
        if timed is None or spent is None:
            gaps.append(("no-histogram", f"{name}{{{chosen}}}"))
            return None, None, None
        self._fresh(f"{name}_count{{{chosen}}}", at, gaps)
        if not timed:
            return timed, None, None
        return timed, self._quantile(at, gaps), spent / timed

    def _quantile(self, at: datetime, gaps: list[tuple[Gap, str]]) -> float | None:
        """Return the percentile; None if the histogram cannot tell whether it is over the limit."""
        buckets = f"{self._names.durations}_bucket{{{self._names.selector}}}"
        bounds = [
            float(one.labels["le"])
            for one in self._prometheus.query(f"count by (le) ({buckets})", at)
            if _le(one.labels)
        ]
        if not bounds:
            gaps.append(("no-histogram", buckets))
            return None
        # What lies above the last bound is reported as that bound: at or below the limit it would never be over it.
        if max(bounds) <= self._limit:
            gaps.append(("short-histogram", buckets))
            return None
        quantile = f"histogram_quantile({self._percentile!r}, sum by (le) (rate({buckets}{self._during})))"
        value = self._number(quantile, at)
        if value is None:
            gaps.append(("no-number", quantile))
        return value

    def _fresh(self, series: str, at: datetime, gaps: list[tuple[Gap, str]]) -> None:
        recent = f"sum(count_over_time({series}{self._recent}))"
        if not self._number(recent, at):
            gaps.append(("stale", series))

    def _number(self, expression: str, at: datetime) -> float | None:
        """Return the one number; None if there is none, or it is none that can be compared."""
        values = [one.value for one in self._prometheus.query(expression, at)]
        return values[0] if len(values) == 1 and math.isfinite(values[0]) else None


def _range(duration: timedelta) -> str:
    return f"[{int(duration.total_seconds())}s]"


def _labels(labels: Mapping[str, str]) -> frozenset[tuple[str, str]]:
    return frozenset((name, value) for name, value in labels.items() if name != "__name__")


def _target(labels: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(labels.get(name, "") for name in _TARGET)


def _le(labels: Mapping[str, str]) -> bool:
    try:
        return math.isfinite(float(labels.get("le", "")))
    except ValueError:
        return False
