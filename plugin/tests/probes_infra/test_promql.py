"""Which metrics an expression needs, over the shapes that rules really have."""

from __future__ import annotations

import pytest

from signoff.probes.metrics.promql import Selector, selectors_of, threshold_of


@pytest.mark.parametrize(
    ("expression", "metrics"),
    [
        ("up == 0", ["up"]),
        ("vector(1)", []),
        ("time() - backup_last_success_timestamp_seconds > 93600", ["backup_last_success_timestamp_seconds"]),
        ('sum(rate(http_requests_total{job="shop",status=~"5.."}[5m])) by (job)', ['http_requests_total{job="shop"}']),
        (
            'histogram_quantile(0.95, sum by (le, job) (rate(latency_bucket{job="shop"}[1m]))) > 1',
            ['latency_bucket{job="shop"}'],
        ),
        ("a / on (host, job) group_left (name) b{x='}'} > bool 0.5", ["a", "b"]),
        ("a unless b or c and ignoring(x) d", ["a", "b", "c", "d"]),
        ("absent(a) or absent_over_time(b[5m])", []),
        ("absent(a) and b", ["b"]),
        ('{__name__="a",job="x"} > 1', ['a{job="x"}']),
        ('{__name__=~"a.*"}', []),
        ("max_over_time(job:errors:rate5m[1h:5m] offset 1d) > 1e-3", ["job:errors:rate5m"]),
        ("a # b is only named here\n > 2", ["a"]),
        ("rate(a[5m] @ end()) > 0 and 5m", ["a"]),
        ('label_replace(a, "dst", "$1", "src", "(.*)")', ["a"]),
        ("count(a) > Inf or NaN", ["a"]),
        ("a{", ["a"]),
        ("", []),
    ],
)
def test_metrics_are_found_and_nothing_else(expression: str, metrics: list[str]) -> None:
    assert [str(selector) for selector in selectors_of(expression)] == metrics


def test_each_metric_is_named_once() -> None:
    assert selectors_of("a / a") == (Selector(metric="a"),)


@pytest.mark.parametrize(
    ("expression", "threshold"),
    [
        ("a > 0.05", "> 0.05"),
        ("a / b >= bool 1e2 ", ">= 100"),
        ("a < -1", "< -1"),
        ("up == 0", "== 0"),
        ("a > b", None),
        ("a", None),
        ("(a > 5) and b", None),
    ],
)
def test_the_final_comparison_is_the_threshold(expression: str, threshold: str | None) -> None:
    found = threshold_of(expression)
    assert (str(found) if found else None) == threshold
