"""Elasticsearch and OpenSearch: lines, ingest lag, life cycles, disks, rules and saved searches."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import AuthenticationError, CouldNotCheckError, NotVerifiedError
from signoff.probes.logs.elastic import ElasticLog
from signoff.probes.logs.elastic_rules import KibanaRules, OpenSearchRules

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.contract

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def make(played: Any, session: Callable[..., Any]) -> Callable[..., ElasticLog]:
    def make_(*, opensearch: bool = False, kibana: str = "", secret: str = "ApiKey encoded") -> ElasticLog:
        opened = session(Authorization=secret)
        rules = (
            OpenSearchRules(opened, played.url, kibana or played.url)
            if opensearch
            else KibanaRules(opened, played.url, kibana or played.url, "ops")
        )
        return ElasticLog(opened, played.url, "logs-shop", rules)

    return make_


def test_newest_lines_carry_how_long_they_were_on_their_way(elastic: Any, make: Callable[..., ElasticLog]) -> None:
    elastic.take("web1", 5 * MINUTE)
    elastic.take("web1", MINUTE, lag=20 * SECOND)
    found = {one.source: one for one in make().newest(["web1", "web2"], ["shop"])}
    assert found["web1"].lag == found["service shop"].lag == 20 * SECOND
    assert found["web2"].at is None


def test_a_part_of_an_answer_is_no_answer(elastic: Any, make: Callable[..., ElasticLog]) -> None:
    elastic.take("web1", MINUTE)
    elastic.failed_shards = 1
    with pytest.raises(CouldNotCheckError, match="1 shards failed"):
        make().newest(["web1"])


def test_a_request_is_found_by_its_id(elastic: Any, make: Callable[..., ElasticLog]) -> None:
    elastic.take("web1", MINUTE, request_id="abc-1", http={"response": {"status": 200}})
    (line,) = make().search("abc-1", within=0).lines
    assert (line["request_id"], line["http.response.status"], line["host.name"]) == ("abc-1", 200, "web1")
    assert make().search("abc-2", within=0).lines == ()


def test_the_oldest_line(elastic: Any, make: Callable[..., ElasticLog]) -> None:
    assert make().oldest()[0].age is None
    elastic.take("web1", MINUTE)
    elastic.take("web1", 31 * DAY)
    assert round((make().oldest()[0].age or DAY) / DAY) == 31


def test_life_cycles_of_elasticsearch(elastic: Any, make: Callable[..., ElasticLog]) -> None:
    elastic.managed = {"logs-1": "short", "logs-2": "short", "logs-3": "forever", "stray": "", ".ds-events-2026-1": ""}
    elastic.policies = {
        "short": {"phases": {"hot": {"min_age": "0ms"}, "delete": {"min_age": "30d", "actions": {"delete": {}}}}},
        "forever": {"phases": {"hot": {"min_age": "0ms"}}},
    }
    elastic.streams = {"events": {"enabled": True, "data_retention": "7d"}}
    kept = {one.what: one.keeps.days if one.keeps else None for one in make().keeping()}
    assert kept == {"policy short": 30, "policy forever": None, "stray": None, "events": 7}
    elastic.managed = {}
    with pytest.raises(NotVerifiedError, match="no index of that name"):
        make().keeping()


def test_index_states_of_opensearch(elastic: Any, make: Callable[..., ElasticLog]) -> None:
    elastic.managed = {"logs-1": "short", "logs-2": "hoard", "stray": ""}
    hot = {
        "name": "hot",
        "actions": [],
        "transitions": [{"state_name": "gone", "conditions": {"min_index_age": "30d"}}],
    }
    elastic.policies = {
        "short": {
            "states": [hot, {"name": "gone", "actions": [{"retry": {"count": 3}, "delete": {}}], "transitions": []}]
        },
        "hoard": {"states": [{"name": "hot", "actions": [], "transitions": []}]},
    }
    kept = {one.what: one.keeps.days if one.keeps else None for one in make(opensearch=True).keeping()}
    assert kept == {"policy short": 30, "policy hoard": None, "stray": None}


def test_disks_against_the_watermark(elastic: Any, make: Callable[..., ElasticLog]) -> None:
    elastic.disks, elastic.managed, elastic.blocked = {"es1": 0.5, "es2": 0.9}, {"logs-1": ""}, True
    found = make().volumes()
    assert [(one.name, round(one.used, 2), one.limit, one.takes_lines) for one in found] == [
        ("es1", 0.5, 0.85, False),
        ("es2", 0.9, 0.85, False),
    ]
    elastic.disks, elastic.watermark, elastic.blocked = {"es1": 0.5}, "10gb", False
    assert [(one.limit, one.takes_lines) for one in make().volumes()] == [(None, True)]
    elastic.disks = {}
    with pytest.raises(NotVerifiedError, match="monitor privilege"):
        make().volumes()


def test_rules_of_kibana_from_every_page(elastic: Any, make: Callable[..., ElasticLog]) -> None:
    mail = {"id": "1", "connector_type_id": ".email"}
    elastic.rules = [
        {"name": "errors", "enabled": True, "mute_all": False, "actions": [mail]},
        {"name": "muted", "enabled": True, "mute_all": True, "actions": [mail]},
        {
            "name": "broken",
            "enabled": True,
            "actions": [],
            "execution_status": {"status": "error", "error": {"message": "no such index"}},
        },
        *({"name": f"rule {number}", "enabled": False, "actions": []} for number in range(150)),
    ]
    found = {one.name: one for one in make().alerts()}
    assert len(found) == 153
    assert (found["errors"].is_active, found["errors"].receivers) == (True, (".email",))
    assert not found["muted"].is_active
    assert (found["broken"].problem, found["broken"].receivers) == ("no such index", ())


def test_monitors_of_opensearch(elastic: Any, make: Callable[..., ElasticLog]) -> None:
    trigger = {"name": "many", "actions": [{"name": "mail", "destination_id": "mail-1"}]}
    elastic.monitors = [
        {"type": "monitor", "name": "errors", "enabled": True, "triggers": [{"query_level_trigger": trigger}]},
        {"type": "monitor", "name": "old", "enabled": False, "triggers": [trigger]},
        {"type": "monitor", "name": "deaf", "enabled": True, "triggers": [{"query_level_trigger": {"actions": []}}]},
    ]
    found = [(one.name, one.is_active, one.receivers) for one in make(opensearch=True).alerts()]
    assert found == [("errors", True, ("mail-1",)), ("old", False, ("mail-1",)), ("deaf", True, ())]


@pytest.mark.parametrize("opensearch", [False, True])
def test_saved_searches(elastic: Any, make: Callable[..., ElasticLog], *, opensearch: bool) -> None:
    elastic.searches = ["Errors", "One request"]
    assert make(opensearch=opensearch).views() == {"Errors", "One request"}


def test_what_is_refused_is_no_evidence(
    elastic: Any, make: Callable[..., ElasticLog], played: Any, session: Callable[..., Any]
) -> None:
    assert elastic.documents == []
    with pytest.raises(AuthenticationError, match="view_index_metadata"):
        make(secret="ApiKey other").oldest()
    with pytest.raises(NotVerifiedError, match=r"store\.kibana"):
        KibanaRules(session(), played.url, "").alerts()
    with pytest.raises(NotVerifiedError, match=r"store\.kibana"):
        OpenSearchRules(session(), played.url, "").views()
