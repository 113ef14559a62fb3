"""MON-LOG-1 to MON-LOG-4 over each store: an application writes what it is asked into it, and the checks look there."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from estate.companions import aws_account, aws_fake
from signoff.config.kinds.central_log import CentralLogService
from signoff.config.kinds.cloud import CloudService
from signoff.transport import HostAddress, HostPool
from tests.suite_checks import SuiteChecks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.contract

HOST, FOUND = "web1", "a_request_can_be_found_in_the_central_log"
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
REGION, GROUP = "ap-northeast-2", "/shop/checks"


@dataclass
class World:
    """A central log, and an application whose requests are written into it."""

    store: dict[str, Any]
    """Keys of the service that say where the log is."""
    write: Callable[..., None]
    """Takes a line in: age, and fields."""
    url: str = ""
    answers: bool = True
    """Whether the application sends the request's id."""
    logs: bool = True
    """Whether its lines reach the log."""
    others: dict[str, str] = field(default_factory=dict)
    """Checks that do not pass with it as it is, and what they say."""
    services: dict[str, Any] = field(default_factory=dict)
    connect: Any = None

    def conclude(self, check: str, **keys: Any) -> Any:
        """Run one check of the log."""
        entry = {
            "hosts": [HOST],
            "retention": {"min": "30d"},
            "trace": {"url": self.url, "within": "1s", "search_within": "1m"},
            "views": ["errors"],
            "alerts": {"required": ["errors"]},
        }
        settings = CentralLogService.model_validate(entry | self.store | keys)
        inventory = SimpleNamespace(hosts={}, service=self.services.__getitem__, services_of=lambda _: {})
        given: dict[str, Any] = {"inventory": inventory, "connect": self.connect, "evaluated_at": datetime.now(UTC)}
        return SuiteChecks().one(check, settings, name="log", **given)

    def states(self, **keys: Any) -> dict[str, str]:
        """Return what each check says."""
        return {check: self.conclude(check, **keys).state for check in CHECKS}


CHECKS = (
    "every_host_logs_centrally",
    "log_lines_arrive_without_delay",
    "logs_are_kept_as_agreed",
    "oldest_log_line_is_as_old_as_agreed",
    "log_storage_has_room",
    "error_log_alerts_reach_somebody",
    FOUND,
    "saved_views_of_the_log_are_there",
)


@contextmanager
def application(world: World) -> Iterator[World]:
    """Serve the product: each answer carries an id, and each request becomes a line."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            request_id = f"request-{id(self):x}"
            if world.logs:
                world.write(SECOND, request_id=request_id)
            self.send_response(200)
            if world.answers:
                self.send_header("X-Request-ID", request_id)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    world.url = f"http://127.0.0.1:{server.server_port}/shop"
    try:
        yield world
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _loki(request: pytest.FixtureRequest) -> World:
    loki, url = request.getfixturevalue("loki"), request.getfixturevalue("played").url
    loki.dashboards, loki.rules = ["errors"], [{"name": "errors", "type": "alerting", "health": "ok"}]
    store = {"product": "loki", "url": url, "tenant": "shop", "selector": '{job="shop"}', "grafana": {"url": url}}
    return World({"store": store}, lambda age, **fields: loki.push(HOST, age, json.dumps(fields)))


def _elasticsearch(request: pytest.FixtureRequest) -> World:
    elastic, url = request.getfixturevalue("elastic"), request.getfixturevalue("played").url
    elastic.managed, elastic.searches = {"logs-1": "month"}, ["errors"]
    elastic.policies = {"month": {"phases": {"delete": {"min_age": "30d", "actions": {"delete": {}}}}}}
    elastic.rules = [{"name": "errors", "enabled": True, "mute_all": False, "actions": [{"connector_type_id": ".x"}]}]
    store = {"product": "elasticsearch", "url": url, "index": "logs-shop", "api_key": "encoded", "kibana": url}
    return World({"store": store}, lambda age, **fields: elastic.take(HOST, age, **fields))


def _opensearch(request: pytest.FixtureRequest) -> World:
    world = _elasticsearch(request)
    elastic = request.getfixturevalue("elastic")
    elastic.secret = "Bearer throw-away-token"
    gone = {"name": "gone", "actions": [{"delete": {}}], "transitions": []}
    aged = {"state_name": "gone", "conditions": {"min_index_age": "30d"}}
    elastic.policies = {"month": {"states": [{"name": "hot", "actions": [], "transitions": [aged]}, gone]}}
    trigger = {"query_level_trigger": {"name": "many", "actions": [{"name": "mail", "destination_id": "mail-1"}]}}
    elastic.monitors = [{"type": "monitor", "name": "errors", "enabled": True, "triggers": [trigger]}]
    store = {"product": "opensearch", "token": "throw-away-token"}
    world.store["store"] = {**world.store["store"], **store}
    del world.store["store"]["api_key"]
    return world


def _cloudwatch(request: pytest.FixtureRequest) -> World:
    import boto3

    endpoint = request.getfixturevalue("amazon_endpoint")
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
    logs, alarms = (boto3.client(name, endpoint_url=endpoint, **keys) for name in ("logs", "cloudwatch"))
    stream = {"logGroupName": GROUP, "logStreamName": HOST}
    if logs.describe_log_groups(logGroupNamePrefix=GROUP)["logGroups"]:
        logs.delete_log_group(logGroupName=GROUP)
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(**stream)
    logs.put_retention_policy(logGroupName=GROUP, retentionInDays=30)
    metric = {"metricName": "errors", "metricNamespace": "shop", "metricValue": "1"}
    logs.put_metric_filter(logGroupName=GROUP, filterName="x", filterPattern="E", metricTransformations=[metric])
    aws_account.Amazon(endpoint).put_state({"queries": [{"queryDefinitionId": "1", "name": "errors"}]})
    alarms.put_metric_alarm(
        AlarmName="errors",
        MetricName="errors",
        Namespace="shop",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=5,
        ComparisonOperator="GreaterThanThreshold",
        AlarmActions=[f"arn:aws:sns:{REGION}:123456789012:pager"],
    )

    def write(age: timedelta, **fields: Any) -> None:
        at = int((datetime.now(UTC) - age).timestamp() * 1000)
        logs.put_log_events(**stream, logEvents=[{"timestamp": at, "message": json.dumps(fields)}])

    account = {"provider": "aws", "account": "123456789012", "regions": [REGION], "endpoint": endpoint}
    cloud = CloudService.model_validate(account | {"access_key_id": "test", "secret_access_key": "test"})
    store = {"product": "cloudwatch", "cloud": "account", "region": REGION, "groups": [GROUP]}
    # Amazon takes no line in that is older than 14 days.
    since = {"retention": {"min": "30d", "since": (datetime.now(UTC) - 13 * DAY).isoformat()}}
    return World({"store": store} | since, write, services={"account": cloud})


def _files(request: pytest.FixtureRequest) -> World:
    folder: Path = request.getfixturevalue("tmp_path")
    view = folder / "errors"
    view.write_text("#!/bin/sh\ngrep ERROR\n")
    view.chmod(0o755)
    (folder / "rotation").write_text(f"{folder}/*.log {{\n daily\n rotate 30\n}}\n")

    def write(age: timedelta, **fields: Any) -> None:
        at = datetime.now(UTC) - age
        name = f"{HOST}.log" if age < DAY else f"{HOST}.log.1"
        with (folder / name).open("a") as file:
            file.write(json.dumps({"ts": at.isoformat(), "received": at.isoformat(), **fields}) + "\n")

    pool = HostPool({"log1": HostAddress(name="log1", connection="local")})
    request.addfinalizer(pool.close)
    place = {"host": "log1", "path": f"{folder}/{{host}}.log", "rotation": str(folder / "rotation")}
    # Rules over files are Prometheus' business, and none is named here.
    others = {"error_log_alerts_reach_somebody": "FAIL"}
    keys = place | {"received_field": "received", "views": [str(view)]}
    return World(keys, write, others=others, connect=pool.connect)


@pytest.fixture(scope="module")
def amazon_endpoint() -> Iterator[str]:
    server = aws_fake.server(0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=[_loki, _elasticsearch, _opensearch, _cloudwatch, _files], ids=lambda make: make.__name__[1:])
def world(request: pytest.FixtureRequest) -> Iterator[World]:
    """Return each store in turn, with lines of a month."""
    found: World = request.param(request)
    for age in (13 * DAY if found.services else 30 * DAY, 2 * SECOND):
        found.write(age, message="hello")
    with application(found):
        yield found


def test_a_log_as_it_should_be(world: World) -> None:
    assert world.states() == dict.fromkeys(CHECKS, "PASS") | world.others


def test_what_is_wanted_and_not_there_is_missed(world: World) -> None:
    wanted: dict[str, dict[str, Any]] = {
        "every_host_logs_centrally": {"hosts": [HOST, "web2"]},
        "logs_are_kept_as_agreed": {"retention": {"min": "31d"}},
        "oldest_log_line_is_as_old_as_agreed": {"retention": {"min": "40d"}},
        "error_log_alerts_reach_somebody": {"alerts": {"required": ["others"]}},
        "saved_views_of_the_log_are_there": {"views": ["lost"]},
    }
    assert {check: world.conclude(check, **keys).state for check, keys in wanted.items()} == dict.fromkeys(
        wanted, "FAIL"
    )
    # Where the provider sees to the disks there is none to look at.
    room = world.conclude("log_storage_has_room", max_used=0.001)
    assert room.state == ("PASS" if "provider" in room.evidence["observed"] else "FAIL")


def test_a_request_that_is_not_in_the_log_is_missed(world: World) -> None:
    world.logs = False
    lost = world.conclude(FOUND)
    world.answers = False
    nameless = world.conclude(FOUND)
    gone = world.conclude(FOUND, trace={"url": "http://127.0.0.1:1/shop"})

    assert (lost.state, "is not in the central log after" in lost.reason) == ("FAIL", True)
    assert (nameless.state, gone.state) == ("NOT_VERIFIED", "ERROR")


@pytest.mark.parametrize("world", [_elasticsearch, _files], ids=["elasticsearch", "files"], indirect=True)
def test_lines_that_were_long_on_their_way_are_late(world: World) -> None:
    if "store" in world.store:
        world.write(SECOND, lag=timedelta(minutes=2))
    else:
        world.write(timedelta(minutes=2), received=datetime.now(UTC).isoformat())

    found = world.conclude("log_lines_arrive_without_delay")

    assert (found.state, "lines are on their way for more than 0:01:00: web1" in found.reason) == ("FAIL", True)
