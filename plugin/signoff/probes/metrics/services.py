"""What Prometheus knows of one web application: requests, errors, response times and routes within a window."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from datetime import timedelta

    from signoff.probes.metrics.prometheus import Prometheus


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """How the application's metrics are called."""

    selector: str
    """Label matchers that pick the application, such as `job="shop"`."""
    requests: str
    durations: str
    """Histogram, without `_bucket`."""
    route_label: str
    status_label: str
    method_label: str = ""
    """Empty: methods are not told apart."""

    @classmethod
    def of(cls, entry: Any) -> Names:
        """Return the names in an inventory entry: in anything that has these fields."""
        return cls(**{one.name: getattr(entry, one.name) for one in fields(cls)})


@dataclass(frozen=True, kw_only=True, slots=True)
class Traffic:
    """The requests of the window."""

    requests: float
    errors: float
    p95_seconds: float
    p99_seconds: float = 0.0
    source: str = "Prometheus"

    @property
    def error_ratio(self) -> float:
        """Answers with status 5xx, of all."""
        return self.errors / self.requests if self.requests else 0.0


class ServiceMetrics:
    """The application's metrics over one window that ends now.

    Raises (every method): what `Prometheus` raises.
    """

    def __init__(self, prometheus: Prometheus, names: Names, window: timedelta) -> None:
        self._prometheus = prometheus
        self._names = names
        self._window = window
        self._during = f"[{int(window.total_seconds())}s]"

    def traffic(self, *, min_requests: int, route: str = "") -> Traffic:
        """Return the traffic of all routes, or of one.

        Raises:
            NotVerifiedError: too few requests in the window to say anything, or no histogram.
        """
        names, during = self._names, self._during
        chosen = f'{names.selector},{names.route_label}="{route}"' if route else names.selector
        requests = self._prometheus.scalar(f"sum(increase({names.requests}{{{chosen}}}{during}))") or 0.0
        if requests < min_requests:
            raise NotVerifiedError(
                f"{names.requests}{{{chosen}}}: {requests:.0f} requests in {self._window}, at least {min_requests} are "
                "needed; wait for traffic or correct metrics in the inventory"
            )
        # Without a single error there is no such series, and the sum of nothing is nothing.
        broken = f'{{{chosen},{names.status_label}=~"5.."}}'
        errors = self._prometheus.scalar(f"sum(increase({names.requests}{broken}{during}))")
        buckets = f"{names.durations}_bucket{{{chosen}}}"
        rates = f"sum by (le) (rate({buckets}{during}))"
        p95, p99 = (self._prometheus.scalar(f"histogram_quantile({share}, {rates})") for share in ("0.95", "0.99"))
        if p95 is None or p99 is None:
            raise NotVerifiedError(f"{buckets}: no histogram; correct metrics in the inventory")
        return Traffic(requests=requests, errors=errors or 0.0, p95_seconds=p95, p99_seconds=p99)

    def unhandled(self, window: timedelta) -> int:
        """Return how many answers with status 500 there were within a window of their own.

        Raises:
            NotVerifiedError: no request at all is counted there.
        """
        names, during = self._names, f"[{int(window.total_seconds())}s]"
        if not self._prometheus.scalar(f"sum(increase({names.requests}{{{names.selector}}}{during}))"):
            raise NotVerifiedError(f"{names.requests}: no request in {window}; correct metrics in the inventory")
        broken = f'{{{names.selector},{names.status_label}="500"}}'
        return round(self._prometheus.scalar(f"sum(increase({names.requests}{broken}{during}))") or 0.0)

    def routes(self) -> frozenset[str]:
        """Return the routes that were asked within the window, with their method before them if there is a label.

        Raises:
            NotVerifiedError: none, or the requests carry no such label.
        """
        names = self._names
        labels = f"{names.method_label}, {names.route_label}" if names.method_label else names.route_label
        # A method that a route refuses is nobody's route.
        refused = f',{names.status_label}!="405"' if names.method_label else ""
        by_route = f"sum by ({labels}) (increase({names.requests}{{{names.selector}{refused}}}{self._during}))"
        samples = self._prometheus.query(by_route)
        asked = [sample.labels for sample in samples if sample.value > 0]
        if not any(labels.get(names.route_label, "") for labels in asked):
            raise NotVerifiedError(f"{by_route}: no route label; correct metrics in the inventory or add the label")
        return frozenset(
            f"{labels.get(names.method_label, '')} {labels.get(names.route_label, '')}".strip() for labels in asked
        )
