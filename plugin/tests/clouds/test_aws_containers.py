"""INF-CLD-1 of Amazon's container services, which scale by Application Auto Scaling."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from estate.companions.aws_account import KEY_ID, REGION, Amazon
from signoff.probes.aws.session import AwsAccess
from signoff.probes.cloud.aws import AwsCloud

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.contract
NAME = "service/shop/api"
OURS = {"ServiceNamespace": "ecs", "ResourceId": NAME, "ScalableDimension": "ecs:service:DesiredCount"}


@pytest.fixture(scope="module")
def cloud(amazon: Amazon) -> Iterator[AwsCloud]:
    """Return the account with a service of two tasks that may become eight."""
    ecs, scaling = amazon.client("ecs"), amazon.client("application-autoscaling")
    ecs.create_cluster(clusterName="shop")
    ecs.register_task_definition(family="api", containerDefinitions=[{"name": "api", "image": "api", "memory": 64}])
    ecs.create_service(cluster="shop", serviceName="api", taskDefinition="api", desiredCount=2)
    scaling.register_scalable_target(**OURS, MinCapacity=2, MaxCapacity=8)
    scaling.put_scaling_policy(
        **OURS,
        PolicyName="cpu",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": 60.0,
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        },
    )
    access = AwsAccess(
        account="123456789012", regions=(REGION,), key_id=KEY_ID, key="example", endpoint=amazon.endpoint
    )
    cloud = AwsCloud(access, now=datetime.now(UTC))
    yield cloud
    cloud.close()


def read(cloud: AwsCloud) -> Any:
    (group,) = cloud.groups([NAME], since=datetime.now(UTC) - timedelta(days=7))
    return group


def test_a_service_tells_its_bounds_and_its_metric(cloud: AwsCloud) -> None:
    group = read(cloud)
    assert (group.name, group.minimum, group.desired, group.maximum) == (NAME, 2, 2, 8)
    assert (group.metrics, group.obstacles, group.failures) == (("CPUUtilization",), (), ())


def test_a_suspended_service_cannot_grow(cloud: AwsCloud, amazon: Amazon) -> None:
    scaling = amazon.client("application-autoscaling")
    scaling.register_scalable_target(**OURS, SuspendedState={"DynamicScalingOutSuspended": True})
    try:
        assert read(cloud).obstacles == ("scaling out is suspended",)
    finally:
        scaling.register_scalable_target(**OURS, SuspendedState={"DynamicScalingOutSuspended": False})


def test_a_failed_scaling_is_told(cloud: AwsCloud, amazon: Amazon) -> None:
    activity = {"StatusCode": "Failed", "StartTime": datetime.now(UTC).timestamp(), "StatusMessage": "no capacity"}
    amazon.change_state("service activities", {NAME: [activity]})
    try:
        assert "no capacity" in read(cloud).failures[0]
    finally:
        amazon.change_state("service activities", {})


def test_a_service_that_does_not_scale_is_not_there(cloud: AwsCloud) -> None:
    assert cloud.groups(["service/shop/gone"], since=datetime.now(UTC)) == ()
    assert cloud.groups([], since=datetime.now(UTC)) == ()
