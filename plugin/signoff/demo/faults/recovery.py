"""Faults of what is to take over, and of the rehearsals that prove it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from psycopg import sql

from signoff.demo import backups, cache_failover, certificates, dns, evidence, load_balancer, postgres
from signoff.demo.exercises import disaster, failover, rollback
from signoff.demo.faults import instances
from signoff.demo.faults.model import Fault
from signoff.model import Text

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

_DISASTER, _FAILOVER = "disaster-drill.json", "failover-drill.json"
_ROLLBACK, _SWITCH = "rollback-drill.json", "switch-drill.json"
_LONG_TTL_SECONDS = 300
"""Still good enough for a planned move, not for a failover."""
_IMPOSSIBLE_QUORUM = len(cache_failover.SENTINELS) + 1
_OUTAGE_SECONDS = 1.6
_HESITATION_SECONDS = 2.5


def _pause_replay(layout: Layout) -> None:
    with postgres.connect_admin(layout, standby=True) as standby:
        standby.execute("SELECT pg_wal_replay_pause()")


def _resume_replay(layout: Layout, _: Any) -> None:
    with postgres.connect_admin(layout, standby=True) as standby:
        standby.execute("SELECT pg_wal_replay_resume()")


def _drop_slot(layout: Layout) -> None:
    """Let the standby follow without a slot, as after a rebuild from an old note, and tidy the slot up."""
    _use_slot(layout, "")
    instances.wait(lambda: not _is_used(layout), "the standby does not leave its slot")
    with postgres.connect_admin(layout) as primary:
        primary.execute("SELECT pg_drop_replication_slot(%s)", (postgres.SLOT,))


def _create_slot(layout: Layout, _: Any) -> None:
    with postgres.connect_admin(layout) as primary:
        primary.execute("SELECT pg_create_physical_replication_slot(%s, true)", (postgres.SLOT,))
    _use_slot(layout, postgres.SLOT)
    instances.wait(lambda: _is_used(layout), "the standby does not use its slot")


def _use_slot(layout: Layout, name: str) -> None:
    with postgres.connect_admin(layout, standby=True) as standby:
        standby.execute(sql.SQL("ALTER SYSTEM SET primary_slot_name = {}").format(sql.Literal(name)))
        standby.execute("SELECT pg_reload_conf()")


def _is_used(layout: Layout) -> bool:
    with postgres.connect_admin(layout) as primary:
        row = primary.execute(
            "SELECT 1 FROM pg_replication_slots WHERE slot_name = %s AND active", (postgres.SLOT,)
        ).fetchone()
    return row is not None


def _ask_for_too_many(layout: Layout) -> None:
    cache_failover.set_quorum(layout, _IMPOSSIBLE_QUORUM)


def _ask_for_two(layout: Layout, _: Any) -> None:
    cache_failover.set_quorum(layout, cache_failover.QUORUM)


def _keep_name_longer(layout: Layout) -> int:
    return _set_ttl(layout, _LONG_TTL_SECONDS)


def _keep_name_as_before(layout: Layout, ttl: int) -> None:
    _set_ttl(layout, ttl)


def _set_ttl(layout: Layout, ttl: int) -> int:
    old = ttl
    for server in dns.SERVERS:
        zone = dns.read_zone(layout, server)
        record = next(one for one in zone["records"] if (one["name"], one["type"]) == (f"{certificates.SITE}.", "A"))
        old, record["ttl"] = int(record["ttl"]), ttl
        dns.write_zone(layout, server, zone)
    return old


def _fail_over_without_right(layout: Layout) -> dict[str, Any]:
    """Hold the failover drill after somebody took the replication right away: no standby can be built."""
    _set_right(layout, "NOREPLICATION")
    try:
        return _replace(layout, _FAILOVER, failover.run(layout))
    finally:
        _set_right(layout, "REPLICATION")


def _set_right(layout: Layout, right: str) -> None:
    with postgres.connect_admin(layout) as primary:
        primary.execute(sql.SQL("ALTER ROLE replicator {}").format(sql.SQL(right)))


def _believe_older_failover(layout: Layout, record: dict[str, Any]) -> None:
    evidence.write_record(layout, _FAILOVER, record)


def _recover_from_damage(layout: Layout) -> dict[str, Any]:
    """Hold the drill with a backup that a bad disk has damaged, and throw that backup away."""
    damaged = backups.back_up_database(layout)
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 0x01
    damaged.write_bytes(content)
    try:
        return _replace(layout, _DISASTER, disaster.run(layout, backup=damaged))
    finally:
        backups.remove(layout, damaged.name)


def _recover_database_only(layout: Layout) -> dict[str, Any]:
    oldest = min(backups.directory(layout).glob("shop-*.dump.age"))
    return _replace(layout, _DISASTER, disaster.run(layout, scope=("shop-db",), backup=oldest))


def _replace(layout: Layout, name: str, record: dict[str, Any]) -> dict[str, Any]:
    """Put the record of the drill in the place of the older one, and return that."""
    older = evidence.read_record(layout, name)
    evidence.write_record(layout, name, record)
    return older


def _believe_older_recovery(layout: Layout, record: dict[str, Any]) -> None:
    evidence.write_record(layout, _DISASTER, record)


def _forget_the_switch(layout: Layout) -> None:
    load_balancer.command(layout, f"del map {load_balancer.active_map(layout)} active")


def _know_the_switch(layout: Layout, _: Any) -> None:
    load_balancer.command(layout, f"add map {load_balancer.active_map(layout)} active {load_balancer.BLUE}")


def _switch_with_outage(layout: Layout) -> dict[str, Any]:
    """Rehearse the switch while nobody serves for a moment: green is taken out before blue is in."""
    return _replace(layout, _SWITCH, rollback.run(layout, meanwhile=lambda: _interrupt(layout)))


def _interrupt(layout: Layout) -> None:
    names = load_balancer.servers_up(layout, load_balancer.GREEN)
    for name in names:
        load_balancer.command(layout, f"set server {load_balancer.GREEN}/{name} state maint")
    time.sleep(_OUTAGE_SECONDS)
    for name in names:
        load_balancer.command(layout, f"set server {load_balancer.GREEN}/{name} state ready")
        instances.wait_in_balancer(layout, name, backend=load_balancer.GREEN)


def _believe_older_switch(layout: Layout, record: dict[str, Any]) -> None:
    evidence.write_record(layout, _SWITCH, record)


def _roll_back_slowly(layout: Layout) -> dict[str, Any]:
    return _replace(layout, _ROLLBACK, rollback.run(layout, hesitate_seconds=_HESITATION_SECONDS))


def _believe_older_rollback(layout: Layout, record: dict[str, Any]) -> None:
    evidence.write_record(layout, _ROLLBACK, record)


FAULTS = (
    Fault(
        name="standby-replay-paused",
        title=Text(
            ko="대기 DB(db2)의 재생이 일시 중지되어 있습니다", en="Replay on the standby database (db2) is paused"
        ),
        items=("BAK-DR-4",),
        break_=_pause_replay,
        mend=_resume_replay,
    ),
    Fault(
        name="replication-slot-missing",
        title=Text(
            ko="대기 DB(db2)의 복제 슬롯이 삭제되었습니다", en="The replication slot of the standby (db2) was removed"
        ),
        items=("BAK-DR-4",),
        break_=_drop_slot,
        mend=_create_slot,
    ),
    Fault(
        name="sentinel-quorum-impossible",
        title=Text(
            ko="Sentinel 3대에 정족수 4가 설정되어 있습니다", en="Three Sentinels are configured with a quorum of four"
        ),
        items=("BAK-DR-4",),
        break_=_ask_for_too_many,
        mend=_ask_for_two,
    ),
    Fault(
        name="failover-name-remembered",
        title=Text(
            ko="사이트 이름의 DNS TTL이 5분이어서 전환이 늦게 반영됩니다",
            en="The site's name may be remembered for five minutes after a failover",
        ),
        items=("BAK-DR-4",),
        break_=_keep_name_longer,
        mend=_keep_name_as_before,
    ),
    Fault(
        name="failover-drill-failed",
        title=Text(
            ko="페일오버 훈련이 실패했습니다 (복제 권한 없음)",
            en="The failover drill failed (the replication right was gone)",
        ),
        items=("BAK-DR-4",),
        break_=_fail_over_without_right,
        mend=_believe_older_failover,
    ),
    Fault(
        name="recovery-drill-failed",
        title=Text(
            ko="재해 복구 훈련에서 백업을 복원하지 못했습니다", en="The recovery drill could not restore the backup"
        ),
        items=("BAK-DR-2",),
        blinds=("BAK-DR-3",),
        break_=_recover_from_damage,
        mend=_believe_older_recovery,
    ),
    Fault(
        name="recovery-drill-incomplete",
        title=Text(ko="재해 복구 훈련이 파일 백업을 다루지 않았습니다", en="The recovery drill left the files out"),
        items=("BAK-DR-2",),
        break_=_recover_database_only,
        mend=_believe_older_recovery,
    ),
    Fault(
        name="switch-unknown",
        title=Text(
            ko="로드 밸런서의 블루/그린 전환 맵이 비어 있습니다",
            en="The load balancer's map that switches between blue and green is empty",
        ),
        items=("RBK-PRC-1",),
        break_=_forget_the_switch,
        mend=_know_the_switch,
    ),
    Fault(
        name="switch-with-outage",
        title=Text(
            ko="전환 훈련 중 사용자가 1초 넘게 응답을 받지 못했습니다",
            en="Users were without answers for more than a second during the rehearsed switch",
        ),
        items=("RBK-PRC-3",),
        break_=_switch_with_outage,
        mend=_believe_older_switch,
    ),
    Fault(
        name="rollback-getting-slower",
        title=Text(
            ko="롤백 훈련이 이전보다 훨씬 오래 걸렸습니다", en="The rehearsed rollback took much longer than before"
        ),
        items=("RBK-TST-2",),
        break_=_roll_back_slowly,
        mend=_believe_older_rollback,
    ),
)
