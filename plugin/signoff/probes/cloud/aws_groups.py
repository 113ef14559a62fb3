"""Amazon's Auto Scaling groups: their bounds, what makes them scale, what keeps them from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.probes.cloud.model import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from signoff.probes.aws.session import AwsSession

_NEEDED_PROCESSES = frozenset(
    {"Launch", "Terminate", "HealthCheck", "ReplaceUnhealthy", "AlarmNotification", "AddToLoadBalancer"}
)


def read_groups(aws: AwsSession, names: Iterable[str], *, since: datetime) -> tuple[Group, ...]:
    """Return the named groups of all regions; errors as of `AwsSession.ask`."""
    wanted = sorted(names)
    if not wanted:  # Amazon would take no name for every name
        return ()
    return tuple(
        _group(aws, region, entry, since)
        for region in aws.regions
        for entry in aws.items(
            "autoscaling",
            "describe_auto_scaling_groups",
            "AutoScalingGroups",
            region=region,
            AutoScalingGroupNames=wanted,
        )
    )


def _group(aws: AwsSession, region: str, entry: Mapping[str, Any], since: datetime) -> Group:
    name = entry["AutoScalingGroupName"]
    instances = entry.get("Instances") or ()
    metrics, obstacles = _policies(aws, region, name)
    suspended = {one["ProcessName"] for one in entry.get("SuspendedProcesses") or ()}
    return Group(
        name=name,
        region=region,
        minimum=entry["MinSize"],
        maximum=entry["MaxSize"],
        desired=entry["DesiredCapacity"],
        healthy=sum(one["LifecycleState"] == "InService" and one["HealthStatus"] == "Healthy" for one in instances),
        metrics=metrics,
        obstacles=(*(f"{process} is suspended" for process in sorted(suspended & _NEEDED_PROCESSES)), *obstacles),
        failures=_failures(aws, region, name, since),
    )


def _policies(aws: AwsSession, region: str, name: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the metrics that the group follows now, and what is wrong with its policies."""
    return followed(
        aws,
        region,
        aws.items("autoscaling", "describe_policies", "ScalingPolicies", region=region, AutoScalingGroupName=name),
    )


def followed(
    aws: AwsSession, region: str, policies: Iterable[Mapping[str, Any]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the metrics that policies follow now, by their alarms, and what is wrong with them."""
    policies = tuple(policies)
    named = sorted({alarm["AlarmName"] for policy in policies for alarm in policy.get("Alarms") or ()})
    alarms = {one["AlarmName"]: one for one in _alarms(aws, region, named)}
    metrics: set[str] = set()
    obstacles: list[str] = []
    for policy in policies:
        found = [alarms.get(alarm["AlarmName"]) for alarm in policy.get("Alarms") or ()]
        wrong = _wrong(policy, found)
        obstacles += wrong
        if found and not wrong:
            metrics |= {_metric(alarm) for alarm in found if alarm is not None}
    return tuple(sorted(metrics)), tuple(obstacles)


def _alarms(aws: AwsSession, region: str, names: list[str]) -> list[Any]:
    if not names:
        return []
    return aws.items("cloudwatch", "describe_alarms", "MetricAlarms", region=region, AlarmNames=names[:100])


def _wrong(policy: Mapping[str, Any], alarms: list[Any]) -> list[str]:
    name = policy["PolicyName"]
    if not policy.get("Enabled", True):
        return [f"policy {name} is disabled"]
    wrong = [f"an alarm of policy {name} is gone"] if None in alarms else []
    for alarm in filter(None, alarms):
        if alarm["StateValue"] == "INSUFFICIENT_DATA":
            wrong.append(f"alarm {alarm['AlarmName']} has no data")
        if not alarm.get("ActionsEnabled", False):
            wrong.append(f"actions of alarm {alarm['AlarmName']} are disabled")
    return wrong


def _metric(alarm: Mapping[str, Any]) -> str:
    return str(alarm.get("MetricName") or alarm["AlarmName"])


def _failures(aws: AwsSession, region: str, name: str, since: datetime) -> tuple[str, ...]:
    activities = aws.items(
        "autoscaling", "describe_scaling_activities", "Activities", region=region, AutoScalingGroupName=name
    )
    return failed(activities, since)


def failed(activities: Iterable[Mapping[str, Any]], since: datetime) -> tuple[str, ...]:
    """Return the activities that failed since then, in words."""
    return tuple(
        f"{one['StartTime']:%Y-%m-%d %H:%M} UTC: {one.get('StatusMessage') or one.get('Description') or 'failed'}"
        for one in activities
        if one["StatusCode"] == "Failed" and one["StartTime"] >= since
    )
