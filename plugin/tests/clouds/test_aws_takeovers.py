"""BAK-DR-3, BAK-DR-4 and RBK-PRC-1 of an Amazon account: databases' standbys, and two target groups of a balancer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from estate.companions.aws_account import IMAGE, KEY_ID, Amazon
from signoff.config.kinds.blue_green import BlueGreenService
from signoff.config.kinds.cloud import CloudService
from signoff.config.kinds.load_balancer import LoadBalancerService
from signoff.config.kinds.managed_database import ManagedDatabaseService
from signoff.probes.aws.databases import ManagedDatabase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.contract
HOME, CLUSTER = "ap-northeast-1", "0f8fad5b-d9cb-469f-a165-70867728950e"
STANDBY, MOMENT = "managed_database_has_a_standby", "managed_database_could_be_restored_to_a_moment_ago"
BOTH, SWITCH = "both_colours_can_take_the_traffic", "switch_between_colours_is_known"
DATABASES: dict[str, dict[str, Any]] = {
    "pair": {"MultiAZ": True, "BackupRetentionPeriod": 7},
    "alone": {"MultiAZ": False, "BackupRetentionPeriod": 7},
    "forgetful": {"MultiAZ": True, "BackupRetentionPeriod": 1},
    "unkept": {"MultiAZ": True, "BackupRetentionPeriod": 0},
}


def cloud(amazon: Amazon, **keys: Any) -> CloudService:
    account = {"account": "123456789012", "access_key_id": KEY_ID, "secret_access_key": "example", "regions": [HOME]}
    return CloudService.model_validate({"provider": "aws", "endpoint": amazon.endpoint} | account | keys)


def balancer(account: str) -> LoadBalancerService:
    sample = {"url": "http://shop.test", "header": "X-Server", "pool": "blue"}
    entry = {"pools": [{"name": "blue"}], "http_url": "http://shop.test", "spread": sample}
    return LoadBalancerService.model_validate(entry | {"managed": {"cloud": account}})


@pytest.fixture
def conclude(checks: Any, amazon: Amazon) -> Callable[..., Any]:
    """Return the function `conclude(check, settings, **given)`: the check with its real fixtures in this account."""
    services = {
        "account": cloud(amazon),
        "strangers": cloud(amazon, account="210987654321"),
        "gone": cloud(amazon, endpoint="http://127.0.0.1:1"),
        "cluster": CloudService.model_validate(
            {"provider": "kubernetes", "account": CLUSTER, "regions": ["seoul"], "program": {}}
        ),
        **{name: balancer(account) for name, account in (("lb", "account"), ("lb-gone", "gone"))},
    }
    inventory = SimpleNamespace(service=services.__getitem__)

    def conclude_(check: str, settings: Any, **given: Any) -> Any:
        given = {"inventory": inventory, "connect": None, "evaluated_at": datetime.now(UTC)} | given
        return checks.one(check, settings, settings.kind, **given)

    return conclude_


@pytest.fixture(scope="module")
def databases(amazon: Amazon) -> Iterator[Any]:
    """Return a client of an account with databases of every sort."""
    rds = amazon.client("rds", HOME)
    common = {"DBInstanceClass": "db.m5.large", "Engine": "postgres", "AllocatedStorage": 20}
    for name, keys in DATABASES.items():
        rds.create_db_instance(DBInstanceIdentifier=name, **keys, **common)
    yield rds
    for name in DATABASES:
        rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)


def database(name: str = "pair", **keys: Any) -> ManagedDatabaseService:
    return ManagedDatabaseService.model_validate({"cloud": "account", "instance": name} | keys)


@pytest.mark.parametrize(
    ("settings", "standby", "moment", "reason"),
    [
        (database(), "PASS", "PASS", ""),
        (database("alone"), "FAIL", "PASS", "has no standby in another zone"),
        (database("forgetful"), "PASS", "FAIL", "backups are kept 1 days, limit is 7"),
        (database("forgetful", backup_days=1), "PASS", "PASS", ""),
        (database("unkept"), "PASS", "FAIL", "backups are kept 0 days, limit is 7"),
        (database("other"), "NOT_VERIFIED", "NOT_VERIFIED", "no database instance other; correct its name or region"),
        (database(cloud="cluster"), "NOT_VERIFIED", "NOT_VERIFIED", "cluster is no cloud of provider aws; name one"),
        (database(cloud="strangers"), "ERROR", "ERROR", "belong to account 123456789012"),
        (database(cloud="gone"), "ERROR", "ERROR", "127.0.0.1"),
    ],
    ids=["pair", "alone", "forgetful", "agreed", "unkept", "other", "cluster", "strangers", "gone"],
)
@pytest.mark.usefixtures("databases")
def test_databases_with_a_standby_and_a_past(
    conclude: Callable[..., Any], settings: ManagedDatabaseService, standby: str, moment: str, reason: str
) -> None:
    found = [conclude(check, settings) for check in (STANDBY, MOMENT)]

    assert [one.state for one in found] == [standby, moment]
    assert any(reason in one.reason for one in found)


def test_a_database_that_stands_still_is_no_standby(conclude: Callable[..., Any], databases: Any) -> None:
    databases.stop_db_instance(DBInstanceIdentifier="pair")
    try:
        found = conclude(STANDBY, database())
    finally:
        databases.start_db_instance(DBInstanceIdentifier="pair")

    assert (found.state, found.reason) == ("FAIL", "cloud: is stopped")


@pytest.mark.usefixtures("databases")
def test_the_moment_that_can_be_restored_may_be_too_long_ago(conclude: Callable[..., Any]) -> None:
    later = datetime.now(UTC) + timedelta(minutes=16)
    late = conclude(MOMENT, database(), evaluated_at=later)
    patient = conclude(MOMENT, database(rpo="20m"), evaluated_at=later)
    silent = ManagedDatabase(
        name="pair",
        status="available",
        multi_az=True,
        zone="a",
        standby_zone="c",
        backup_days=7,
        latest_restorable=None,
    )
    young = conclude(MOMENT, database(), managed_database=silent)

    assert (late.state, patient.state, young.state) == ("FAIL", "PASS", "NOT_VERIFIED")
    assert "would be lost" in late.reason
    assert "wait for its first backup" in young.reason


class Front:
    """A balancer in the account before two target groups of two machines each."""

    def __init__(self, amazon: Amazon) -> None:
        self._ec2, self._elb = amazon.client("ec2", HOME), amazon.client("elbv2", HOME)
        self.groups: dict[str, str] = {}
        network = self._ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        places = [
            self._ec2.create_subnet(VpcId=network, CidrBlock=f"10.9.{n}.0/24", AvailabilityZone=f"{HOME}{zone}")
            for n, zone in enumerate("ac")
        ]
        subnets = [one["Subnet"]["SubnetId"] for one in places]
        machines = self._ec2.run_instances(ImageId=IMAGE, MinCount=4, MaxCount=4, SubnetId=subnets[0])["Instances"]
        self.machines = [one["InstanceId"] for one in machines]
        self._balancer = self._elb.create_load_balancer(Name="front", Subnets=subnets)["LoadBalancers"][0]
        for number, name in enumerate(("blue", "green", "violet")):
            made = self._elb.create_target_group(
                Name=name, Protocol="HTTP", Port=80, VpcId=network, HealthCheckPath="/readyz"
            )
            self.groups[name] = made["TargetGroups"][0]["TargetGroupArn"]
            for machine in self.machines[number * 2 :][:2]:
                self.serve(name, machine)
        self._listener = self._elb.create_listener(
            LoadBalancerArn=self._balancer["LoadBalancerArn"], Protocol="HTTP", Port=80, DefaultActions=self._to(blue=1)
        )["Listeners"][0]["ListenerArn"]

    def serve(self, group: str, machine: str) -> None:
        self._elb.register_targets(TargetGroupArn=self.groups[group], Targets=[{"Id": machine}])

    def leave(self, group: str, machine: str) -> None:
        self._elb.deregister_targets(TargetGroupArn=self.groups[group], Targets=[{"Id": machine}])

    def lead(self, **weights: int) -> None:
        self._elb.modify_listener(ListenerArn=self._listener, DefaultActions=self._to(**weights))

    def refuse(self) -> None:
        answer = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}}
        self._elb.modify_listener(ListenerArn=self._listener, DefaultActions=[answer])

    def remove(self) -> None:
        self._elb.delete_load_balancer(LoadBalancerArn=self._balancer["LoadBalancerArn"])
        for arn in self.groups.values():
            self._elb.delete_target_group(TargetGroupArn=arn)
        self._ec2.terminate_instances(InstanceIds=self.machines)

    def _to(self, **weights: int) -> list[dict[str, Any]]:
        named = {name: weights.get(name, 0) for name in self.groups if name != "violet" or name in weights}
        parts = [{"TargetGroupArn": self.groups[name], "Weight": weight} for name, weight in named.items()]
        return [{"Type": "forward", "ForwardConfig": {"TargetGroups": parts}}]


@pytest.fixture(scope="module")
def front(amazon: Amazon) -> Iterator[Front]:
    """Return the balancer, with all traffic on blue."""
    found = Front(amazon)
    yield found
    found.remove()


def pair(
    green: str = "green", account: str = "account", balancer: str = "front", told_by: str = "lb"
) -> BlueGreenService:
    way = {"cloud": account, "balancer": balancer}
    return BlueGreenService.model_validate({"load_balancer": told_by, "blue": "blue", "green": green, "aws": way})


def test_target_groups_are_switched(conclude: Callable[..., Any], front: Front) -> None:
    weights: dict[str, tuple[dict[str, int], str, str]] = {
        "blue": ({"blue": 1}, "PASS", ""),
        "green": ({"green": 100}, "PASS", ""),
        "both": ({"blue": 90, "green": 10}, "PASS", ""),
        "astray": ({"violet": 1, "blue": 1}, "FAIL", "leads to violet, which is neither colour"),
    }
    for given, state, reason in weights.values():
        front.lead(**given)
        found = conclude(SWITCH, pair())
        assert (found.state, reason in found.reason) == (state, True)
    front.lead(blue=1)
    lost = conclude(SWITCH, pair("red"))
    assert (lost.state, "cannot lead to red" in lost.reason) == ("FAIL", True)


def test_a_switch_that_cannot_be_read_is_no_verdict(conclude: Callable[..., Any], front: Front) -> None:
    front.refuse()
    shut = conclude(SWITCH, pair())
    front.lead(blue=1)
    other = conclude(SWITCH, pair(balancer="back"))
    gone = conclude(SWITCH, pair(account="gone"))

    assert (shut.state, other.state, gone.state) == ("NOT_VERIFIED", "NOT_VERIFIED", "ERROR")
    assert "no rule of front forwards to blue or green; correct their names" in shut.reason
    assert "no load balancer back; correct its name or region" in other.reason


def test_both_target_groups_can_take_the_traffic(conclude: Callable[..., Any], front: Front) -> None:
    well = conclude(BOTH, pair())
    front.leave("green", front.machines[2])
    weak = conclude(BOTH, pair())
    front.serve("green", front.machines[2])
    unknown = conclude(BOTH, pair("red"))
    gone = conclude(BOTH, pair(told_by="lb-gone"))

    assert (well.state, well.evidence["inspected"]) == ("PASS", 4)
    assert (weak.state, "green has 1 healthy servers, 2 are needed" in weak.reason) == ("FAIL", True)
    assert (unknown.state, "the load balancer does not know red" in unknown.reason) == ("FAIL", True)
    assert (gone.state, "127.0.0.1" in gone.reason) == ("ERROR", True)
