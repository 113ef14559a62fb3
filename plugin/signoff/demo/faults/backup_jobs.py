"""Faults of backup jobs: runs, copies, sizes and contents that are not what everybody believes."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING, Any

from signoff.demo import backups, postgres
from signoff.demo.faults import instances
from signoff.demo.faults.model import Fault
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.demo.layout import Layout

_LONG_AGO_HOURS = 5
_HOURS_LATE = 3
_DATABASE, _FILES = "shop-*.dump.age", "files-*.tar.age"


def _newest(layout: Layout, pattern: str) -> Path:
    return max(backups.directory(layout).glob(pattern))


def _miss_runs(layout: Layout) -> list[Any]:
    """Let the oldest backup be one of this morning, with nothing between it and the newest."""
    oldest = min(backups.directory(layout).glob(_DATABASE))
    modified = oldest.stat().st_mtime
    os.utime(oldest, (time.time(), time.time() - _LONG_AGO_HOURS * 3600))
    return [oldest.name, modified]


def _forget_missed_runs(layout: Layout, memory: list[Any]) -> None:
    oldest = backups.directory(layout) / memory[0]
    if oldest.exists():
        os.utime(oldest, (time.time(), memory[1]))


def _lose_copy(pattern: str) -> Callable[[Layout], str]:
    def break_(layout: Layout) -> str:
        name = _newest(layout, pattern).name
        (backups.copies(layout) / name).unlink()
        return name

    return break_


def _spoil_copy(layout: Layout) -> str:
    copy = backups.copies(layout) / _newest(layout, _DATABASE).name
    content = bytearray(copy.read_bytes())
    content[-1] ^= 0x01
    copy.write_bytes(content)
    return copy.name


def _copy_again(layout: Layout, name: str) -> None:
    original = backups.directory(layout) / name
    if original.exists():
        (backups.copies(layout) / name).write_bytes(original.read_bytes())


def _back_up_nearly_nothing(layout: Layout) -> str:
    """Keep the beginning of a dump, as a job does whose disk was full and who did not look."""
    name = backups.back_up_database(layout).name
    content = (backups.directory(layout) / name).read_bytes()
    backups.replace(layout, name, content[: len(content) // 10])
    backups.note_digest(layout, name)
    return name


def _remove_database_backup(layout: Layout, name: str) -> None:
    backups.remove(layout, name)
    backups.back_up_database(layout)


def _break_archive(layout: Layout) -> None:
    _set_archive(layout, "ALTER SYSTEM SET archive_command = 'false'")
    with postgres.connect_admin(layout) as connection:

        def failed() -> bool:
            connection.execute("SELECT pg_log_standby_snapshot(), pg_switch_wal()")
            row = connection.execute(
                "SELECT coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) "
                "FROM pg_stat_archiver"
            ).fetchone()
            return bool(row and row[0])

        instances.wait(failed, "the archive does not fail")


def _mend_archive(layout: Layout, _: Any) -> None:
    _set_archive(layout, "ALTER SYSTEM RESET archive_command")
    with postgres.connect_admin(layout) as connection:

        def works() -> bool:
            row = connection.execute(
                "SELECT last_archived_time > coalesce(last_failed_time, '-infinity') FROM pg_stat_archiver"
            ).fetchone()
            return bool(row and row[0])

        instances.wait(works, "the archive does not work again")


def _set_archive(layout: Layout, statement: Any) -> None:
    with postgres.connect_admin(layout) as connection:
        connection.execute(statement)
        connection.execute("SELECT pg_reload_conf()")


def _stop_file_backups(layout: Layout) -> dict[str, float]:
    times = {}
    for backup in backups.directory(layout).glob(_FILES):
        times[backup.name] = backup.stat().st_mtime
        os.utime(backup, (time.time(), times[backup.name] - _HOURS_LATE * 3600))
    return times


def _resume_file_backups(layout: Layout, times: dict[str, float]) -> None:
    for name, modified in times.items():
        if (backup := backups.directory(layout) / name).exists():
            os.utime(backup, (time.time(), modified))


def _spoil_files(layout: Layout) -> str:
    backup = _newest(layout, _FILES)
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 0x01
    backups.replace(layout, backup.name, bytes(content))
    return backup.name


def _forget_host(layout: Layout) -> str:
    return backups.back_up_files(layout, without="db1").name


def _back_up_files_in_plain(layout: Layout) -> str:
    return backups.back_up_files(layout, encrypted=False).name


def _remove_file_backup(layout: Layout, name: str) -> None:
    backups.remove(layout, name)
    backups.back_up_files(layout)


def _lose_a_table(layout: Layout) -> str:
    """Let the backup lack rows that were there when it was made, as a dump by a blinkered account does."""
    backup = backups.newest(layout)
    noted = backup.with_name(f"{backup.name}.json")
    contents = json.loads(noted.read_text(encoding="utf-8"))
    contents["tables"][0]["rows"] += 1
    contents["tables"][0]["digest"] = "0" * 64
    noted.write_text(json.dumps(contents), encoding="utf-8")
    backups.verify_restore(layout)
    return backup.name


def _replace_and_test_again(layout: Layout, name: str) -> None:
    backups.remove(layout, name)
    backups.back_up_database(layout)
    backups.verify_restore(layout)


def _exchange_tested(layout: Layout) -> str:
    """Put another dump in the place of the one that was tested, with a manifest that fits."""
    name = str(json.loads(backups.proof_file(layout).read_text(encoding="utf-8"))["backup"])
    other = backups.back_up_database(layout)
    content, times = other.read_bytes(), (backups.directory(layout) / name).stat()
    backups.remove(layout, other.name)
    backups.replace(layout, name, content)
    os.utime(backups.directory(layout) / name, (times.st_atime, times.st_mtime))
    backups.note_digest(layout, name)
    return name


FAULTS = (
    Fault(
        name="backup-run-missed",
        title=Text(ko="DB 백업이 몇 차례 실행되지 않았습니다", en="Several runs of the database backup were missed"),
        items=("BAK-JOB-1",),
        break_=_miss_runs,
        mend=_forget_missed_runs,
    ),
    Fault(
        name="backup-not-copied",
        title=Text(ko="최신 DB 백업의 외부 사본이 없습니다", en="The newest database backup has no copy off site"),
        items=("BAK-JOB-1",),
        break_=_lose_copy(_DATABASE),
        mend=_copy_again,
    ),
    Fault(
        name="backup-copy-damaged",
        title=Text(ko="DB 백업의 외부 사본이 손상되었습니다", en="The copy off site of the database backup is damaged"),
        items=("BAK-JOB-1",),
        break_=_spoil_copy,
        mend=_copy_again,
    ),
    Fault(
        name="backup-too-small",
        title=Text(
            ko="최신 DB 백업이 평소의 10분의 1 크기입니다", en="The newest database backup has a tenth of its size"
        ),
        items=("BAK-JOB-1",),
        break_=_back_up_nearly_nothing,
        mend=_remove_database_backup,
    ),
    Fault(
        name="archive-failing",
        title=Text(ko="WAL 아카이브가 실패합니다", en="The archive of the WAL fails"),
        items=("BAK-JOB-1",),
        break_=_break_archive,
        mend=_mend_archive,
    ),
    # Before the faults of the newest file backup: it makes a new one.
    Fault(
        name="file-backup-unencrypted",
        title=Text(ko="최신 파일 백업이 암호화되지 않았습니다", en="The newest file backup is not encrypted"),
        items=("BAK-JOB-3",),
        break_=_back_up_files_in_plain,
        mend=_remove_file_backup,
    ),
    Fault(
        name="file-backup-stale",
        title=Text(ko="파일 백업이 3시간 전부터 실행되지 않았습니다", en="No file backup was taken for 3 hours"),
        items=("BAK-JOB-2",),
        break_=_stop_file_backups,
        mend=_resume_file_backups,
    ),
    Fault(
        name="file-backup-damaged",
        title=Text(ko="최신 파일 백업이 손상되었습니다", en="The newest file backup is damaged"),
        items=("BAK-JOB-2",),
        break_=_spoil_files,
        mend=_remove_file_backup,
    ),
    Fault(
        name="file-backup-incomplete",
        title=Text(ko="파일 백업에 db1의 설정이 없습니다", en="The file backup lacks the settings of db1"),
        items=("BAK-JOB-2",),
        break_=_forget_host,
        mend=_remove_file_backup,
    ),
    Fault(
        name="file-backup-not-copied",
        title=Text(ko="최신 파일 백업의 외부 사본이 없습니다", en="The newest file backup has no copy off site"),
        items=("BAK-JOB-2",),
        break_=_lose_copy(_FILES),
        mend=_copy_again,
    ),
    Fault(
        name="backup-exchanged-after-test",
        title=Text(ko="복구 테스트 후 백업이 교체되었습니다", en="The tested backup was exchanged for another one"),
        items=("BAK-JOB-4",),
        break_=_exchange_tested,
        mend=_replace_and_test_again,
    ),
    Fault(
        name="restore-lacks-rows",
        title=Text(ko="복구한 데이터에 행이 부족합니다", en="The restored data lacks rows"),
        items=("BAK-JOB-4",),
        blinds=("BAK-DR-3",),
        break_=_lose_a_table,
        mend=_replace_and_test_again,
    ),
)
