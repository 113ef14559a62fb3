"""Mistakes in the cloud's account as people make them, and how each is taken back."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from estate.companions.aws_account import (
    ALARM,
    APP,
    BUDGET,
    DATABASE,
    GROUP,
    IMAGE,
    VCPUS,
    ZONES,
    Amazon,
    make_budget,
    start_machine,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_SSH = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
_OTHER_REGION = "us-west-2"


def _open(amazon: Amazon, group: str) -> None:
    amazon.client("ec2").authorize_security_group_ingress(GroupId=amazon.group_id(group), IpPermissions=[_SSH])


def _close(amazon: Amazon, group: str) -> None:
    amazon.client("ec2").revoke_security_group_ingress(GroupId=amazon.group_id(group), IpPermissions=[_SSH])


def _forget_acl_rule(amazon: Amazon) -> str:
    ec2 = amazon.client("ec2")
    acl = str(ec2.describe_network_acls()["NetworkAcls"][0]["NetworkAclId"])
    ec2.delete_network_acl_entry(NetworkAclId=acl, RuleNumber=10, Egress=False)
    return acl


def _restore_acl_rule(amazon: Amazon, acl: str) -> None:
    amazon.client("ec2").create_network_acl_entry(
        NetworkAclId=acl,
        RuleNumber=10,
        Protocol="6",
        RuleAction="deny",
        Egress=False,
        CidrBlock="0.0.0.0/0",
        PortRange={"From": 22, "To": 22},
    )


def _database(amazon: Amazon, **settings: Any) -> None:
    amazon.client("rds").modify_db_instance(DBInstanceIdentifier=DATABASE, ApplyImmediately=True, **settings)


def _maximum(amazon: Amazon, number: int) -> None:
    amazon.client("autoscaling").update_auto_scaling_group(AutoScalingGroupName=GROUP, MaxSize=number)


def _suspend(amazon: Amazon) -> None:
    amazon.client("autoscaling").suspend_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["Launch"])


def _resume(amazon: Amazon, _: Any) -> None:
    amazon.client("autoscaling").resume_processes(AutoScalingGroupName=GROUP, ScalingProcesses=["Launch"])


def _alarm(amazon: Amazon, state: str) -> None:
    amazon.client("cloudwatch").set_alarm_state(AlarmName=ALARM, StateValue=state, StateReason="example")


def _fail_to_launch(amazon: Amazon) -> Any:
    activity = {
        "ActivityId": "1",
        "AutoScalingGroupName": GROUP,
        "Cause": "example",
        "StartTime": amazon.now(),
        "StatusCode": "Failed",
        "StatusMessage": "We currently do not have sufficient t3.large capacity",
        "Progress": 100,
    }
    return amazon.change_state("activities", {GROUP: [activity]})


def _move(amazon: Amazon, source: str, destination: str) -> None:
    """Replace the group's machine in one zone by one in another."""
    ec2, scaling = amazon.client("ec2"), amazon.client("autoscaling")
    machines = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[GROUP])["AutoScalingGroups"][0]["Instances"]
    old = [one["InstanceId"] for one in machines if one["AvailabilityZone"] == source][-1]
    subnets = ec2.describe_subnets(Filters=[{"Name": "availability-zone", "Values": [destination]}])["Subnets"]
    # First out, then in: the group may be at its maximum.
    scaling.detach_instances(AutoScalingGroupName=GROUP, InstanceIds=[old], ShouldDecrementDesiredCapacity=True)
    start_machine(amazon, subnets[0]["SubnetId"])
    ec2.terminate_instances(InstanceIds=[old])


def _start_elsewhere(amazon: Amazon) -> str:
    ran = amazon.client("ec2", _OTHER_REGION).run_instances(ImageId=IMAGE, MinCount=1, MaxCount=1)
    return str(ran["Instances"][0]["InstanceId"])


def _stop_elsewhere(amazon: Amazon, identity: str) -> None:
    amazon.client("ec2", _OTHER_REGION).terminate_instances(InstanceIds=[identity])


def _shrink_quota(amazon: Amazon) -> Any:
    quota = {"QuotaName": "Running On-Demand Standard instances", "ServiceCode": "ec2", "Value": 5.0}
    return amazon.change_state("quotas", {VCPUS: quota})


def _budget(amazon: Amazon, subscribers: list[dict[str, str]]) -> None:
    amazon.client("budgets", "us-east-1").delete_budget(AccountId="123456789012", BudgetName=BUDGET)
    make_budget(amazon, subscribers)


def _unsubscribe(amazon: Amazon) -> None:
    sns = amazon.client("sns")
    for one in sns.list_subscriptions_by_topic(TopicArn=amazon.topic())["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=one["SubscriptionArn"])


def _subscribe(amazon: Amazon, _: Any) -> None:
    amazon.client("sns").subscribe(TopicArn=amazon.topic(), Protocol="email", Endpoint="operations@example.com")


Change = tuple["Callable[[Amazon], Any]", "Callable[[Amazon, Any], None]"]
CHANGES: Mapping[str, Change] = {
    "security-group-open-to-world": (lambda a: _open(a, APP), lambda a, _: _close(a, APP)),
    "default-group-in-use": (lambda a: _open(a, "default"), lambda a, _: _close(a, "default")),
    "network-acl-rule-missing": (_forget_acl_rule, _restore_acl_rule),
    "database-public": (
        lambda a: _database(a, PubliclyAccessible=True),
        lambda a, _: _database(a, PubliclyAccessible=False),
    ),
    "scaling-ceiling-too-low": (lambda a: _maximum(a, 2), lambda a, _: _maximum(a, 6)),
    "scaling-suspended": (_suspend, _resume),
    "scaling-metric-without-data": (lambda a: _alarm(a, "INSUFFICIENT_DATA"), lambda a, _: _alarm(a, "OK")),
    "scaling-failed": (_fail_to_launch, lambda a, before: a.change_state("activities", before)),
    "machines-in-one-zone": (lambda a: _move(a, ZONES[1], ZONES[0]), lambda a, _: _move(a, ZONES[0], ZONES[1])),
    "database-in-one-zone": (lambda a: _database(a, MultiAZ=False), lambda a, _: _database(a, MultiAZ=True)),
    "machine-in-another-region": (_start_elsewhere, _stop_elsewhere),
    "quota-nearly-used": (_shrink_quota, lambda a, before: a.change_state("quotas", before)),
    "budget-without-subscriber": (
        lambda a: _budget(a, []),
        lambda a, _: _budget(a, [{"SubscriptionType": "SNS", "Address": a.topic()}]),
    ),
    "cost-topic-unheard": (_unsubscribe, _subscribe),
    "cost-anomalies-unwatched": (
        lambda a: a.change_state("monitors", []),
        lambda a, before: a.change_state("monitors", before),
    ),
}
"""By name: what makes the mistake and returns what mending it needs, and what mends it."""


def main(arguments: list[str]) -> None:
    """Break or mend one thing; what mending needs travels as JSON."""
    endpoint, verb, name, *memory = arguments
    break_, mend = CHANGES[name]
    amazon = Amazon(endpoint)
    if verb == "break":
        sys.stdout.write(json.dumps(break_(amazon)))
    else:
        mend(amazon, json.loads(memory[0]))


if __name__ == "__main__":
    main(sys.argv[1:])
