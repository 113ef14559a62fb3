"""MON-SYS-1, MON-SYS-3, MON-SYS-5, MON-LOG-1 and MON-LOG-4."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.central_log import CentralLogService
from signoff.config.kinds.error_tracking import ErrorTrackingService
from signoff.config.kinds.prometheus import PrometheusService
from signoff.probes.metrics.prometheus import Rule, Runtime, ScrapeTarget
from signoff.probes.metrics.promql import Selector
from signoff.probes.products.central_log import Found, NewestLine
from signoff.probes.products.sentry import AlertRule, Ingest, Project

if TYPE_CHECKING:
    from collections.abc import Callable

METRICS, LOGS = "monitoring/test_observability.py", "monitoring/test_logging.py"
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


def metrics(
    *targets: ScrapeTarget,
    rules: tuple[Rule, ...] = (rule(), WATCHDOG),
    runtime: Runtime = RUNTIME,
    dead: dict[str, tuple[Selector, ...]] | None = None,
    alertmanagers: tuple[str, ...] = ("http://am:9093",),
    **settings: Any,
) -> Any:
    api = SimpleNamespace(
        now=lambda: NOW,
        targets=lambda: targets,
        rules=lambda: rules,
        runtime=lambda: runtime,
        dead_selectors=lambda _rules: dead or {},
        alertmanagers=lambda: alertmanagers,
    )
    service = PrometheusService(**({"url": "http://p:9090", "jobs": ("node",)} | settings))
    return SimpleNamespace(name="prometheus", settings=service, api=api)


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
    ],
)
def test_collection(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(METRICS, "prometheus_collects_from_every_target", metrics=given)
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


def tracker(
    outcomes: dict[str, int] | None = None, *, status: str = "active", rules: Any = None, seconds: float = 0.1
) -> Any:
    told = AlertRule(name="mail", is_active=True, actions=("Send an email",))
    return SimpleNamespace(
        name="sentry",
        settings=ErrorTrackingService(url="http://s", organization="acme", project="shop", token="t"),
        project=Project(id="1", slug="shop", status=status),
        ingest=Ingest(outcomes=outcomes if outcomes is not None else {"accepted": 100}),
        rules=(told,) if rules is None else rules,
        seconds=seconds,
    )


@pytest.mark.parametrize(
    ("outcomes", "verdict", "reason"),
    [
        ({"accepted": 95, "rate_limited": 5, "filtered": 999}, "PASS", ""),
        ({"accepted": 90, "invalid": 10}, "FAIL", "sentry: 10% of the events refused, limit is 5%"),
        ({"rate_limited": 3}, "FAIL", "sentry: 100% of the events refused"),
        ({}, "NOT_VERIFIED", "no event in 24h"),
        ({"filtered": 3}, "NOT_VERIFIED", "no event in 24h"),
    ],
)
def test_ingest(run_check: Callable[..., Any], outcomes: dict[str, int], verdict: str, reason: str) -> None:
    conclusion = run_check(METRICS, "error_tracker_takes_events_in", error_tracker=tracker(outcomes))
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (tracker(), "PASS", ""),
        (tracker(status="pending_deletion"), "FAIL", "project shop is pending_deletion"),
        (tracker(rules=()), "FAIL", "no active alert rule of shop does anything"),
        (tracker(rules=(AlertRule(name="a", is_active=False, actions=("x",)),)), "FAIL", "no active alert rule"),
        (tracker(rules=(AlertRule(name="a", is_active=True, actions=()),)), "FAIL", "no active alert rule"),
        (tracker(seconds=9), "FAIL", "its API took 9.0 s, limit is 5 s"),
    ],
)
def test_telling(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(METRICS, "error_tracker_is_responsive_and_tells_somebody", error_tracker=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


def logs(*newest: NewestLine, lines: tuple[dict[str, str], ...] = ()) -> Any:
    service = CentralLogService(host="mon1", path="/var/log/{host}.log", trace={"url": "https://shop.test/"})
    log = SimpleNamespace(
        newest=lambda _hosts: newest, search=lambda _text, within: Found(lines=lines, seconds=min(2.0, within))
    )
    return SimpleNamespace(name="central-log", settings=service, log=log, hosts=tuple(one.host for one in newest))


def line(host: str, age: float | None) -> NewestLine:
    if age is None:
        return NewestLine(host=host, at=None, age=None)
    return NewestLine(host=host, at=NOW, age=timedelta(seconds=age))


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (logs(line("web1", 5), line("web2", 899)), "PASS", ""),
        (logs(line("web1", -59)), "PASS", ""),
        (logs(line("web1", 5), line("web2", None)), "FAIL", "central-log: no line of web2"),
        (logs(line("web1", 3600)), "FAIL", "central-log: newest line older than 0:15:00: web1 (1:00:00)"),
        (logs(line("web1", -90)), "FAIL", "central-log: clock ahead by more than 0:01:00: web1 (0:01:30)"),
        (logs(), "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_collected_logs(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(LOGS, "every_host_logs_centrally", logs=given)
    assert (conclusion.state, conclusion.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("request_id", "lines", "verdict", "reason"),
    [
        ("abc", ({"request_id": "abc"},), "PASS", ""),
        ("abc", ({"message": "abc"}, {"request_id": "abc"}), "PASS", ""),
        ("abc", (), "FAIL", "central-log: request abc is not in the central log after 2 s"),
        ("abc", ({"request_id": "abcd"},), "FAIL", "request abc is not in the central log"),
        ("", (), "NOT_VERIFIED", "answers without X-Request-ID"),
    ],
)
def test_tracing(
    run_check: Callable[..., Any], request_id: str, lines: tuple[dict[str, str], ...], verdict: str, reason: str
) -> None:
    conclusion = run_check(
        LOGS, "a_request_can_be_found_in_the_central_log", logs=logs(lines=lines), traced_request=request_id
    )
    assert conclusion.state == verdict
    assert reason in conclusion.reason
