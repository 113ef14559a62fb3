"""CloudWatch Logs: lines by stream, retention by group, and the alarms behind metric filters."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.logs.model import Found, Keeping, LogAlert, NewestLine, OldestLine, Volume, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.probes.aws.session import AwsSession

_MAX_FOUND = 5
_HOUR_MS = 3_600_000
_MAX_STREAMS = 50
"""Streams of a group in which the oldest line is looked for: those that Amazon names first by their first event."""


class CloudWatchLog:
    """Log groups of one region.

    Args:
        session: The account.
        region: Where the groups are.
        groups: Their names.
        stream: Name of one host's or service's stream, with `{source}`.
    """

    def __init__(self, session: AwsSession, region: str, groups: Sequence[str], *, stream: str = "{source}") -> None:
        self._session = session
        self._region = region
        self._groups = tuple(groups)
        self._stream = stream

    def newest(self, hosts: Sequence[str], services: Sequence[str] = ()) -> tuple[NewestLine, ...]:
        """Return the newest line of each one's stream, in whichever group it is."""
        wanted = [*((name, name) for name in hosts), *((f"service {name}", name) for name in services)]
        known = {group: self._names(group) for group in self._groups}
        return tuple(self._newest(source, self._stream.format(source=name), known) for source, name in wanted)

    def search(self, text: str, *, within: float) -> Found:
        """Look for a text until it is there, in the lines of the last hour."""
        pattern = f'"{text}"'

        def ask() -> list[Mapping[str, Any]]:
            start = int(datetime.now(UTC).timestamp() * 1000) - _HOUR_MS
            found: list[Mapping[str, Any]] = []
            for group in self._groups:
                answer = self._ask(
                    "filter_log_events", logGroupName=group, filterPattern=pattern, startTime=start, limit=_MAX_FOUND
                )
                found += [_fields(event["message"]) for event in answer.get("events", ())]
            return found

        return wait_for(ask, within=within)

    def keeping(self) -> tuple[Keeping, ...]:
        """Return each group's retention; without one, lines stay for ever."""
        return tuple(
            Keeping(what=one["logGroupName"], keeps=_days(one.get("retentionInDays")), source="retentionInDays")
            for one in map(self._group, self._groups)
        )

    def oldest(self) -> tuple[OldestLine, ...]:
        """Return the oldest line of each group."""
        now = datetime.now(UTC)
        found = []
        for group in self._groups:
            events = [self._event(group, name, head=True) for name in self._names(group)[:_MAX_STREAMS]]
            first = min((event["timestamp"] for event in events if event), default=None)
            age = now - datetime.fromtimestamp(first / 1000, UTC) if first is not None else None
            found.append(OldestLine(what=group, age=age))
        return tuple(found)

    def volumes(self) -> tuple[Volume, ...]:
        """Return nothing: room is Amazon's business."""
        return ()

    def alerts(self) -> tuple[LogAlert, ...]:
        """Return the alarms on metrics that the groups' filters make; who is told is their actions."""
        found: dict[str, LogAlert] = {}
        for group in self._groups:
            filters = self._items("logs", "describe_metric_filters", "metricFilters", logGroupName=group)
            for metric in (one for each in filters for one in each.get("metricTransformations", ())):
                for alarm in self._session.ask(
                    "cloudwatch",
                    "describe_alarms_for_metric",
                    region=self._region,
                    MetricName=metric["metricName"],
                    Namespace=metric["metricNamespace"],
                ).get("MetricAlarms", ()):
                    found[alarm["AlarmName"]] = LogAlert(
                        name=alarm["AlarmName"],
                        is_active=bool(alarm.get("ActionsEnabled")),
                        receivers=tuple(arn.rpartition(":")[2] for arn in alarm.get("AlarmActions", ())),
                    )
        return tuple(found.values())

    def views(self) -> frozenset[str]:
        """Return the names of the saved queries of Logs Insights."""
        return frozenset(one["name"] for one in self._items("logs", "describe_query_definitions", "queryDefinitions"))

    def _newest(self, source: str, stream: str, known: Mapping[str, Sequence[str]]) -> NewestLine:
        events = [self._event(group, stream, head=False) for group, names in known.items() if stream in names]
        newest = max((event for event in events if event), key=lambda event: int(event["timestamp"]), default=None)
        if newest is None:
            return NewestLine(source=source, at=None, age=None)
        at = datetime.fromtimestamp(newest["timestamp"] / 1000, UTC)
        lag = timedelta(milliseconds=newest["ingestionTime"] - newest["timestamp"])
        return NewestLine(source=source, at=at, age=datetime.now(UTC) - at, lag=lag)

    def _event(self, group: str, stream: str, *, head: bool) -> Mapping[str, Any] | None:
        """Return the first or last event of a stream; None: it has none any more."""
        answer = self._ask("get_log_events", logGroupName=group, logStreamName=stream, startFromHead=head, limit=1)
        events = answer.get("events", ())
        return events[0] if events else None

    def _names(self, group: str) -> tuple[str, ...]:
        streams = self._items("logs", "describe_log_streams", "logStreams", logGroupName=group)
        dated = sorted(streams, key=lambda one: int(one.get("firstEventTimestamp", 0)))
        return tuple(one["logStreamName"] for one in dated)

    def _group(self, name: str) -> Mapping[str, Any]:
        for one in self._items("logs", "describe_log_groups", "logGroups", logGroupNamePrefix=name):
            if one["logGroupName"] == name:
                return dict(one)
        raise NotVerifiedError(f"{self._region}: no log group {name}; correct it in the inventory")

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        return self._session.ask("logs", operation, region=self._region, **parameters)

    def _items(self, service: str, operation: str, key: str, **parameters: Any) -> list[Any]:
        return self._session.items(service, operation, key, region=self._region, **parameters)


def _days(count: int | None) -> timedelta | None:
    return timedelta(days=count) if count else None


def _fields(message: str) -> Mapping[str, Any]:
    try:
        fields = json.loads(message)
    except ValueError:
        fields = None
    return fields if isinstance(fields, dict) else {"message": message}
