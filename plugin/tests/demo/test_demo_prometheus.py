"""The Prometheus API over real scrapes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest
import requests
import yaml

from signoff.demo import load_balancer, prometheus, supervision
from signoff.demo.layout import HOSTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signoff.demo.layout import Layout

    Ask = Callable[..., Any]

pytestmark = pytest.mark.demo


@pytest.fixture
def ask(demo: Layout) -> Iterator[Ask]:
    with requests.Session() as session:
        session.trust_env = False

        def get(path: str, **params: Any) -> Any:
            answer = session.get(f"http://127.0.0.1:{demo.port('prometheus')}/api/v1/{path}", params=params, timeout=30)
            document = answer.json()
            assert document["status"] == "success", document
            return document["data"]

        yield get


def alerts(ask: Ask) -> dict[str, str]:
    return {alert["labels"]["alertname"]: alert["state"] for alert in ask("alerts")["alerts"]}


def test_every_target_is_up(ask: Ask) -> None:
    def found() -> dict[tuple[str, str], str]:
        targets = ask("targets", state="active")["activeTargets"]
        return {(target["labels"]["job"], target["labels"]["host"]): target["health"] for target in targets}

    expected = {
        *(("node", host) for host in HOSTS),
        *{("shop", "app1"), ("shop", "app2"), ("haproxy", "lb1"), ("prometheus", "mon1")},
    }
    assert set(found()) == expected
    assert wait(lambda: found() == dict.fromkeys(expected, "up"))


def test_every_host_has_the_usual_metrics(ask: Ask) -> None:
    for metric in (
        "node_cpu_seconds_total",
        "node_memory_MemAvailable_bytes",
        "node_filesystem_avail_bytes",
        "node_network_receive_bytes_total",
        "node_vmstat_oom_kill",
    ):
        result = ask("query", query=f"sum by (instance) ({metric}) or vector(0)")["result"]
        assert {series["metric"]["instance"] for series in result if series["metric"]} == set(HOSTS), metric


def test_components_tell_about_themselves(ask: Ask) -> None:
    for expression, expected in {
        'pg_up{host="db1"}': "1",
        'pg_replication_is_replica{host="db2"}': "1",
        "redis_memory_max_bytes": str(64 * 1024 * 1024),
        'process_resident_memory_bytes{instance="app1"} > 1000000 unless absent(up)': None,
        'haproxy_backend_active_servers{proxy="shop_blue"}': "2",
    }.items():
        # What was stopped by another test may be back since the last scrape.
        assert wait(lambda asked=(expression, expected): is_answered(ask, *asked)), expression  # type: ignore[misc]


def is_answered(ask: Ask, expression: str, expected: str | None) -> bool:
    """Return whether there is one series, with the expected value."""
    result = ask("query", query=expression)["result"]
    return len(result) == 1 and expected in {None, result[0]["value"][1]}


def test_requests_are_counted_and_timed(demo: Layout, ask: Ask) -> None:
    def number(query: str) -> float:
        result = ask("query", query=query)["result"]
        return float(result[0]["value"][1]) if result else 0.0

    count = 'sum(http_requests_total{instance="app1",route="/api/products",status="200"})'
    before = number(count)
    for _ in range(20):
        requests.get(f"http://127.0.0.1:{demo.port('app1')}/api/products", timeout=30)
    assert wait(lambda: number(count) >= before + 20)
    # The load balancer asks every second: there is a rate once two scrapes have seen it. The last bucket ends at 5 s.
    quantile = "histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket[1m])))"
    assert wait(lambda: 0 < number(quantile) <= 5)
    now = time.time()
    matrix = ask("query_range", query="up", start=now - 10, end=now, step="2s")
    assert matrix["resultType"] == "matrix"
    assert matrix["result"][0]["values"]


def test_rules_are_healthy_and_the_watchdog_fires(ask: Ask) -> None:
    def found() -> dict[str, Any]:
        (group,) = ask("rules")["groups"]
        return {rule["name"]: rule for rule in group["rules"]}

    # A rule that was just read is not evaluated yet.
    assert wait(lambda: {rule["health"] for rule in found().values()} == {"ok"})
    rules = found()
    assert {"HighErrorRate", "SlowResponses", "InstanceDown", "CacheMemoryHigh", "DiskSpaceLow", "BackupTooOld"} < set(
        rules
    )
    assert rules["Watchdog"]["state"] == "firing"
    assert ask("status/runtimeinfo")["reloadConfigSuccess"] is True


def test_an_instance_that_is_down_raises_the_alert_and_clears_it(demo: Layout, ask: Ask) -> None:
    supervision.stop(demo, "shop-app1")
    try:
        assert wait(lambda: alerts(ask).get("InstanceDown") == "firing")
    finally:
        supervision.start(demo, "shop-app1")
    assert wait(lambda: "InstanceDown" not in alerts(ask))
    assert wait(lambda: load_balancer.servers_up(demo, load_balancer.BLUE) == ["app1", "app2"])


def test_a_removed_rule_is_gone_and_a_broken_file_is_reported(demo: Layout, ask: Ask) -> None:
    file = prometheus.rules_file(demo)
    original = file.read_text(encoding="utf-8")
    document = yaml.safe_load(original)
    document["groups"][0]["rules"] = [
        rule for rule in document["groups"][0]["rules"] if rule["alert"] != "BackupTooOld"
    ]
    try:
        file.write_text(yaml.safe_dump(document), encoding="utf-8")
        assert wait(lambda: "BackupTooOld" not in {rule["name"] for rule in ask("rules")["groups"][0]["rules"]})
        file.write_text("groups: {", encoding="utf-8")
        assert wait(lambda: ask("status/runtimeinfo")["reloadConfigSuccess"] is False)
    finally:
        file.write_text(original, encoding="utf-8")
    assert wait(lambda: ask("status/runtimeinfo")["reloadConfigSuccess"] is True)


@pytest.mark.parametrize(
    ("path", "params", "status", "kind"),
    [
        ("query", {"query": "sum("}, 400, "bad_data"),
        ("query", {}, 400, "bad_data"),
        ("query", {"query": "up", "time": "yesterday"}, 400, "bad_data"),
        ("query_range", {"query": "up", "start": "0", "end": "1", "step": "x"}, 400, "bad_data"),
        ("query", {"query": "nothing_we_know(up)"}, 422, "execution"),
    ],
)
def test_mistakes_are_answered_in_prometheus_own_form(
    demo: Layout, path: str, params: dict[str, str], status: int, kind: str
) -> None:
    answer = requests.get(f"http://127.0.0.1:{demo.port('prometheus')}/api/v1/{path}", params=params, timeout=30)
    assert (answer.status_code, answer.json()["errorType"]) == (status, kind)


def test_queries_can_be_posted(demo: Layout) -> None:
    url = f"http://127.0.0.1:{demo.port('prometheus')}/api/v1/query"
    assert requests.post(url, data={"query": "vector(7)"}, timeout=30).json()["data"]["result"][0]["value"][1] == "7"


def wait(question: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not (answered := question()) and time.monotonic() < deadline:
        time.sleep(0.3)
    return answered
