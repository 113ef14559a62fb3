"""MON-SYS-1 to MON-SYS-4, RBK-TRG-2 and INT-FIN-4: each check as it should be, as it should not, and in the dark."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from signoff.config.kinds.alertmanager import AlertmanagerService
from signoff.config.kinds.grafana import GrafanaService
from signoff.config.kinds.on_call import OnCallService
from signoff.probes.products.alert_routing import Matcher, read_routing
from signoff.probes.products.alertmanager import HeldAlert, Silence
from signoff.probes.products.grafana import DataSource, Shown
from signoff.probes.products.grafana_dashboard import Dashboard, Panel
from signoff.probes.products.on_call import OnCallPerson
from signoff.probes.products.status_page import Component, StatusPage

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 11, 22, tzinfo=UTC)
ALERTING = "monitoring/alerting/test_alerting.py"
DASHBOARDS = "monitoring/dashboards/test_dashboards.py"
STATUS = "monitoring/status_page/test_status_page.py"
TRAINING, AUTHORITY = "integration/training/test_training.py", "rollback/authority/test_authority.py"
CRITICAL = {"HighErrorRate": {"alertname": "HighErrorRate", "severity": "critical"}}
TREE: dict[str, Any] = {
    "route": {"receiver": "chat", "routes": [{"receiver": "pager", "matchers": ['severity="critical"']}]},
    "receivers": [{"name": "chat"}, {"name": "pager", "webhook_configs": [{"url": "http://x"}]}],
}


def silence(*matchers: str, hours: float = 1, comment: str = "deployment") -> Silence:
    parsed = tuple(Matcher(name=one.partition("=")[0], operator="=", value=one.partition("=")[2]) for one in matchers)
    return Silence(
        id="1", matchers=parsed, starts=NOW, ends=NOW + timedelta(hours=hours), comment=comment, created_by="Kim"
    )


def alerting(tree: Any = TREE, *silences: Silence, held: str = "active", alerts: Any = None) -> Any:
    watchdog = {"alertname": "Watchdog", "severity": "none"}
    return SimpleNamespace(
        name="am",
        settings=AlertmanagerService(
            url="http://am", prometheus="p", pager=("pager",), heartbeat={"url": "http://h", "max_age": "5m"}
        ),
        routing=read_routing(yaml.safe_dump(tree)),
        silences=silences,
        held=(HeldAlert(labels=watchdog, receivers=("chat",), state=held, updated=NOW),) if held else (),
        alerts=CRITICAL if alerts is None else alerts,
        watchdog=watchdog,
    )


MUTE = {**TREE, "receivers": [{"name": "chat"}, {"name": "pager"}]}
AT_NIGHT_ONLY = {
    **TREE,
    "route": {"receiver": "chat", "routes": [{"receiver": "pager", "active_time_intervals": ["night"]}]},
}
INHIBITED = {
    **TREE,
    "inhibit_rules": [{"source_matchers": ['severity="none"'], "target_matchers": ['severity="critical"']}],
}


@pytest.mark.parametrize(
    ("check", "given", "verdict", "reason"),
    [
        ("alerts_are_routed_to_the_pager", alerting(), "PASS", ""),
        ("alerts_are_routed_to_the_pager", alerting(MUTE), "FAIL", "the receiver pager tells nobody"),
        ("alerts_are_routed_to_the_pager", alerting(AT_NIGHT_ONLY), "FAIL", "HighErrorRate goes to pager"),
        (
            "alerts_are_routed_to_the_pager",
            alerting(alerts={"Slow": {"alertname": "Slow"}}),
            "FAIL",
            "does not reach the pager at every hour: Slow goes to chat",
        ),
        ("alerts_are_routed_to_the_pager", alerting(alerts={}), "NOT_VERIFIED", "nothing inspected"),
        ("no_alert_is_kept_quiet_by_another_that_always_fires", alerting(), "PASS", ""),
        ("no_alert_is_kept_quiet_by_another_that_always_fires", alerting(INHIBITED), "FAIL", "HighErrorRate"),
        ("silences_are_bounded", alerting(), "PASS", ""),
        ("silences_are_bounded", alerting(TREE, silence("instance=db1")), "PASS", ""),
        ("silences_are_bounded", alerting(TREE, silence("instance=db1", hours=25)), "FAIL", "limit is 1 day"),
        ("silences_are_bounded", alerting(TREE, silence()), "FAIL", "keeps everything quiet"),
        ("silences_are_bounded", alerting(TREE, silence("alertname=Watchdog")), "FAIL", "keeps the watchdog quiet"),
        ("silences_are_bounded", alerting(TREE, silence("instance=db1", comment="")), "FAIL", "gives no reason"),
    ],
)
def test_alerting(run_check: Callable[..., Any], check: str, given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(ALERTING, check, alerting=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("held", "age", "verdict", "reason"),
    [
        ("active", 60, "PASS", ""),
        ("active", -60, "PASS", ""),
        ("active", 301, "FAIL", "arrived at its receiver 0:05:01 ago"),
        ("active", None, "FAIL", "never arrived"),
        ("suppressed", 60, "FAIL", "Watchdog is suppressed"),
        ("", 60, "FAIL", "does not arrive from Prometheus"),
        ("active", -900, "NOT_VERIFIED", "correct the clock"),
    ],
)
def test_watchdog(run_check: Callable[..., Any], held: str, age: int | None, verdict: str, reason: str) -> None:
    noted = None if age is None else NOW - timedelta(seconds=age)
    conclusion = run_check(
        ALERTING,
        "watchdog_arrives_end_to_end",
        alerting=alerting(held=held),
        heartbeat=lambda: noted,
        evaluated_at=NOW,
    )
    assert conclusion.state == verdict
    assert reason in conclusion.reason


def shown(series: int = 1, *, cannot_ask: str = "", error: str = "") -> Shown:
    return Shown(dashboard="shop", panel="Requests", series=series, cannot_ask=cannot_ask, error=error)


def dashboards(*panels: Shown, health: str = "ok", sources: tuple[DataSource, ...] = (), missing: bool = False) -> Any:
    board = Dashboard(uid="shop", title="Shop", panels=(Panel(title="Requests", questions=()),))
    api = SimpleNamespace(health=lambda: health, shown=lambda *_, **__: panels, sources=lambda _: sources)
    settings = GrafanaService(
        url="http://g",
        token="t",
        dashboards=("shop",),
        may_be_empty=({"dashboard": "shop", "panel": "Errors", "reason": "there are none"},),
    )
    there = () if missing else (board,)
    return SimpleNamespace(
        name="grafana", settings=settings, api=api, there=there, found={"shop": None if missing else board}
    )


def source(health: str) -> DataSource:
    return DataSource(uid="p", name="Prometheus", type="prometheus", health=health)


@pytest.mark.parametrize(
    ("check", "given", "verdict", "reason"),
    [
        ("dashboards_exist", dashboards(), "PASS", ""),
        ("dashboards_exist", dashboards(missing=True), "FAIL", "there is no dashboard shop"),
        ("dashboards_exist", dashboards(health="failing"), "FAIL", "its database is failing"),
        ("every_panel_shows_data", dashboards(shown()), "PASS", ""),
        ("every_panel_shows_data", dashboards(shown(0)), "FAIL", "panels that show nothing: shop/Requests"),
        ("every_panel_shows_data", dashboards(shown(0, error="refused")), "FAIL", "shop/Requests (refused)"),
        ("every_panel_shows_data", dashboards(shown(0, cannot_ask="no $x")), "NOT_VERIFIED", "shop/Requests (no $x)"),
        ("every_panel_shows_data", dashboards(), "NOT_VERIFIED", "nothing inspected"),
        ("data_sources_are_healthy", dashboards(sources=(source("OK"),)), "PASS", ""),
        ("data_sources_are_healthy", dashboards(sources=(source("ERROR: gone"),)), "FAIL", "Prometheus ERROR: gone"),
        ("data_sources_are_healthy", dashboards(sources=(source(""),)), "NOT_VERIFIED", "update its plugin"),
    ],
)
def test_dashboards(run_check: Callable[..., Any], check: str, given: Any, verdict: str, reason: str) -> None:
    more = {"evaluated_at": NOW} if check == "every_panel_shows_data" else {}
    conclusion = run_check(DASHBOARDS, check, dashboards=given, **more)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(("answered", "verdict"), [(False, "PASS"), (True, "FAIL")])
def test_strangers(run_check: Callable[..., Any], answered: bool, verdict: str) -> None:
    check = "nobody_looks_at_dashboards_without_signing_in"
    target = SimpleNamespace(name="grafana")
    assert run_check(DASHBOARDS, check, target=target, answers_strangers=lambda: answered).state == verdict


@pytest.mark.parametrize(
    ("page", "product", "verdict", "reason"),
    [
        ({"status.page.io": ("9.9.9.9",)}, {"shop.test": ("1.1.1.1",)}, "PASS", ""),
        ({"status.shop.test": ("9.9.9.9",)}, {"www.shop.test": ("1.1.1.1",)}, "FAIL", "product's own domain shop.test"),
        ({"status.page.io": ("1.1.1.9",)}, {"shop.test": ("1.1.1.1",)}, "FAIL", "product's network 1.1.1.0/24"),
        ({"status.page.io": ("9.9.9.9",)}, {}, "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_independence(run_check: Callable[..., Any], page: Any, product: Any, verdict: str, reason: str) -> None:
    given = SimpleNamespace(name="status", page=page, product=product)
    conclusion = run_check(STATUS, "status_page_is_independent_of_the_product", places=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("components", "untold", "verdict", "reason"),
    [
        ((Component(name="Shop", status="operational"),), (), "PASS", ""),
        ((Component(name="Old", status="operational"),), (), "FAIL", "tells nothing about Shop for shop"),
        ((Component(name="Shop", status="major_outage"),), (), "FAIL", "Shop (major_outage)"),
        ((Component(name="Shop", status="operational"),), ("admin",), "NOT_VERIFIED", "named for admin"),
    ],
)
def test_components(run_check: Callable[..., Any], components: Any, untold: Any, verdict: str, reason: str) -> None:
    page = StatusPage(name="Shop", indicator="none", components=components)
    given = SimpleNamespace(name="status", page=page, wanted={"shop": "Shop"}, untold=untold)
    conclusion = run_check(STATUS, "status_page_tells_about_every_service", told=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


def person(name: str, *ways: str) -> OnCallPerson:
    return OnCallPerson(id=name, name=name, ways=frozenset(ways or ("phone",)))


def on_call(*people: OnCallPerson) -> Any:
    settings = OnCallService(provider="file", path="x.yaml", training="t.yaml")
    return SimpleNamespace(name="rota", settings=settings, shifts=people)


@pytest.mark.parametrize(
    ("trained", "verdict", "reason"),
    [
        ({"a": 10, "b": 365}, "PASS", ""),
        ({"a": 10, "b": 366}, "FAIL", "on call without training: b (366 days ago)"),
        ({"a": 10, "b": None}, "FAIL", "b (never)"),
        ({}, "NOT_VERIFIED", "nobody has a shift"),
    ],
)
def test_training(run_check: Callable[..., Any], trained: dict[str, int | None], verdict: str, reason: str) -> None:
    dated = {who: None if days is None else NOW - timedelta(days=days) for who, days in trained.items()}
    conclusion = run_check(TRAINING, "everybody_on_call_is_trained", on_call=on_call(), trained=dated, evaluated_at=NOW)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (on_call(person("a"), person("b", "sms")), "PASS", ""),
        (on_call(person("a")), "FAIL", "1 people take turns, needed are 2"),
        (on_call(person("a"), person("b", "email")), "FAIL", "cannot be woken: b"),
        (on_call(), "NOT_VERIFIED", "nobody has a shift"),
    ],
)
def test_turns(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(TRAINING, "enough_people_take_turns_and_can_be_woken", on_call=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason
