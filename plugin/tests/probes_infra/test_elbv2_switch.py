"""What switches between blue and green: the rules of an Amazon load balancer, by moto."""

from __future__ import annotations

from typing import Any

import pytest
from moto import mock_aws

from signoff.errors import NotVerifiedError
from signoff.probes.aws.session import AwsAccess, open_aws
from signoff.probes.front import elbv2_switch

REGION = "ap-northeast-2"


def test_amazons_rules_weigh_target_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    access = AwsAccess(account="123456789012", regions=(REGION,), key_id="t", key="t")
    with mock_aws(), open_aws(access) as aws:
        import boto3

        ec2, elb = (boto3.client(one, region_name=REGION) for one in ("ec2", "elbv2"))
        network = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        subnets = [
            ec2.create_subnet(VpcId=network, CidrBlock=f"10.0.{n}.0/24", AvailabilityZone=f"{REGION}{zone}")["Subnet"]
            for n, zone in enumerate("ab")
        ]
        arn = elb.create_load_balancer(Name="front", Subnets=[one["SubnetId"] for one in subnets])["LoadBalancers"][0]
        groups = {
            name: elb.create_target_group(Name=name, Protocol="HTTP", Port=80, VpcId=network)["TargetGroups"][0]
            for name in ("blue", "green")
        }

        def forward(blue: int, green: int) -> list[dict[str, Any]]:
            weights = {"blue": blue, "green": green}
            parts = [
                {"TargetGroupArn": groups[name]["TargetGroupArn"], "Weight": weight} for name, weight in weights.items()
            ]
            return [{"Type": "forward", "ForwardConfig": {"TargetGroups": parts}}]

        listener = elb.create_listener(
            LoadBalancerArn=arn["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=forward(100, 0)
        )["Listeners"][0]["ListenerArn"]

        def look(balancer: str = "front") -> Any:
            return elbv2_switch.read_switch(aws, REGION, balancer, ("blue", "green"))

        assert look().serving == ("blue",)
        elb.modify_listener(ListenerArn=listener, DefaultActions=forward(0, 100))
        assert look().serving == ("green",)
        elb.modify_listener(ListenerArn=listener, DefaultActions=forward(90, 10))
        assert look().shares == {"blue": pytest.approx(0.9), "green": pytest.approx(0.1)}
        elb.modify_listener(
            ListenerArn=listener,
            DefaultActions=[{"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}],
        )
        with pytest.raises(NotVerifiedError, match="no rule of front forwards to blue or green"):
            look()
        with pytest.raises(NotVerifiedError, match="no load balancer other"):
            look("other")
