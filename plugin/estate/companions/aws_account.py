"""The account of the estate's cloud: a small shop in two zones, as it should be."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any
from urllib.request import Request, urlopen

import boto3

REGION = "ap-northeast-2"
ZONES = ("ap-northeast-2a", "ap-northeast-2c")
GROUP, EDGE, APP = "shop-app", "shop-edge", "shop-app"
DATABASE, CACHE, BUDGET, TOPIC = "shop-db", "shop-cache", "shop-monthly", "costs"
ALARM = "shop-app-busy"
IMAGE = "ami-12c6146b"
VCPUS = "ec2/L-1216C47A"
KEY_ID = "AKIAESTATEEXAMPLE000"
_SIZE = "t3.large"


@dataclass(frozen=True)
class Amazon:
    """A way to change the account that an endpoint plays."""

    endpoint: str

    @cache  # noqa: B019 - lives as long as the process that changes something
    def client(self, service: str, region: str = REGION) -> Any:
        """Return a client that may do anything."""
        keys = {"aws_access_key_id": KEY_ID, "aws_secret_access_key": "example"}
        return boto3.client(service, region_name=region, endpoint_url=self.endpoint, **keys)

    def put_state(self, state: dict[str, Any]) -> None:
        """Say what the operations that are written by hand answer."""
        self._fake("state", json.dumps(state).encode())

    def change_state(self, key: str, value: Any) -> Any:
        """Replace one part of that; return what it was."""
        state = self._fake("state")
        before = state.get(key)
        self.put_state({**state, key: value})
        return before

    def seen(self) -> list[str]:
        """Return all operations asked for since the server started."""
        found: list[str] = self._fake("seen")
        return found

    def _fake(self, what: str, body: bytes | None = None) -> Any:
        request = Request(f"{self.endpoint}/fake/{what}", body, method="PUT" if body else "GET")  # noqa: S310 - ours
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - ours
            return json.load(answer)

    def group_id(self, name: str) -> str:
        """Return the id of a security group."""
        found = self.client("ec2").describe_security_groups(Filters=[{"Name": "group-name", "Values": [name]}])
        return str(found["SecurityGroups"][0]["GroupId"])

    @staticmethod
    def now() -> str:
        """Return the present instant as Amazon writes it."""
        return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"

    def topic(self) -> str:
        """Return the ARN of the topic that hears of costs."""
        return str(self.client("sns").create_topic(Name=TOPIC)["TopicArn"])


def state(amazon: Amazon) -> dict[str, Any]:
    """Return what the hand-written operations answer while all is well."""
    monitor = "arn:aws:ce::123456789012:anomalymonitor/1"
    return {
        "monitors": [{"MonitorArn": monitor, "MonitorName": "services", "MonitorType": "DIMENSIONAL"}],
        "subscriptions": [
            {
                "SubscriptionArn": "arn:aws:ce::123456789012:anomalysubscription/1",
                "SubscriptionName": "services",
                "MonitorArnList": [monitor],
                "Subscribers": [{"Address": amazon.topic(), "Type": "SNS", "Status": "CONFIRMED"}],
                "Frequency": "IMMEDIATE",
            }
        ],
        "quotas": {VCPUS: {"QuotaName": "Running On-Demand Standard instances", "ServiceCode": "ec2", "Value": 32.0}},
        "activities": {},
        "policies": {
            GROUP: [
                {
                    "AutoScalingGroupName": GROUP,
                    "PolicyName": "cpu",
                    "PolicyType": "TargetTrackingScaling",
                    "Enabled": True,
                    "Alarms": [
                        {"AlarmName": ALARM, "AlarmARN": f"arn:aws:cloudwatch:{REGION}:123456789012:alarm:{ALARM}"}
                    ],
                }
            ]
        },
    }


def build(amazon: Amazon) -> None:
    """Make everything."""
    _close_defaults(amazon)
    subnets = _network(amazon)
    _machines(amazon, subnets)
    _data(amazon, subnets)
    _costs(amazon)
    amazon.put_state(state(amazon))


def _close_defaults(amazon: Amazon) -> None:
    ec2 = amazon.client("ec2")
    for group in ec2.describe_security_groups()["SecurityGroups"]:
        if group["IpPermissions"]:
            ec2.revoke_security_group_ingress(GroupId=group["GroupId"], IpPermissions=group["IpPermissions"])
        ec2.revoke_security_group_egress(GroupId=group["GroupId"], IpPermissions=group["IpPermissionsEgress"])
    for acl in ec2.describe_network_acls()["NetworkAcls"]:
        close_admin_ports(amazon, acl["NetworkAclId"])


def close_admin_ports(amazon: Amazon, acl: str) -> None:
    """Refuse SSH and RDP from everywhere before all other rules of an access list."""
    for number, port in ((10, 22), (11, 3389)):
        amazon.client("ec2").create_network_acl_entry(
            NetworkAclId=acl,
            RuleNumber=number,
            Protocol="6",
            RuleAction="deny",
            Egress=False,
            CidrBlock="0.0.0.0/0",
            PortRange={"From": port, "To": port},
        )


def _network(amazon: Amazon) -> list[str]:
    ec2 = amazon.client("ec2")
    vpc = ec2.describe_vpcs()["Vpcs"][0]["VpcId"]
    for name, ports in ((EDGE, (80, 443)), (APP, ())):
        group = ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc)["GroupId"]
        for port in ports:
            ec2.authorize_security_group_ingress(
                GroupId=group, IpProtocol="tcp", FromPort=port, ToPort=port, CidrIp="0.0.0.0/0"
            )
    subnets = ec2.describe_subnets()["Subnets"]
    return [one["SubnetId"] for zone in ZONES for one in subnets if one["AvailabilityZone"] == zone]


def _machines(amazon: Amazon, subnets: list[str]) -> None:
    scaling = amazon.client("autoscaling")
    scaling.create_launch_configuration(LaunchConfigurationName="shop", ImageId=IMAGE, InstanceType=_SIZE)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=GROUP,
        LaunchConfigurationName="shop",
        MinSize=0,
        MaxSize=6,
        DesiredCapacity=0,
        VPCZoneIdentifier=",".join(subnets),
    )
    # moto starts all machines of a group in one zone, so they are started by hand and then attached.
    for subnet in subnets:
        start_machine(amazon, subnet)
    scaling.update_auto_scaling_group(AutoScalingGroupName=GROUP, MinSize=2)
    amazon.client("cloudwatch").put_metric_alarm(
        AlarmName=ALARM,
        MetricName="CPUUtilization",
        Namespace="AWS/EC2",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=3,
        Threshold=50,
        ComparisonOperator="GreaterThanThreshold",
        ActionsEnabled=True,
    )


def start_machine(amazon: Amazon, subnet: str) -> str:
    """Start one machine of the group in a subnet; return its id."""
    ran = amazon.client("ec2").run_instances(ImageId=IMAGE, InstanceType=_SIZE, MinCount=1, MaxCount=1, SubnetId=subnet)
    identity = str(ran["Instances"][0]["InstanceId"])
    amazon.client("autoscaling").attach_instances(AutoScalingGroupName=GROUP, InstanceIds=[identity])
    return identity


def _data(amazon: Amazon, subnets: list[str]) -> None:
    rds = amazon.client("rds")
    rds.create_db_subnet_group(DBSubnetGroupName="shop", DBSubnetGroupDescription="shop", SubnetIds=subnets)
    rds.create_db_instance(
        DBInstanceIdentifier=DATABASE,
        DBInstanceClass="db.t3.medium",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="shop",
        MasterUserPassword="no-such-secret",
        MultiAZ=True,
        PubliclyAccessible=False,
        DBSubnetGroupName="shop",
        AvailabilityZone=ZONES[0],
    )
    amazon.client("elasticache").create_replication_group(
        ReplicationGroupId=CACHE,
        ReplicationGroupDescription="shop",
        Engine="redis",
        CacheNodeType="cache.t3.small",
        ReplicasPerNodeGroup=1,
        PreferredCacheClusterAZs=list(ZONES),
        AutomaticFailoverEnabled=True,
        MultiAZEnabled=True,
    )


def _costs(amazon: Amazon) -> None:
    topic = amazon.topic()
    amazon.client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="operations@example.com")
    make_budget(amazon, [{"SubscriptionType": "SNS", "Address": topic}])


def make_budget(amazon: Amazon, subscribers: list[dict[str, str]], *, percent: float = 80) -> None:
    """Make the month's budget; without subscribers it tells nobody."""
    notification = {
        "NotificationType": "FORECASTED",
        "ComparisonOperator": "GREATER_THAN",
        "Threshold": percent,
        "ThresholdType": "PERCENTAGE",
    }
    amazon.client("budgets", "us-east-1").create_budget(
        AccountId="123456789012",
        Budget={
            "BudgetName": BUDGET,
            "BudgetLimit": {"Amount": "5000", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        },
        NotificationsWithSubscribers=[{"Notification": notification, "Subscribers": subscribers}]
        if subscribers
        else [],
    )


if __name__ == "__main__":
    build(Amazon(sys.argv[1]))
