"""The guard's questions in the embedded environment: its server understands each, and says what a real one says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from signoff.demo.promql import Store
from signoff.probes.metrics.prometheus import Prometheus, Sample
from signoff.probes.metrics.releases import ReleaseMetrics
from signoff.probes.metrics.services import Names

if TYPE_CHECKING:
    from signoff.probes.metrics.releases import Reading

BASE = datetime(2025, 6, 28, 5, tzinfo=UTC)
NAMES = Names(
    selector='job="shop"',
    requests="http_requests_total",
    durations="http_request_duration_seconds",
    route_label="route",
    status_label="status",
)


class Answers:
    """Answers instant queries from a store, as the server does."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def query(self, expression: str, at: datetime) -> tuple[Sample, ...]:
        result = self._store.query(expression, at.timestamp() * 1_000)["data"]["result"]
        return tuple(
            Sample(labels=one["metric"], value=float(one["value"][1]), at=at) for one in cast("list[Any]", result)
        )


def scrapes(*, born: int, every: int = 5) -> Store:
    """Return ten minutes of an instance that answers ten times a second, and fails 60 times in second `born`."""
    store = Store(lookback_delta_ms=60_000)
    for second in range(0, 601, every):
        lines = [f'http_requests_total{{job="shop",instance="app1",status="200"}} {second * 10}']
        if second >= born:
            lines.append('http_requests_total{job="shop",instance="app1",status="500"} 60')
        for bound in ("0.1", "0.5", "1", "2.5", "+Inf"):
            labels = f'job="shop",instance="app1",le="{bound}"'
            lines.append(f"http_request_duration_seconds_bucket{{{labels}}} {second * (9 if bound == '0.1' else 10)}")
        lines += [
            f'http_request_duration_seconds_sum{{job="shop",instance="app1"}} {second * 2}',
            f'http_request_duration_seconds_count{{job="shop",instance="app1"}} {second * 10}',
        ]
        at = BASE + timedelta(seconds=second)
        store.ingest("\n".join([*lines, ""]), timestamp_ms=int(at.timestamp() * 1_000))
    return store


def read(store: Store, second: int, **options: Any) -> Reading:
    metrics = ReleaseMetrics(
        cast("Prometheus", Answers(store)),
        NAMES,
        window=timedelta(minutes=2),
        percentile=0.95,
        stale_after=timedelta(seconds=20),
        **{"limit_seconds": 1.0, **options},
    )
    return metrics.read(BASE + timedelta(seconds=second))


def test_a_window_is_read() -> None:
    reading = read(scrapes(born=10_000), 600)
    assert reading.gaps == ()
    assert reading.requests == pytest.approx(1_200, rel=0.05)
    assert reading.errors == 0
    assert reading.timed == reading.requests
    assert reading.percentile_seconds == pytest.approx(0.3, abs=0.05)
    assert reading.mean_seconds == pytest.approx(0.2)


def test_errors_before_a_series_first_sample_are_counted() -> None:
    reading = read(scrapes(born=540), 600)
    assert reading.errors == 60
    assert reading.requests == pytest.approx(1_260, rel=0.05)


def test_old_errors_are_not_counted() -> None:
    assert read(scrapes(born=100), 600).errors == 0


def test_a_new_instance_is_counted_from_its_first_sample_only() -> None:
    """What it had counted before it was watched may be of any time."""
    store = scrapes(born=10_000)
    for second in range(540, 601, 5):
        at = BASE + timedelta(seconds=second)
        line = f'http_requests_total{{job="shop",instance="app2",status="500"}} {9_000 + second}\n'
        store.ingest(line, timestamp_ms=int(at.timestamp() * 1_000))
    assert read(store, 600).errors == pytest.approx(60, abs=10)


@pytest.mark.parametrize(
    ("second", "options", "gap"),
    [(640, {}, "stale"), (2_000, {}, "no-series"), (600, {"limit_seconds": 2.5}, "short-histogram")],
)
def test_what_is_missing_is_named(second: int, options: dict[str, Any], gap: str) -> None:
    reading = read(scrapes(born=10_000), second, **options)
    assert gap in [why for why, _ in reading.gaps]
