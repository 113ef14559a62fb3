"""CloudWatch Logs, by the stand-in for Amazon: streams, retention, alarms behind metric filters, saved queries."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from estate.companions import aws_fake
from signoff.errors import GuardError, NotVerifiedError
from signoff.probes.aws.session import AwsAccess, AwsSession
from signoff.probes.logs.cloudwatch import CloudWatchLog

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract

REGION, GROUP = "ap-northeast-2", "/shop/app"
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


class Account:
    """An account with one log group, and who changes it."""

    def __init__(self, endpoint: str) -> None:
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
        self.logs: Any = boto3.client("logs", endpoint_url=endpoint, **keys)
        self.alarms: Any = boto3.client("cloudwatch", endpoint_url=endpoint, **keys)
        access = AwsAccess(account="123456789012", regions=(REGION,), key_id="test", key="test", endpoint=endpoint)
        self.session = AwsSession(access)
        self.logs.create_log_group(logGroupName=GROUP)

    def write(self, stream: str, age: timedelta, message: str = "hello") -> None:
        at = int((datetime.now(UTC) - age).timestamp() * 1000)
        known = self.logs.describe_log_streams(logGroupName=GROUP, logStreamNamePrefix=stream)["logStreams"]
        if not known:
            self.logs.create_log_stream(logGroupName=GROUP, logStreamName=stream)
        events = [{"timestamp": at, "message": message}]
        self.logs.put_log_events(logGroupName=GROUP, logStreamName=stream, logEvents=events)


@pytest.fixture(scope="module")
def account() -> Iterator[Account]:
    server = aws_fake.server(0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield Account(f"http://127.0.0.1:{server.server_port}")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def log(account: Account) -> CloudWatchLog:
    return CloudWatchLog(account.session, REGION, (GROUP,), stream="prod/{source}")


def test_lines_of_streams(account: Account, log: CloudWatchLog) -> None:
    account.write("prod/web1", 10 * DAY)
    account.write("prod/web1", 30 * SECOND, '{"request_id": "abc-1"}')
    account.write("prod/shop", 5 * SECOND)
    found: dict[str, Any] = {one.source: one for one in log.newest(["web1", "web2"], ["shop"])}
    assert 29 < found["web1"].age.total_seconds() < 600
    assert 29 < found["web1"].lag.total_seconds() < 600
    assert found["service shop"].at is not None
    assert found["web2"].at is None
    assert log.search("abc-1", within=0).lines[0]["request_id"] == "abc-1"
    assert log.search("abc-2", within=0).lines == ()
    assert round((log.oldest()[0].age or DAY) / DAY) == 10


def test_retention_without_a_policy_is_for_ever(account: Account, log: CloudWatchLog) -> None:
    assert [one.keeps for one in log.keeping()] == [None]
    account.logs.put_retention_policy(logGroupName=GROUP, retentionInDays=30)
    assert [one.keeps for one in log.keeping()] == [30 * DAY]
    with pytest.raises(NotVerifiedError, match="no log group /shop/ap"):
        CloudWatchLog(account.session, REGION, ("/shop/ap",)).keeping()


def test_alarms_behind_metric_filters(account: Account, log: CloudWatchLog) -> None:
    assert log.alerts() == ()
    assert log.volumes() == ()
    metric = {"metricName": "errors", "metricNamespace": "shop", "metricValue": "1"}
    account.logs.put_metric_filter(
        logGroupName=GROUP, filterName="errors", filterPattern="ERROR", metricTransformations=[metric]
    )
    topic = "arn:aws:sns:ap-northeast-2:123456789012:pager"
    for name, actions in (("told", [topic]), ("deaf", [])):
        account.alarms.put_metric_alarm(
            AlarmName=name,
            MetricName="errors",
            Namespace="shop",
            Statistic="Sum",
            Period=60,
            EvaluationPeriods=1,
            Threshold=5,
            ComparisonOperator="GreaterThanThreshold",
            ActionsEnabled=True,
            AlarmActions=actions,
        )
    assert {one.name: one.receivers for one in log.alerts()} == {"told": ("pager",), "deaf": ()}


def test_lines_are_read_and_nothing_is_written(account: Account) -> None:
    events = [{"timestamp": 1, "message": "x"}]
    with pytest.raises(GuardError):
        account.session.ask(
            "logs", "put_log_events", region=REGION, logGroupName=GROUP, logStreamName="x", logEvents=events
        )
