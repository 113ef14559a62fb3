"""Prometheus' HTTP API: answers as its documentation has them, and answers that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.probes.metrics.hosts import read_coverage, read_forecasts, read_peaks
from signoff.probes.metrics.prometheus import Prometheus, open_prometheus, parse_seconds
from signoff.probes.metrics.promql import Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from http.server import BaseHTTPRequestHandler

pytestmark = pytest.mark.contract

TARGET = {
    "discoveredLabels": {"__address__": "10.0.0.1:9100"},
    "labels": {"instance": "web1", "job": "node"},
    "scrapePool": "node",
    "scrapeUrl": "http://10.0.0.1:9100/metrics",
    "lastError": "",
    "lastScrape": "2026-11-22T10:00:00.123456789+09:00",
    "health": "up",
    "scrapeInterval": "1m0s",
    "scrapeTimeout": "10s",
}
RULE = {
    "name": "HighErrorRate",
    "query": 'sum(rate(errors_total{job="shop"}[5m])) / sum(rate(requests_total[5m])) > 0.05',
    "duration": 300,
    "labels": {"severity": "critical"},
    "annotations": {},
    "alerts": [],
    "health": "ok",
    "state": "inactive",
    "type": "alerting",
}


class Answers(dict[str, Any]):
    """Data by API path; the query decides what `query` answers."""

    def __init__(self) -> None:
        super().__init__(
            targets={"activeTargets": [TARGET], "droppedTargets": []},
            rules={"groups": [{"name": "shop", "rules": [RULE]}]},
            alertmanagers={"activeAlertmanagers": [{"url": "http://am:9093/api/v2/alerts"}]},
            query_range={"resultType": "matrix", "result": []},
        )
        self["status/runtimeinfo"] = {"reloadConfigSuccess": True, "corruptionCount": 0, "storageRetention": "15d"}
        self.samples: dict[str, list[Any]] = {}

    def routes(self) -> dict[str, Any]:
        routes: dict[str, Any] = {
            f"/api/v1/{path}": (200, {}, json.dumps({"status": "success", "data": data})) for path, data in self.items()
        }
        return routes | {"/-/ready": (200, {}, "ready"), "/api/v1/query": self._query}

    def _query(self, handler: BaseHTTPRequestHandler) -> None:
        expression = parse_qs(urlsplit(handler.path).query)["query"][0]
        result = self.samples.get(expression, [])
        kind = "scalar" if result and not isinstance(result[0], dict) else "vector"
        body = json.dumps({"status": "success", "data": {"resultType": kind, "result": result}}).encode()
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def api(serve: Callable[..., Any], answers: Answers) -> Iterator[Callable[[], Prometheus]]:
    """Give a function that starts serving the answers as they are then."""
    opened: list[Any] = []

    def start() -> Prometheus:
        server = serve(answers.routes())
        opened.append(server)
        client = open_prometheus(f"http://{server.__enter__()}/")
        opened.append(client)
        return client.__enter__()

    yield start
    for one in reversed(opened):
        one.__exit__(None, None, None)


def test_targets_are_read_with_their_times(api: Callable[[], Prometheus]) -> None:
    (target,) = api().targets()
    assert (target.job, target.health, target.interval_seconds) == ("node", "up", 60)
    assert target.last_scrape == datetime(2026, 11, 22, 1, 0, 0, 123456, UTC)
    assert target.missed_scrapes(target.last_scrape + timedelta(minutes=3)) == 3


def test_a_target_that_was_never_asked_is_infinitely_late(api: Callable[[], Prometheus], answers: Answers) -> None:
    answers["targets"] = {"activeTargets": [TARGET | {"lastScrape": "0001-01-01T00:00:00Z", "health": "unknown"}]}
    (target,) = api().targets()
    assert target.missed_scrapes(datetime(2026, 1, 1, tzinfo=UTC)) > 1e6


def test_rules_show_their_threshold_and_health(api: Callable[[], Prometheus]) -> None:
    (rule,) = api().rules()
    assert (rule.name, str(rule.threshold), rule.hold_seconds, rule.health) == ("HighErrorRate", "> 0.05", 300, "ok")


def test_a_rule_whose_metric_does_not_exist_is_dead(api: Callable[[], Prometheus], answers: Answers) -> None:
    answers.samples = {"count(requests_total)": [{"metric": {}, "value": [1, "3"]}]}
    client = api()
    assert client.dead_selectors(client.rules()) == {"HighErrorRate": (Selector(metric="errors_total", job="shop"),)}


def test_the_servers_own_state_is_read(api: Callable[[], Prometheus]) -> None:
    client = api()
    runtime = client.runtime()
    assert (runtime.is_ready, runtime.config_loaded, runtime.corruptions) == (True, True, 0)
    assert client.alertmanagers() == ("http://am:9093/api/v2/alerts",)


def test_numbers_are_read_as_numbers(api: Callable[[], Prometheus], answers: Answers) -> None:
    answers.samples = {
        "one": [{"metric": {"a": "b"}, "value": [1_700_000_000.5, "0.25"]}],
        "two": [{"metric": {}, "value": [1, "1"]}, {"metric": {}, "value": [1, "2"]}],
        "nan": [{"metric": {}, "value": [1, "NaN"]}],
        "time()": [1_700_000_000, "1700000000"],
    }
    client = api()
    assert client.scalar("one") == 0.25
    assert client.query("one")[0].labels == {"a": "b"}
    assert client.scalar("nothing") is None
    assert client.scalar("nan") is None
    assert client.now() == datetime.fromtimestamp(1_700_000_000, UTC)
    with pytest.raises(NotVerifiedError, match="2 series"):
        client.scalar("two")


@pytest.mark.parametrize(("seconds", "age"), [("86400", timedelta(days=1)), ("-9.22337035e+15", None)])
def test_a_server_without_a_sample_knows_no_oldest_one(
    api: Callable[[], Prometheus], answers: Answers, seconds: str, age: timedelta | None
) -> None:
    asked = "time() - min(prometheus_tsdb_lowest_timestamp_seconds)"
    answers.samples = {asked: [{"metric": {}, "value": [1, seconds]}]}
    assert api().oldest_sample() == age


def test_a_hosts_coverage_is_its_own(api: Callable[[], Prometheus], answers: Answers) -> None:
    answers["targets"] = {"activeTargets": [TARGET, TARGET | {"labels": {"instance": "web2", "job": "node"}}]}
    answers.samples = {'count(node_load1{instance="web1"})': [{"metric": {}, "value": [1, "1"]}]}
    coverage = read_coverage(api(), job="node", label="instance", host="web1", metrics=["node_load1", "node_x"])
    assert [target.labels["instance"] for target in coverage.targets] == ["web1"]
    assert coverage.metrics == {"node_load1"}


def test_peaks_are_the_worst_of_the_window(api: Callable[[], Prometheus], answers: Answers) -> None:
    answers["query_range"]["result"] = [{"metric": {}, "values": [[1000, "0.9"], [1300, "0.25"], [1600, "0.6"]]}]
    peaks = read_peaks(api(), label="instance", host="web1", window=timedelta(days=14))
    assert (peaks.cpu, peaks.memory, peaks.points) == (0.75, 0.75, 3)
    assert peaks.covered == timedelta(minutes=10)


def test_a_host_without_measurements_has_no_peaks(api: Callable[[], Prometheus]) -> None:
    with pytest.raises(NotVerifiedError, match="web1"):
        read_peaks(api(), label="instance", host="web1", window=timedelta(days=14))


def test_disks_are_followed_to_the_day_when_they_are_full(api: Callable[[], Prometheus], answers: Answers) -> None:
    day = 86_400

    def series(mount: str, *free: int, fstype: str = "ext4") -> dict[str, Any]:
        values = [[number * day, str(value)] for number, value in enumerate(free, start=1)]
        return {"metric": {"mountpoint": mount, "fstype": fstype}, "values": values}

    answers["query_range"]["result"] = [
        series("/data", 400, 300, 200, 100),
        series("/", 100, 200, 300, 400),
        series("/still", 100, 100),
        series("/run", 300, 200, 100, fstype="tmpfs"),
        series("/once", 100),
    ]
    found = {one.mount: one for one in read_forecasts(api(), label="instance", host="web1", window=timedelta(days=14))}
    assert set(found) == {"/", "/data", "/still"}
    assert found["/data"].full_in == timedelta(days=1)
    assert found["/data"].covered == timedelta(days=3)
    assert found["/"].full_in is None
    assert found["/still"].full_in is None
    answers["query_range"]["result"] = []
    with pytest.raises(NotVerifiedError, match="web1: Prometheus has no measurements of its file systems"):
        read_forecasts(api(), label="instance", host="web1", window=timedelta(days=14))


@pytest.mark.parametrize(
    ("answer", "error", "reason"),
    [
        ((200, {}, "<html>Grafana</html>"), NotVerifiedError, "no answer of Prometheus"),
        ((200, {}, "[]"), NotVerifiedError, "no answer of Prometheus"),
        ((200, {}, '{"status":"success","data":{}}'), NotVerifiedError, "no activeTargets"),
        ((400, {}, '{"status":"error","errorType":"bad_data","error":"parse error"}'), NotVerifiedError, "parse error"),
        ((503, {}, "upstream down"), UnreachableError, "503"),
        ((401, {}, ""), AuthenticationError, "credentials"),
    ],
)
def test_what_is_no_answer_is_no_evidence(
    serve: Callable[..., Any], answer: Any, error: type[Exception], reason: str
) -> None:
    with (
        serve({"/api/v1/targets": answer}) as address,
        open_prometheus(f"http://{address}") as client,
        pytest.raises(error, match=reason),
    ):
        client.targets()


@pytest.mark.parametrize(
    ("text", "seconds"), [("15s", 15), ("1m30s", 90), ("1h0m0s", 3600), ("500ms", 0.5), ("", None), ("soon", None)]
)
def test_durations_are_read(text: str, seconds: float | None) -> None:
    assert parse_seconds(text) == seconds
