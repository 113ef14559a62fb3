"""Faults of recovery: whoever is to take over could not, and promises that the last drill did not keep."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from estate.estate import wait_until
from estate.faults.model import Fault
from estate.rehearsals import records, restore
from estate.roles import cache, database, sentinel
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate

_SLOT = f"primary_slot_name = '{database.STANDBY}'"
_NO_SLOT = "primary_slot_name = ''"
_ACCOUNT, _OLD_ACCOUNT = "user=replicator ", "user=replicator_old "
_IN_STEP = "SELECT coalesce(string_agg(state, ' '), '') FROM pg_stat_replication"
_SLOT_USED = "SELECT bool_or(active) FROM pg_replication_slots"
_OPEN = [{"title": "Nobody knew where the key was", "closed": False}]
_LOSS = 7200.0
_REPLICA = "cache2"


def _standby(text: str) -> Callable[..., None]:
    def act(estate: Estate, _: Any = None) -> None:
        database.sql(estate.host(database.STANDBY), text)

    return act


def _follow_otherwise(old: str, new: str, asked: str, wanted: str) -> Callable[..., None]:
    def act(estate: Estate, _: Any = None) -> None:
        host = estate.host(database.STANDBY)
        host.replace(database.SETTINGS, old, new)
        host.reload_service(database.UNIT)
        primary = estate.host(database.PRIMARY)
        wait_until(lambda: database.sql(primary, asked) == wanted, "the standby does not follow otherwise")

    return act


def _set_quorum(quorum: int) -> Callable[..., None]:
    def act(estate: Estate, _: Any = None) -> None:
        for host in estate.with_role("sentinel"):
            sentinel.command(host, estate, "SENTINEL", "SET", sentinel.NAME, "quorum", str(quorum))

    return act


def _set_priority(priority: int) -> Callable[..., None]:
    def act(estate: Estate, _: Any = None) -> None:
        cache.command(estate.host(_REPLICA), estate, "CONFIG", "SET", "replica-priority", str(priority))
        hosts = estate.with_role("sentinel")
        # They ask their servers every ten seconds.
        wait_until(
            lambda: all(_priority(estate, host) == str(priority) for host in hosts), "the Sentinels do not hear of it"
        )

    return act


def _priority(estate: Estate, host: Any) -> str:
    words = sentinel.command(host, estate, "SENTINEL", "REPLICAS", sentinel.NAME).splitlines()
    return words[words.index("slave-priority") + 1] if "slave-priority" in words else ""


def _stop_sentinel(estate: Estate) -> None:
    estate.host(_REPLICA).stop_service(sentinel.UNIT)


def _start_sentinel(estate: Estate, _: Any) -> None:
    estate.host(_REPLICA).start_service(sentinel.UNIT)
    hosts, quorum = estate.with_role("sentinel"), ("SENTINEL", "CKQUORUM", sentinel.NAME)
    agreed = f"OK {len(hosts)} usable"
    wait_until(
        lambda: all(agreed in sentinel.command(host, estate, *quorum) for host in hosts), "the Sentinels do not agree"
    )


def _change_record(name: str, **changes: Any) -> Callable[[Estate], dict[str, Any]]:
    def break_(estate: Estate) -> dict[str, Any]:
        before = records.read(estate, name)
        records.write(estate, name, {**before, **changes})
        return before

    return break_


def _restore_record(name: str) -> Callable[[Estate, Any], None]:
    def mend(estate: Estate, before: dict[str, Any]) -> None:
        records.write(estate, name, before)

    return mend


def _outdate_drill(estate: Estate) -> dict[str, Any]:
    long_ago = datetime.now(UTC) - timedelta(days=400)
    return _change_record(records.FAILOVER, performed_at=long_ago.isoformat(timespec="seconds"))(estate)


def _slow_restore(estate: Estate) -> dict[str, Any]:
    before = restore.record(estate)
    restore.replace_record(estate, {**before, "seconds": before["seconds"] + _LOSS})
    return before


FAULTS = (
    Fault(
        name="standby-without-slot",
        title=Text(ko="대기 서버가 복제 슬롯을 쓰지 않습니다", en="The standby no longer uses its replication slot"),
        items=("BAK-DR-4",),
        break_=_follow_otherwise(_SLOT, _NO_SLOT, f"{_SLOT_USED}", "f"),
        mend=_follow_otherwise(_NO_SLOT, _SLOT, f"{_SLOT_USED}", "t"),
    ),
    Fault(
        name="standby-cut-off",
        title=Text(
            ko="계정이 바뀌어 대기 서버가 주 서버를 따라가지 못합니다",
            en="The standby logs in with an account that is gone, and follows no more",
        ),
        items=("BAK-DR-4", "BAK-DR-3"),
        break_=_follow_otherwise(_ACCOUNT, _OLD_ACCOUNT, _IN_STEP, ""),
        mend=_follow_otherwise(_OLD_ACCOUNT, _ACCOUNT, _IN_STEP, "streaming"),
    ),
    Fault(
        name="standby-replay-paused",
        title=Text(ko="대기 서버의 재생이 멈춰 있습니다", en="The standby's replay was paused and never resumed"),
        items=("BAK-DR-4",),
        break_=_standby("SELECT pg_wal_replay_pause()"),
        mend=_standby("SELECT pg_wal_replay_resume()"),
    ),
    Fault(
        name="sentinel-quorum-of-one",
        title=Text(ko="Sentinel 하나만으로 장애 조치가 시작됩니다", en="A single Sentinel may begin a failover"),
        items=("BAK-DR-4",),
        break_=_set_quorum(1),
        mend=_set_quorum(sentinel.QUORUM),
    ),
    Fault(
        name="replica-never-promoted",
        title=Text(
            ko="캐시 복제본의 우선순위가 0이라 승격될 수 없습니다",
            en="The cache's replica has priority 0 and can never be promoted",
        ),
        items=("BAK-DR-4",),
        break_=_set_priority(0),
        mend=_set_priority(100),
    ),
    Fault(
        name="sentinel-stopped",
        title=Text(ko="Sentinel 하나가 중지되었습니다", en="One of the Sentinels is stopped"),
        items=(),
        blinds=("BAK-DR-4",),
        break_=_stop_sentinel,
        mend=_start_sentinel,
    ),
    Fault(
        name="failover-drill-outdated",
        title=Text(ko="장애 조치 훈련이 1년 전 것입니다", en="The last failover drill was held a year ago"),
        items=(),
        blinds=("BAK-DR-4",),
        break_=_outdate_drill,
        mend=_restore_record(records.FAILOVER),
    ),
    Fault(
        name="failover-drill-slow",
        title=Text(ko="장애 조치가 두 시간 걸렸습니다", en="The last failover drill took two hours"),
        items=("BAK-DR-4",),
        break_=_change_record(records.FAILOVER, seconds=_LOSS),
        mend=_restore_record(records.FAILOVER),
    ),
    Fault(
        name="restore-too-slow",
        title=Text(ko="복구가 목표 시간(RTO)보다 오래 걸렸습니다", en="The newest restore took longer than promised"),
        items=("BAK-DR-3",),
        break_=_slow_restore,
        mend=restore.replace_record,
    ),
    Fault(
        name="recovery-lost-work",
        title=Text(
            ko="복구 훈련에서 잃은 작업이 목표(RPO)보다 많습니다", en="The recovery drill lost more work than promised"
        ),
        items=("BAK-DR-3",),
        break_=_change_record(records.RECOVERY, lost_seconds=_LOSS),
        mend=_restore_record(records.RECOVERY),
    ),
    Fault(
        name="recovery-finding-open",
        title=Text(
            ko="복구 훈련의 발견 사항이 해결되지 않았습니다", en="A finding of the recovery drill is still open"
        ),
        items=("BAK-DR-2",),
        break_=_change_record(records.RECOVERY, findings=_OPEN),
        mend=_restore_record(records.RECOVERY),
    ),
)
