"""Amazon's service quotas, and how much of each is used: by its own usage metric, else counted."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from signoff.probes.aws.session import AwsRefusalError
from signoff.probes.cloud.model import Quota

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from signoff.probes.aws.session import AwsSession
    from signoff.probes.cloud.model import QuotaQuery

_COUNTED: Mapping[tuple[str, str], tuple[str, str, str]] = {
    ("autoscaling", "L-CDE20ADC"): ("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"),
    ("ec2", "L-0263D0A3"): ("ec2", "describe_addresses", "Addresses"),
    ("elasticache", "L-DFE45DF3"): ("elasticache", "describe_cache_clusters", "CacheClusters"),
    ("elasticloadbalancing", "L-53DA6B97"): ("elbv2", "describe_load_balancers", "LoadBalancers"),
    ("rds", "L-7B6409FD"): ("rds", "describe_db_instances", "DBInstances"),
    ("vpc", "L-E79EC296"): ("ec2", "describe_security_groups", "SecurityGroups"),
    ("vpc", "L-F678F1CE"): ("ec2", "describe_vpcs", "Vpcs"),
}
"""Quotas without a usage metric whose objects one call lists."""
_VCPUS = ("ec2", "L-1216C47A")
"""Running On-Demand Standard (A, C, D, H, I, M, R, T, Z) instances, in vCPUs."""
_STANDARD = tuple("acdhimrtz")
_RUNNING = [{"Name": "instance-state-name", "Values": ["pending", "running"]}]
_ABSENT = frozenset({"NoSuchResourceException", "NoSuchResource"})
_LOOK_BACK = timedelta(hours=3)


def read_quotas(aws: AwsSession, wanted: Iterable[QuotaQuery], *, now: datetime) -> tuple[Quota, ...]:
    """Return the quotas in each region asked for; a quota that Amazon does not know is left out."""
    return tuple(
        quota
        for query in wanted
        for region in ((query.region,) if query.region else aws.regions)
        for quota in _quota(aws, region, query, now)
    )


def _quota(aws: AwsSession, region: str, query: QuotaQuery, now: datetime) -> Iterator[Quota]:
    found = _limit(aws, region, query)
    if found is not None:
        yield Quota(
            service=query.service,
            code=query.code,
            name=found["QuotaName"],
            region=region,
            limit=float(found["Value"]),
            used=_used(aws, region, query, found, now),
        )


def _limit(aws: AwsSession, region: str, query: QuotaQuery) -> Mapping[str, Any] | None:
    """Return the account's own value, else Amazon's default."""
    for operation in ("get_service_quota", "get_aws_default_service_quota"):
        try:
            answer = aws.ask(
                "service-quotas", operation, region=region, ServiceCode=query.service, QuotaCode=query.code
            )
        except AwsRefusalError as error:
            if error.code in _ABSENT:
                continue
            raise
        found: Mapping[str, Any] = answer["Quota"]
        return found
    return None


def _used(aws: AwsSession, region: str, query: QuotaQuery, quota: Mapping[str, Any], now: datetime) -> float | None:
    metric = quota.get("UsageMetric")
    measured = _measured(aws, region, metric, now) if metric else None
    return measured if measured is not None else _counted(aws, region, (query.service, query.code))


def _measured(aws: AwsSession, region: str, metric: Mapping[str, Any], now: datetime) -> float | None:
    statistic = metric.get("MetricStatisticRecommendation") or "Maximum"
    points = aws.ask(
        "cloudwatch",
        "get_metric_statistics",
        region=region,
        Namespace=metric["MetricNamespace"],
        MetricName=metric["MetricName"],
        Dimensions=[{"Name": name, "Value": value} for name, value in metric["MetricDimensions"].items()],
        StartTime=now - _LOOK_BACK,
        EndTime=now,
        Period=300,
        Statistics=[statistic],
    )["Datapoints"]
    return max((float(point[statistic]) for point in points), default=None)


def _counted(aws: AwsSession, region: str, quota: tuple[str, str]) -> float | None:
    if quota == _VCPUS:
        return float(_vcpus(aws, region))
    if quota not in _COUNTED:
        return None
    service, operation, key = _COUNTED[quota]
    return float(len(aws.items(service, operation, key, region=region)))


def _vcpus(aws: AwsSession, region: str) -> int:
    reservations = aws.items("ec2", "describe_instances", "Reservations", region=region, Filters=_RUNNING)
    sizes = Counter(
        one["InstanceType"]
        for reservation in reservations
        for one in reservation["Instances"]
        if one["InstanceType"].startswith(_STANDARD) and one.get("InstanceLifecycle") != "spot"
    )
    if not sizes:
        return 0
    known = aws.items("ec2", "describe_instance_types", "InstanceTypes", region=region, InstanceTypes=sorted(sizes))
    return sum(sizes[one["InstanceType"]] * one["VCpuInfo"]["DefaultVCpus"] for one in known)
