"""Faults of backups, standby and rehearsals."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from signoff.demo import backups, evidence, postgres, supervision
from signoff.demo.exercises import rollback
from signoff.demo.faults import instances
from signoff.demo.faults.model import Fault
from signoff.demo.shop import programs
from signoff.model import Text

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

_HOURS_LATE = 3
_SCHEDULER = "backup-scheduler"
_STANDBY = "postgres-db2"
_DRILL = "rollback-drill.json"
_PATIENCE_SECONDS = 0.5


def _flip_byte(layout: Layout) -> str:
    """Damage one byte of the newest backup, as a bad disk does, and let the next restore test find it."""
    backup = backups.newest(layout)
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 0x01
    backups.replace(layout, backup.name, bytes(content))
    backups.verify_restore(layout)
    return backup.name


def _replace_backup(layout: Layout, name: str) -> None:
    backups.remove(layout, name)
    backups.back_up_database(layout)
    backups.verify_restore(layout)


def _back_up_in_plain(layout: Layout) -> str:
    return backups.back_up_database(layout, encrypted=False).name


def _back_up_encrypted(layout: Layout, name: str) -> None:
    backups.remove(layout, name)
    backups.back_up_database(layout)


def _stop_backups(layout: Layout) -> dict[str, float]:
    """Stop the scheduler, as if some hours ago."""
    supervision.stop(layout, _SCHEDULER)
    times = {}
    for backup in backups.directory(layout).glob("shop-*.dump.age"):
        times[backup.name] = backup.stat().st_mtime
        os.utime(backup, (time.time(), times[backup.name] - _HOURS_LATE * 3600))
    return times


def _resume_backups(layout: Layout, times: dict[str, float]) -> None:
    for name, modified in times.items():
        backup = backups.directory(layout) / name
        if backup.exists():
            os.utime(backup, (time.time(), modified))
    supervision.start(layout, _SCHEDULER)
    backups.back_up_database(layout)


def _stop_standby(layout: Layout) -> None:
    supervision.stop(layout, _STANDBY)


def _start_standby(layout: Layout, _: Any) -> None:
    supervision.start(layout, _STANDBY)
    instances.wait(lambda: _is_streaming(layout), "the standby does not follow the primary")


def _is_streaming(layout: Layout) -> bool:
    with postgres.connect_admin(layout) as connection:
        row = connection.execute("SELECT 1 FROM pg_stat_replication WHERE state = 'streaming'").fetchone()
    return row is not None


def _fail_drill(layout: Layout) -> None:
    """Rehearse the rollback while nothing runs in green: the traffic goes nowhere."""
    green = [programs.name_of(host, green=True) for host in programs.APP_HOSTS]
    for name in green:
        supervision.stop(layout, name)
    evidence.write_record(layout, _DRILL, rollback.run(layout, patience_seconds=_PATIENCE_SECONDS))
    for name in green:
        supervision.start(layout, name)
    rollback.wait_for_both_colours(layout)


def _repeat_drill(layout: Layout, _: Any) -> None:
    rollback.wait_for_both_colours(layout)
    evidence.write_record(layout, _DRILL, rollback.run(layout))


FAULTS = (
    Fault(
        name="restore-test-failed",
        title=Text(
            ko="마지막 복구 테스트가 실패했습니다 (백업 파일 손상)",
            en="The last restore test failed (damaged backup)",
        ),
        items=("BAK-JOB-4",),
        blinds=("BAK-DR-3",),
        break_=_flip_byte,
        mend=_replace_backup,
    ),
    Fault(
        name="backup-unencrypted",
        title=Text(ko="최신 DB 백업이 암호화되지 않았습니다", en="The newest database backup is not encrypted"),
        items=("BAK-JOB-3",),
        break_=_back_up_in_plain,
        mend=_back_up_encrypted,
    ),
    Fault(
        name="backup-stale",
        title=Text(ko="DB 백업이 3시간 전부터 실행되지 않았습니다", en="No database backup was taken for 3 hours"),
        items=("BAK-JOB-1",),
        break_=_stop_backups,
        mend=_resume_backups,
    ),
    Fault(
        name="replica-stopped",
        title=Text(ko="대기 DB(db2)가 중지되었습니다", en="The standby database (db2) is stopped"),
        # The hourly dump alone cannot keep an objective of 15 minutes.
        items=("BAK-DR-3", "BAK-DR-4"),
        break_=_stop_standby,
        mend=_start_standby,
    ),
    Fault(
        name="rollback-drill-failed",
        title=Text(ko="롤백 훈련이 실패했습니다", en="The rehearsal of the rollback failed"),
        items=("RBK-TST-1",),
        blinds=("RBK-TST-2",),
        break_=_fail_drill,
        mend=_repeat_drill,
    ),
)
