"""Amazon's container services (ECS) that scale by Application Auto Scaling, named `service/CLUSTER/NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.probes.cloud.aws_groups import failed, followed
from signoff.probes.cloud.model import Group

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from signoff.probes.aws.session import AwsSession

PREFIX = "service/"
_SCALING, _ECS = "application-autoscaling", {"ServiceNamespace": "ecs"}
_SUSPENDED: Mapping[str, str] = {
    "DynamicScalingInSuspended": "scaling in is suspended",
    "DynamicScalingOutSuspended": "scaling out is suspended",
}


def read_services(aws: AwsSession, names: Iterable[str], *, since: datetime) -> Iterator[Group]:
    """Yield the named services that may scale, of all regions; errors as of `AwsSession.ask`."""
    wanted = sorted(names)
    for region in aws.regions if wanted else ():
        targets = aws.items(
            _SCALING, "describe_scalable_targets", "ScalableTargets", region=region, ResourceIds=wanted, **_ECS
        )
        for target in targets:
            yield _group(aws, region, target, since)


def _group(aws: AwsSession, region: str, target: Mapping[str, Any], since: datetime) -> Group:
    name = target["ResourceId"]
    _, cluster, service = name.split("/", 2)
    ours = {**_ECS, "ResourceId": name, "region": region}
    metrics, obstacles = followed(
        aws, region, aws.items(_SCALING, "describe_scaling_policies", "ScalingPolicies", **ours)
    )
    activities = aws.items(_SCALING, "describe_scaling_activities", "ScalingActivities", **ours)
    found = aws.ask("ecs", "describe_services", region=region, cluster=cluster, services=[service])["services"]
    suspended = target.get("SuspendedState") or {}
    return Group(
        name=name,
        region=region,
        minimum=target["MinCapacity"],
        maximum=target["MaxCapacity"],
        desired=sum(one["desiredCount"] for one in found),
        healthy=sum(one["runningCount"] for one in found),
        metrics=metrics,
        obstacles=(*(words for key, words in _SUSPENDED.items() if suspended.get(key)), *obstacles),
        failures=failed(activities, since),
    )
