"""MON-LOG-1 to MON-LOG-4 and MON-SYS-5: every check red, green and unable to tell, by facts made by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.central_log import CentralLogService
from signoff.config.kinds.error_tracking import ErrorTrackingService
from signoff.probes.logs.model import Found, Keeping, LogAlert, NewestLine, OldestLine, Volume
from signoff.probes.products.sentry import AlertRule, Ingest, Project

if TYPE_CHECKING:
    from collections.abc import Callable

METRICS, LOGS = "monitoring/test_observability.py", "monitoring/test_logging.py"
NOW = datetime(2026, 11, 22, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


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


def logs(*newest: NewestLine, lines: tuple[dict[str, str], ...] = (), took: float = 0.1, **settings: Any) -> Any:
    service = CentralLogService(
        **{"host": "mon1", "path": "/var/log/{host}.log", "trace": {"url": "https://shop.test/"}, **settings}
    )
    log = SimpleNamespace(
        newest=lambda _hosts, _services: newest,
        search=lambda _text, within: Found(lines=lines, seconds=min(2.0, within), search_seconds=took),
        keeping=lambda: settings_of("keeping"),
        oldest=lambda: settings_of("oldest"),
        volumes=lambda: settings_of("volumes"),
        views=lambda: settings_of("views"),
    )
    told: dict[str, Any] = {}

    def settings_of(name: str) -> Any:
        return told[name]

    return SimpleNamespace(
        name="central-log", settings=service, log=log, hosts=tuple(one.source for one in newest), told=told
    )


def telling(given: Any, **facts: Any) -> Any:
    given.told.update(facts)
    return given


def line(source: str, age: float | None, lag: float | None = None, *, at_most: bool = False) -> NewestLine:
    if age is None:
        return NewestLine(source=source, at=None, age=None)
    return NewestLine(
        source=source,
        at=NOW,
        age=timedelta(seconds=age),
        lag=None if lag is None else timedelta(seconds=lag),
        lag_at_most=at_most,
    )


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (logs(line("web1", 5), line("web2", 899)), "PASS", ""),
        (logs(line("web1", -59)), "PASS", ""),
        (logs(line("web1", 5), line("service shop", None)), "FAIL", "central-log: no line of service shop"),
        (logs(line("web1", 3600)), "FAIL", "central-log: newest line older than 0:15:00: web1 (1:00:00)"),
        (logs(line("web1", -90)), "FAIL", "central-log: clock ahead by more than 0:01:00: web1 (0:01:30)"),
        (logs(), "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_collected_logs(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(LOGS, "every_host_logs_centrally", logs=given)
    assert (conclusion.state, conclusion.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("newest", "verdict", "reason"),
    [
        ((line("web1", 5, 0.2), line("web2", 800, 59)), "PASS", ""),
        ((line("web1", 5, 61),), "FAIL", "on their way for more than 0:01:00: web1 (0:01:01)"),
        ((line("web1", 50, 50, at_most=True),), "PASS", ""),
        ((line("web1", 300, 300, at_most=True),), "NOT_VERIFIED", "nobody knows how long lines of web1"),
        ((line("web1", 5),), "NOT_VERIFIED", "received_field"),
        ((line("web1", 5, 0.1), line("web2", None)), "NOT_VERIFIED", "lines of web2"),
    ],
)
def test_ingest_lag(run_check: Callable[..., Any], newest: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(LOGS, "log_lines_arrive_without_delay", logs=logs(*newest))
    assert conclusion.state == verdict
    assert reason in conclusion.reason


def keeps(days: int | None) -> Keeping:
    return Keeping(what="shop", keeps=None if days is None else days * DAY, source="policy")


@pytest.mark.parametrize(
    ("keeping", "limits", "verdict", "reason"),
    [
        ((keeps(30),), {}, "PASS", ""),
        ((keeps(None),), {}, "PASS", ""),
        ((keeps(30), keeps(60)), {"max": "60d"}, "PASS", ""),
        ((keeps(30), keeps(3)), {}, "FAIL", "central-log: kept for less than 30 days: shop: 3 days (policy)"),
        ((keeps(90),), {"max": "60d"}, "FAIL", "kept for more than 60 days"),
        ((keeps(None),), {"max": "60d"}, "FAIL", "shop: for ever (policy)"),
        ((), {}, "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_retention(run_check: Callable[..., Any], keeping: Any, limits: Any, verdict: str, reason: str) -> None:
    given = telling(logs(retention=limits), keeping=keeping)
    conclusion = run_check(LOGS, "logs_are_kept_as_agreed", logs=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("age", "limits", "verdict", "reason"),
    [
        (30 * DAY, {}, "PASS", ""),
        (29.2 * DAY, {}, "PASS", ""),
        (28 * DAY, {}, "FAIL", "oldest line younger than 29 days, 0:00:00: shop (28 days, 0:00:00)"),
        (None, {}, "FAIL", "shop (no line)"),
        (10 * DAY, {"since": "2026-11-12T00:00:00Z"}, "PASS", ""),
        (8 * DAY, {"since": "2026-11-12T00:00:00Z"}, "FAIL", "younger than 9 days"),
        (92 * DAY, {"max": "90d"}, "FAIL", "lines older than 90 days"),
    ],
)
def test_oldest_line(run_check: Callable[..., Any], age: Any, limits: Any, verdict: str, reason: str) -> None:
    given = telling(logs(retention=limits), oldest=(OldestLine(what="shop", age=age),))
    conclusion = run_check(LOGS, "oldest_log_line_is_as_old_as_agreed", logs=given, evaluated_at=NOW)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("volumes", "verdict", "reason"),
    [
        ((Volume(name="mon1:/var/log space", used=0.8),), "PASS", ""),
        ((), "PASS", ""),
        ((Volume(name="mon1:/var/log inodes", used=0.81),), "FAIL", "too full: mon1:/var/log inodes 81%"),
        ((Volume(name="es1", used=0.78, limit=0.75),), "FAIL", "too full: es1 78%"),
        ((Volume(name="es1", used=0.5, takes_lines=False),), "FAIL", "takes no more lines"),
    ],
)
def test_room(run_check: Callable[..., Any], volumes: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(LOGS, "log_storage_has_room", logs=telling(logs(), volumes=volumes))
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("kept", "verdict", "reason"),
    [
        ((30, 30 * DAY, 900 * DAY), "PASS", ""),
        ((None, 30 * DAY, 900 * DAY), "PASS", ""),
        ((30, 5 * DAY, 5.5 * DAY), "PASS", ""),
        ((7, 7 * DAY, 900 * DAY), "FAIL", "sentry: keeps events for 7 days, agreed are 30 to 90"),
        ((180, 30 * DAY, 900 * DAY), "FAIL", "keeps events for 180 days"),
        ((90, 95 * DAY, 900 * DAY), "FAIL", "events older than 90 days are still there"),
        ((30, 9 * DAY, 900 * DAY), "NOT_VERIFIED", "nothing proves"),
        ((30, None, None), "NOT_VERIFIED", "nothing proves"),
    ],
)
def test_kept_events(run_check: Callable[..., Any], kept: Any, verdict: str, reason: str) -> None:
    days, oldest, project = kept
    given = SimpleNamespace(name="sentry", settings=tracker().settings, days=days, oldest=oldest, project=project)
    conclusion = run_check(LOGS, "error_tracker_keeps_events_as_agreed", kept_events=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


def alert(name: str = "ErrorLogBurst", **changes: Any) -> LogAlert:
    return replace(LogAlert(name=name, is_active=True, receivers=("pager",)), **changes)


@pytest.mark.parametrize(
    ("alerts", "required", "verdict", "reason"),
    [
        ((alert(),), ["ErrorLogBurst"], "PASS", ""),
        ((alert("Other"),), [], "PASS", ""),
        ((alert("Other"),), ["ErrorLogBurst"], "FAIL", "central-log: no rule ErrorLogBurst"),
        ((alert(receivers=()),), ["ErrorLogBurst"], "FAIL", "tells nobody: ErrorLogBurst"),
        ((alert(is_active=False),), [], "FAIL", "switched off: ErrorLogBurst"),
        ((alert(problem="no such index"),), [], "FAIL", "does not work: ErrorLogBurst: no such index"),
        ((), [], "NOT_VERIFIED", "name where they are in `alerts`"),
    ],
)
def test_log_alerts(run_check: Callable[..., Any], alerts: Any, required: Any, verdict: str, reason: str) -> None:
    given = logs(alerts={"required": required})
    conclusion = run_check(LOGS, "error_log_alerts_reach_somebody", logs=given, log_alerts=alerts)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


DEAF = AlertRule(name="page", is_active=True, actions=())


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (tracker(), "PASS", ""),
        (tracker(rules=()), "FAIL", "no active rule of shop tells anybody"),
        (tracker(rules=(DEAF, AlertRule(name="mail", is_active=True, actions=("x",)))), "FAIL", "tells nobody: page"),
        (tracker(rules=(AlertRule(name="off", is_active=False, actions=("x",)),)), "FAIL", "no active rule"),
        (tracker({}), "NOT_VERIFIED", "no event was accepted in 24h"),
    ],
)
def test_tracker_rules(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(LOGS, "error_tracker_rules_reach_somebody", error_tracker=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("request_id", "lines", "took", "verdict", "reason"),
    [
        ("abc", ({"request_id": "abc"},), 0.1, "PASS", ""),
        ("abc", ({"message": "abc"}, {"request_id": "abc"}), 0.1, "PASS", ""),
        ("abc", (), 0.1, "FAIL", "central-log: request abc is not in the central log after 2 s"),
        ("abc", ({"request_id": "abcd"},), 0.1, "FAIL", "request abc is not in the central log"),
        ("abc", ({"request_id": "abc"},), 6.0, "FAIL", "a search takes 6.0 s, limit is 5 s"),
        ("", (), 0.1, "NOT_VERIFIED", "answers without X-Request-ID"),
    ],
)
def test_tracing(  # noqa: PLR0913, PLR0917 - one row of the table
    run_check: Callable[..., Any],
    request_id: str,
    lines: tuple[dict[str, str], ...],
    took: float,
    verdict: str,
    reason: str,
) -> None:
    given = logs(lines=lines, took=took)
    conclusion = run_check(LOGS, "a_request_can_be_found_in_the_central_log", logs=given, traced_request=request_id)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("named", "there", "verdict", "reason"),
    [
        (["errors"], {"errors", "slow"}, "PASS", ""),
        (["errors", "slow"], {"errors"}, "FAIL", "central-log: no view slow"),
        ([], {"errors"}, "NOT_VERIFIED", "no saved view is named"),
    ],
)
def test_views(run_check: Callable[..., Any], named: Any, there: Any, verdict: str, reason: str) -> None:
    given = telling(logs(views=named), views=frozenset(there))
    conclusion = run_check(LOGS, "saved_views_of_the_log_are_there", logs=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason
