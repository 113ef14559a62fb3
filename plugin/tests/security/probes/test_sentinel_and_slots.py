"""Real Sentinels over a real pair; slots of a real primary; RDS as moto plays it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
import redis
from moto import mock_aws

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.probes.aws.databases import read_database
from signoff.probes.aws.session import AwsAccess, open_aws
from signoff.probes.postgres.database import connect
from signoff.probes.postgres.slots import commits, slots
from signoff.probes.redis.sentinel import Replica, SentinelView, agreed, candidates, read_sentinel
from tests.security.standby import wait

if TYPE_CHECKING:
    from collections.abc import Iterator


def look(watched: Any, name: str, **changes: Any) -> list[SentinelView]:
    return [
        read_sentinel(**{"host": "127.0.0.1", "port": port, "primary": name} | changes) for port in watched.sentinels
    ]


def test_sentinels_that_see_each_other_have_their_quorum(watched: Any) -> None:
    views = look(watched, "shop")

    assert agreed(views) == f"127.0.0.1:{watched.primary}"
    assert [(view.has_quorum, view.quorum, view.others, view.primary_down) for view in views] == [
        (True, 2, 2, False)
    ] * 3
    assert {(one.address, one.could_lead) for view in views for one in view.replicas} == {
        (f"127.0.0.1:{watched.replica}", True)
    }


def test_a_quorum_that_cannot_be_reached_is_said_in_sentinels_own_words(watched: Any) -> None:
    (view, *_) = look(watched, "too-many")

    assert not view.has_quorum
    assert "Not enough available Sentinels" in view.complaint


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"primary": "other"}, NotVerifiedError, "watches no primary 'other'; correct the name"),
        ({"username": "narrow", "password": "narrow"}, NotVerifiedError, r"grant the account \+sentinel\|ckquorum"),
        ({"username": "narrow", "password": "wrong"}, AuthenticationError, "WRONGPASS|invalid username"),
        ({"port": 1}, UnreachableError, "port 1"),
    ],
    ids=["other name", "no right", "wrong password", "nobody there"],
)
def test_what_sentinel_does_not_say_is_no_verdict(
    watched: Any, changes: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        look(watched, "shop", **changes)


def test_a_server_that_is_no_sentinel_is_told_apart(watched: Any) -> None:
    with pytest.raises(NotVerifiedError, match="it is no Sentinel; name Sentinel's port"):
        look(watched, "shop", port=watched.primary)


def heard(*offsets: int, down: bool = False) -> list[SentinelView]:
    """Return the views of Sentinels, each of which heard this offset of the one replica."""
    return [
        SentinelView(
            sentinel=f"s{number}",
            primary="db1:6379",
            primary_down=False,
            quorum=2,
            others=2,
            has_quorum=True,
            complaint="",
            replicas=(Replica(address="db2:6379", down=down, link="ok", priority=100, offset=offset),),
        )
        for number, offset in enumerate(offsets)
    ]


@pytest.mark.parametrize(
    ("looks", "ready"),
    [
        ([heard(5_000, 4_000, 5_000)], [1, 1, 1]),
        ([heard(90_000, 4_000, 90_000), heard(95_000, 89_000, 300_000)], [1, 1, 1]),
        ([heard(90_000, 4_000, 90_000), heard(95_000, 88_999, 300_000)], [1, 0, 1]),
        ([heard(90_000, 4_000, down=True)], [0, 0]),
    ],
    ids=["not far", "heard at another time", "stays behind", "down"],
)
def test_a_replica_is_behind_if_it_does_not_catch_up_with_what_another_had(
    looks: list[list[SentinelView]], ready: list[int]
) -> None:
    pauses: list[float] = []
    left = iter(looks)

    found = candidates(lambda: next(left), max_bytes=1_000, pause=pauses.append)

    assert [len(names) for _, names in found] == ready
    assert [view for view, _ in found] == looks[-1]
    assert len(pauses) == len(looks) - 1


def test_a_burst_of_writes_leaves_no_replica_behind(watched: Any) -> None:
    with redis.Redis(port=watched.primary) as primary:
        for number in range(4):
            primary.set(f"picture:{number}", b"0" * 1_000_000)
    # Most likely one Sentinel has heard of it then, and another has not.
    wait(lambda: max(view.replicas[0].offset for view in look(watched, "shop")) > 4_000_000)

    found = candidates(lambda: look(watched, "shop"), max_bytes=1_000_000)

    assert [names for _, names in found] == [[f"127.0.0.1:{watched.replica}"]] * 3


@pytest.fixture
def slotted(postgres: Any) -> Iterator[Any]:
    """Return the servers while the standby uses a slot."""

    def use(name: str) -> None:
        with postgres.admin(standby=True) as standby:
            standby.execute(f"ALTER SYSTEM SET primary_slot_name = '{name}'")
            standby.execute("SELECT pg_reload_conf()")

    def used() -> bool:
        with postgres.admin() as primary:
            return primary.execute("SELECT 1 FROM pg_replication_slots WHERE active").fetchone() is not None

    with postgres.admin() as primary:
        primary.execute("SELECT pg_create_physical_replication_slot('db2', true)")
    use("db2")
    try:
        wait(used)
        yield postgres
    finally:
        use("")
        wait(lambda: not used())
        with postgres.admin() as primary:
            primary.execute("SELECT pg_drop_replication_slot('db2')")
        postgres.follow()


def test_a_slot_says_who_uses_it_and_what_it_keeps(slotted: Any) -> None:
    with connect(slotted.address()) as primary:
        (slot,) = slots(primary)
        waits = commits(primary)

    assert (slot.name, slot.active, slot.standby, slot.keeps_everything) == ("db2", True, "db2", True)
    assert (waits.names, waits.wait_for_standbys) == ("", False)


def test_amazons_database_says_whether_it_has_a_standby(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with (
        mock_aws(),
        open_aws(AwsAccess(account="123456789012", regions=("ap-northeast-2",), key_id="t", key="t")) as aws,
    ):
        import boto3

        rds = boto3.client("rds", region_name="ap-northeast-2")
        common = {"DBInstanceClass": "db.m5.large", "Engine": "postgres", "AllocatedStorage": 20}
        for name, multi in (("pair", True), ("alone", False)):
            rds.create_db_instance(DBInstanceIdentifier=name, MultiAZ=multi, BackupRetentionPeriod=7, **common)
        pair, alone = (read_database(aws, "ap-northeast-2", name) for name in ("pair", "alone"))
        with pytest.raises(NotVerifiedError, match="no database instance other; correct its name or region"):
            read_database(aws, "ap-northeast-2", "other")

    assert (pair.status, pair.multi_az, pair.backup_days, alone.multi_az) == ("available", True, 7, False)
    assert pair.latest_restorable is None or pair.latest_restorable <= datetime.now(UTC)
