"""MON-SYS-1 and MON-SYS-3."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.prometheus import PrometheusService
from signoff.probes.metrics.prometheus import Rule, Runtime, ScrapeTarget
from signoff.probes.metrics.promql import Selector

if TYPE_CHECKING:
    from collections.abc import Callable

METRICS = "monitoring/test_observability.py"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def scrape(job: str = "node", *, health: str = "up", age: float = 10) -> ScrapeTarget:
    return ScrapeTarget(
        job=job,
        labels={},
        url="http://web1:9100/metrics",
        health=health,
        last_error="" if health == "up" else "connection refused",
        last_scrape=NOW - timedelta(seconds=age),
        interval_seconds=15,
    )


def rule(name: str = "HighErrorRate", **changes: Any) -> Rule:
    values: dict[str, Any] = {
        "type": "alerting",
        "expression": "errors / requests > 0.05",
        "hold_seconds": 300,
        "labels": {"severity": "critical"},
        "health": "ok",
        "last_error": "",
        "state": "inactive",
    }
    return Rule(name=name, **(values | changes))


WATCHDOG = rule("Watchdog", expression="vector(1)", state="firing")
RUNTIME = Runtime(is_ready=True, config_loaded=True, corruptions=0, retention="15d")


def metrics(  # noqa: PLR0913 - each is one thing that a server says
    *targets: ScrapeTarget,
    rules: tuple[Rule, ...] = (rule(), WATCHDOG),
    runtime: Runtime = RUNTIME,
    dead: dict[str, tuple[Selector, ...]] | None = None,
    alertmanagers: tuple[str, ...] = ("http://am:9093",),
    hosts: tuple[str, ...] = (),
    absent: tuple[str, ...] = (),
    oldest: timedelta | None = None,
    **settings: Any,
) -> Any:
    api = SimpleNamespace(
        now=lambda: NOW,
        targets=lambda: targets,
        rules=lambda: rules,
        runtime=lambda: runtime,
        dead_selectors=lambda _rules: dead or {},
        alertmanagers=lambda: alertmanagers,
        query=lambda expression: () if expression in {f"count({name})" for name in absent} else (1,),
        oldest_sample=lambda: oldest,
    )
    service = PrometheusService(**({"url": "http://p:9090", "jobs": ("node",)} | settings))
    return SimpleNamespace(name="prometheus", settings=service, api=api, hosts=hosts)


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (metrics(scrape(), scrape("shop"), jobs=("node", "shop")), "PASS", ""),
        (metrics(scrape(), jobs=("node", "shop")), "FAIL", "prometheus: no target in the jobs shop"),
        (
            metrics(scrape(), scrape(health="down")),
            "FAIL",
            "prometheus: targets not up: node http://web1:9100/metrics connection refused",
        ),
        (metrics(scrape(), scrape(health="unknown")), "FAIL", "prometheus: targets not up"),
        (metrics(scrape(age=60)), "FAIL", "prometheus: not asked for 3 intervals: node http://web1:9100/metrics"),
        (metrics(), "FAIL", "prometheus: no target in the jobs node"),
        (metrics(scrape(), hosts=("web1",)), "FAIL", "in the inventory and no target: node web1"),
        (metrics(scrape(), instances={"node": ("db9",)}), "FAIL", "in the inventory and no target: node db9"),
    ],
)
def test_collection(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(METRICS, "prometheus_collects_from_every_target", metrics=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (metrics(), "PASS", ""),
        (metrics(metrics=("pg_up",), absent=("pg_up",)), "FAIL", "prometheus: has no series of pg_up"),
        (metrics(absent=("node_cpu_seconds_total",)), "FAIL", "has no series of node_cpu_seconds_total"),
        (metrics(dead={"job:errors": (Selector(metric="errors"),)}), "FAIL", "for lack of what they need: job:errors"),
    ],
)
def test_metrics_relied_on(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(METRICS, "metrics_that_are_relied_on_are_collected", metrics=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("retention", "oldest", "verdict", "reason"),
    [
        ("15d", None, "PASS", ""),
        ("14d", None, "FAIL", "keeps samples for 14 days, 0:00:00, needed are 15 days"),
        ("15d or 100GB", timedelta(days=16), "PASS", ""),
        ("15d or 100GB", timedelta(days=3), "NOT_VERIFIED", "limited by size"),
        ("100GB", None, "NOT_VERIFIED", "limited by size"),
        ("1d or 100GB", timedelta(days=16), "FAIL", "keeps samples for 1 day"),
        ("", None, "NOT_VERIFIED", "does not say for how long"),
        ("for ever", None, "NOT_VERIFIED", "not known here"),
    ],
)
def test_retention(
    run_check: Callable[..., Any], retention: str, oldest: timedelta | None, verdict: str, reason: str
) -> None:
    runtime = Runtime(is_ready=True, config_loaded=True, corruptions=0, retention=retention)
    given = metrics(runtime=runtime, oldest=oldest)
    conclusion = run_check(METRICS, "samples_are_kept_long_enough", metrics=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("changes", "rules", "verdict", "reason"),
    [
        ({}, (rule(),), "PASS", ""),
        ({}, (rule(health="unknown"),), "PASS", ""),
        ({"is_ready": False}, (), "FAIL", "prometheus: not ready"),
        ({"config_loaded": False}, (), "FAIL", "the last configuration reload failed"),
        ({"corruptions": 2}, (), "FAIL", "2 corruptions"),
        ({}, (rule(health="err", last_error="many-to-many"),), "FAIL", "rules fail: HighErrorRate: many-to-many"),
    ],
)
def test_configuration(
    run_check: Callable[..., Any], changes: dict[str, Any], rules: tuple[Rule, ...], verdict: str, reason: str
) -> None:
    values: dict[str, Any] = {"is_ready": True, "config_loaded": True, "corruptions": 0, "retention": ""} | changes
    given = metrics(rules=rules, runtime=Runtime(**values))
    conclusion = run_check(METRICS, "prometheus_runs_on_its_current_configuration", metrics=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


REQUIRED = {"name": "HighErrorRate", "threshold": 0.05, "labels": {"severity": "critical"}}


@pytest.mark.parametrize(
    ("rules", "alerts", "verdict", "reason"),
    [
        ((rule(),), [REQUIRED], "PASS", ""),
        ((rule(expression="absent(up)"),), [{"name": "HighErrorRate"}], "PASS", ""),
        ((), [REQUIRED], "FAIL", "prometheus: no alert rule HighErrorRate"),
        ((rule(type="recording"),), [REQUIRED], "FAIL", "prometheus: no alert rule HighErrorRate"),
        (
            (rule(expression="errors > 0.5"),),
            [REQUIRED],
            "FAIL",
            "prometheus: HighErrorRate fires at > 0.5, required is > 0.05",
        ),
        ((rule(expression="errors < 0.05"),), [REQUIRED], "FAIL", "fires at < 0.05"),
        ((rule(expression="errors"),), [REQUIRED], "FAIL", "fires at no threshold"),
        ((rule(hold_seconds=3600),), [REQUIRED], "FAIL", "waits 3600 s, limit is 600 s"),
        ((rule(labels={}),), [REQUIRED], "FAIL", "has the labels {'severity': None}"),
        ((rule(),), [], "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_alerts(
    run_check: Callable[..., Any], rules: tuple[Rule, ...], alerts: list[Any], verdict: str, reason: str
) -> None:
    given = metrics(rules=rules, alerts=alerts)
    conclusion = run_check(METRICS, "required_alerts_exist_with_their_thresholds", metrics=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (metrics(), "PASS", ""),
        (
            metrics(dead={"HighErrorRate": (Selector(metric="errors", job="shop"),)}),
            "FAIL",
            'prometheus: can never fire: HighErrorRate needs errors{job="shop"}',
        ),
        (metrics(rules=()), "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_dead_rules(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(METRICS, "alert_rules_can_fire", metrics=given)
    assert (conclusion.state, conclusion.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (metrics(), "PASS", ""),
        (metrics(alertmanagers=(), min_alertmanagers=0), "PASS", ""),
        (metrics(rules=(rule(),)), "FAIL", "no always-firing alert Watchdog"),
        (metrics(rules=(rule("Watchdog"),)), "FAIL", "Watchdog is inactive, it must fire"),
        (metrics(alertmanagers=()), "FAIL", "0 Alertmanagers take its alerts, needed are 1"),
    ],
)
def test_delivery(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(METRICS, "alerting_is_alive_from_end_to_end", metrics=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason
