from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
import requests

from signoff.demo import faults
from signoff.demo.errortracking_stats import Outcome, StatsError, summarize
from signoff.probes.products.sentry import Sentry
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.demo.layout import Layout

pytestmark = pytest.mark.contract

NOW = datetime(2026, 11, 22, 12, 34, 56, tzinfo=UTC)
QUERY = {"field": ["sum(quantity)"], "groupBy": ["outcome"], "statsPeriod": ["24h"], "interval": ["1h"]}
STATS = "/api/0/organizations/demo/stats_v2/"


class Client:
    """Sentry's API, as the tests ask it."""

    def __init__(self, layout: Layout) -> None:
        self.base = f"http://127.0.0.1:{layout.port('sentry')}"
        self.headers = {"Authorization": f"Bearer {layout.password('sentry_token')}"}

    def get(self, path: str, **params: str) -> requests.Response:
        return requests.get(self.base + path, params=params, headers=self.headers, timeout=30)

    def send(self, *, key: str = "shop", endpoint: str = "store", body: Any = None) -> requests.Response:
        headers = {"X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={key}, sentry_client=test/1"}
        return requests.post(f"{self.base}/api/1/{endpoint}/", data=body or b"{}", headers=headers, timeout=30)

    def count(self, outcome: str) -> int:
        answer = self.get(STATS, field="sum(quantity)", groupBy="outcome", statsPeriod="24h", interval="1h").json()
        totals = {group["by"]["outcome"]: group["totals"]["sum(quantity)"] for group in answer["groups"]}
        return int(totals.get(outcome, 0))


@pytest.fixture
def client(demo: Layout) -> Client:
    return Client(demo)


@pytest.fixture
def limited(demo: Layout) -> Iterator[None]:
    faults.inject(demo, "error-tracking-degraded")
    yield
    faults.heal(demo, "error-tracking-degraded")


@pytest.mark.demo
def test_shop_reported_its_start(client: Client) -> None:
    assert client.count("accepted") >= 4


@pytest.mark.demo
def test_event_is_taken_and_counted(client: Client) -> None:
    before, event_id = client.count("accepted"), uuid.uuid4().hex
    answer = client.send(body=json.dumps({"event_id": event_id, "message": "x"}))
    assert (answer.status_code, answer.json()) == (200, {"id": event_id})
    envelope = f'{{"event_id": "{event_id}"}}\n{{"type": "event"}}\n{{}}\n'
    assert client.send(endpoint="envelope", body=envelope).json() == {"id": event_id}
    assert client.count("accepted") == before + 2


@pytest.mark.demo
def test_unknown_client_key_is_refused_and_counted(client: Client) -> None:
    before = client.count("invalid")
    assert client.send(key="stranger").status_code == 401
    assert client.count("invalid") == before + 1


@pytest.mark.demo
@pytest.mark.usefixtures("limited")
def test_degraded_tracker_loses_events_while_its_health_looks_fine(client: Client) -> None:
    before = client.count("rate_limited")
    statuses = [client.send().status_code for _ in range(4)]
    assert statuses == [429] * 4
    assert client.count("rate_limited") == before + 4
    assert client.get("/_health/").status_code == 200


@pytest.mark.demo
def test_api_needs_the_token(demo: Layout, client: Client) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": demo.password("sentry_token")}):
        answer = requests.get(client.base + STATS, headers=headers, timeout=30)
        assert answer.status_code == 401
        assert set(answer.json()) == {"detail"}


@pytest.mark.demo
@pytest.mark.parametrize("path", ["/api/0/organizations/other/stats_v2/", "/api/0/projects/demo/other/", "/nothing"])
def test_what_does_not_exist_is_404(client: Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.demo
def test_statistics_have_the_published_shape(client: Client) -> None:
    answer = client.get(STATS, field="sum(quantity)", groupBy="outcome", statsPeriod="24h", interval="1h").json()
    assert set(answer) == {"start", "end", "intervals", "groups"}
    for group in answer["groups"]:
        assert set(group) == {"by", "totals", "series"}
        assert sum(group["series"]["sum(quantity)"]) == group["totals"]["sum(quantity)"]
        assert len(group["series"]["sum(quantity)"]) == len(answer["intervals"])


@pytest.mark.demo
def test_malformed_question_is_400(client: Client) -> None:
    assert client.get(STATS, groupBy="outcome").status_code == 400
    assert client.get(STATS, field="sum(quantity)").status_code == 400
    assert client.get(STATS, field="sum(quantity)", groupBy="weather").status_code == 400
    assert client.get(STATS, field="sum(quantity)", groupBy="outcome", statsPeriod="soon").status_code == 400


@pytest.mark.demo
def test_our_own_probe_understands_it(client: Client) -> None:
    session = Session(origins=[client.base], headers=client.headers)
    sentry = Sentry(session, client.base, "demo")
    project = sentry.project("shop")
    assert project.status == "active"
    assert sentry.ingest(project, "24h").accepted == client.count("accepted")
    (rule,) = sentry.rules(project)
    assert rule.is_active
    assert rule.actions


def test_counts_fall_into_their_hours() -> None:
    outcomes = [
        Outcome(at=NOW - timedelta(hours=2), outcome="accepted"),
        Outcome(at=NOW - timedelta(minutes=1), outcome="accepted"),
        Outcome(at=NOW - timedelta(minutes=1), outcome="rate_limited"),
        Outcome(at=NOW - timedelta(days=2), outcome="accepted"),
    ]
    answer = summarize(outcomes, QUERY, now=NOW, retention=timedelta(days=30))
    assert answer["end"] == "2026-11-22T13:00:00Z"
    totals = {group["by"]["outcome"]: group["totals"]["sum(quantity)"] for group in answer["groups"]}
    assert totals == {"accepted": 2, "rate_limited": 1}
    accepted = next(group for group in answer["groups"] if group["by"]["outcome"] == "accepted")
    hours = dict(zip(answer["intervals"], accepted["series"]["sum(quantity)"], strict=True))
    assert hours["2026-11-22T10:00:00Z"] == 1
    assert hours["2026-11-22T12:00:00Z"] == 1


def test_what_is_older_than_the_retention_is_gone() -> None:
    outcomes = [Outcome(at=NOW - timedelta(days=5), outcome="accepted")]
    query = {**QUERY, "statsPeriod": ["7d"], "interval": ["1d"]}
    assert summarize(outcomes, query, now=NOW, retention=timedelta(days=3))["groups"] == []
    assert summarize(outcomes, query, now=NOW, retention=timedelta(days=30))["groups"]


def test_groups_by_several_labels() -> None:
    outcomes = [Outcome(at=NOW - timedelta(minutes=1), outcome="rate_limited")]
    query = {**QUERY, "groupBy": ["outcome", "reason"]}
    (group,) = summarize(outcomes, query, now=NOW, retention=timedelta(days=30))["groups"]
    assert group["by"] == {"outcome": "rate_limited", "reason": "key_quota"}


@pytest.mark.parametrize("wrong", [{"interval": ["0h"]}, {"start": ["x"], "end": ["y"]}, {"groupBy": []}])
def test_nonsense_is_refused(wrong: dict[str, list[str]]) -> None:
    with pytest.raises(StatsError):
        summarize([], {**QUERY, **wrong}, now=NOW, retention=timedelta(days=30))
