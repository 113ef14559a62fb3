"""Loki: newest and oldest lines, retention that is really applied, rules with a receiver, one request's id."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import AuthenticationError, NotVerifiedError
from signoff.probes.logs.loki import LokiLog

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def log(played: Any, session: Callable[..., Any]) -> LokiLog:
    opened = session(X_Scope_OrgID="shop")
    return LokiLog(opened, played.url, selector='{job="shop"}', grafana=(opened, played.url))


def test_newest_lines_of_hosts_and_services(loki: Any, log: LokiLog) -> None:
    loki.push("web1", 5 * MINUTE)
    loki.push("web1", MINUTE)
    loki.push("web2", 3 * DAY)
    found: dict[str, Any] = {one.source: one for one in log.newest(["web1", "web2", "web3"], ["shop", "worker"])}
    assert round(found["web1"].age / MINUTE) == round(found["service shop"].age / MINUTE) == 1
    assert found["web1"].lag_at_most
    assert [found[name].at for name in ("web2", "web3", "service worker")] == [None] * 3


def test_a_request_is_found_by_its_id_with_the_fields_of_its_line(loki: Any, log: LokiLog) -> None:
    loki.push("web1", MINUTE, '{"request_id": "abc-1", "status": 200}')
    loki.push("web1", MINUTE, "level=info request_id=abc-2 status=200")
    assert log.search("abc-1", within=0).lines[0]["request_id"] == "abc-1"
    assert log.search("abc-2", within=0).lines[0]["request_id"] == "abc-2"
    assert log.search('"quoted" \\ id', within=0).lines == ()


def test_the_oldest_line_is_looked_for_beyond_the_longest_query(loki: Any, log: LokiLog) -> None:
    assert log.oldest()[0].age is None
    loki.push("web1", 45 * DAY)
    loki.push("web1", MINUTE)
    assert round((log.oldest()[0].age or DAY) / DAY) == 45


@pytest.mark.parametrize(
    ("configuration", "keeps"),
    [
        ({"limits_config": {"retention_period": "744h"}, "compactor": {"retention_enabled": True}}, [31]),
        ({"limits_config": {"retention_period": "0s"}, "compactor": {"retention_enabled": True}}, [None]),
        ({"limits_config": {"retention_period": "744h"}, "compactor": {"retention_enabled": False}}, [None]),
        ({"limits_config": {"retention_period": "744h"}}, [None]),
        ({"table_manager": {"retention_deletes_enabled": True, "retention_period": "28d"}}, [28]),
        (
            {
                "limits_config": {
                    "retention_period": "30d",
                    "retention_stream": [{"selector": '{level="debug"}', "period": "24h", "priority": 1}],
                },
                "compactor": {"retention_enabled": True},
            },
            [30, 1],
        ),
    ],
)
def test_retention_counts_only_if_something_deletes(loki: Any, log: LokiLog, configuration: Any, keeps: Any) -> None:
    loki.configuration = configuration
    assert [one.keeps.days if one.keeps else None for one in log.keeping()] == keeps


def test_rules_tell_whoever_the_ruler_sends_them_to(loki: Any, log: LokiLog) -> None:
    loki.rules = [
        {"type": "alerting", "name": "Errors", "health": "ok", "query": "…"},
        {"type": "alerting", "name": "Broken", "health": "err", "lastError": "parse error"},
        {"type": "recording", "name": "errors:rate", "health": "ok"},
    ]
    errors, broken = log.alerts()
    assert (errors.name, errors.receivers, errors.problem) == ("Errors", ("http://alertmanager:9093",), "")
    assert broken.problem == "parse error"
    loki.configuration["ruler"] = {"alertmanager_url": ""}
    assert [one.receivers for one in log.alerts()] == [(), ()]


def test_room_is_the_providers_business_in_object_storage_only(loki: Any, log: LokiLog) -> None:
    assert log.volumes() == ()
    loki.configuration["common"] = {"storage": {"filesystem": {"chunks_directory": "/loki"}, "s3": {"bucketnames": ""}}}
    with pytest.raises(NotVerifiedError, match="disk check"):
        log.volumes()


def test_views_are_grafanas(loki: Any, log: LokiLog, played: Any, session: Callable[..., Any]) -> None:
    loki.dashboards = ["Errors"]
    assert log.views() == {"Errors"}
    with pytest.raises(NotVerifiedError, match=r"store\.grafana"):
        LokiLog(session(), played.url, selector="{}").views()


def test_what_is_closed_is_no_evidence(loki: Any, log: LokiLog, played: Any, session: Callable[..., Any]) -> None:
    with pytest.raises(AuthenticationError, match="tenant"):
        LokiLog(session(X_Scope_OrgID="other"), played.url, selector='{job="shop"}').newest(["web1"])
    loki.closed = frozenset({"/config"})
    with pytest.raises(AuthenticationError, match="/config"):
        log.keeping()
    loki.closed, loki.configuration = frozenset(), {"limits_config": {"max_query_length": "7d1h"}}
    with pytest.raises(NotVerifiedError, match="400"):
        log.oldest()
