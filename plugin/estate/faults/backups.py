"""Faults of backups: not taken, not encrypted, not copied, not what was written, and not restorable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from estate.estate import wait_until
from estate.faults.model import Fault
from estate.rehearsals import restore
from estate.roles import backup, database, vault
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Callable

    from estate.estate import Estate

_TIMER = f"{backup.DATABASE}.timer"
_ENCRYPT, _COPY = f"age --encrypt --recipients-file {vault.RECIPIENT} >", "cat >"
_FLIP = """\
import os, sys
for path in sys.argv[1:]:
    before = os.stat(path)
    with open(path, "r+b") as file:
        file.seek(before.st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, 1)
        file.write(bytes([byte ^ 1]))
    os.utime(path, (before.st_atime, before.st_mtime))
"""
_OLD = "3 hours ago"
_ARCHIVED = "SELECT last_archived_time > coalesce(last_failed_time, '-infinity') FROM pg_stat_archiver"
_SWITCH = "SELECT pg_logical_emit_message(true, 'estate', 'a change'); SELECT pg_switch_wal();"


def _here(name: str) -> str:
    return f"{database.BACKUPS}/{name}"


def _copy(name: str) -> str:
    return f"{vault.COPIES}/{name}"


def _flip(estate: Estate, host: str, path: str) -> None:
    estate.host(host).run("python3", "-", path, stdin=_FLIP)


def _tested(estate: Estate) -> str:
    return str(restore.record(estate)["backup"])


def _newest_files(estate: Estate) -> str:
    return backup.newest(estate, backup.FILES)


def _flip_everywhere(chosen: Callable[[Estate], str]) -> Callable[[Estate], str]:
    def break_(estate: Estate) -> str:
        name = chosen(estate)
        _flip_back(estate, name)
        return name

    return break_


def _flip_back(estate: Estate, name: str) -> None:
    for host, path in ((backup.HOST, _here(name)), (backup.VAULT, _copy(name))):
        _flip(estate, host, path)


def _flip_original(estate: Estate) -> str:
    name = _tested(estate)
    _flip(estate, backup.HOST, _here(name))
    return name


def _flip_original_back(estate: Estate, name: str) -> None:
    _flip(estate, backup.HOST, _here(name))


def _fail_restore(estate: Estate) -> str:
    """Damage the copy from which the next restore test restores, and hold one."""
    name = backup.newest(estate)
    _flip(estate, backup.VAULT, _copy(name))
    restore.run(estate)
    return name


def _repeat_restore(estate: Estate, name: str) -> None:
    _flip(estate, backup.VAULT, _copy(name))
    restore.run(estate)


def _lose_copy(unit: str) -> Callable[[Estate], str]:
    def break_(estate: Estate) -> str:
        name = backup.newest(estate, unit)
        estate.host(backup.VAULT).run("mv", _copy(name), f"{vault.FOLDER}/{name}.lost")
        return name

    return break_


def _find_copy(estate: Estate, name: str) -> None:
    estate.host(backup.VAULT).run("mv", f"{vault.FOLDER}/{name}.lost", _copy(name))


def _take_another(unit: str, script: str, old: str, new: str) -> Callable[[Estate], str]:
    """Let the job take one backup more, with a mistake in its script that is there for that time only."""

    def break_(estate: Estate) -> str:
        host = estate.host(backup.HOST)
        host.replace(script, old, new)
        try:
            return backup.run(estate, unit)
        finally:
            host.replace(script, new, old)

    return break_


def _take_in_plain(unit: str, script: str) -> Callable[[Estate], str]:
    """Take a backup without encryption, a second older than the newest, which other faults may be about."""

    def break_(estate: Estate) -> str:
        host, before = estate.host(backup.HOST), backup.newest(estate, unit)
        name = _take_another(unit, script, _ENCRYPT, _COPY)(estate)
        host.run(f"touch --date=@$(($(stat --format=%Y {_here(before)}) - 1)) {_here(name)}")
        return name

    return break_


def _remove(estate: Estate, name: str) -> None:
    estate.host(backup.HOST).run(f"rm {_here(name)} {_here(name)}.*")
    estate.host(backup.VAULT).run("rm", "--force", _copy(name))


def _age_backups(estate: Estate) -> str:
    host, everything = estate.host(backup.HOST), _here(backup.PATTERNS[backup.DATABASE])
    times = host.run(f"stat --format='touch --date=@%Y %n' {everything}")
    host.run(f"touch --date='{_OLD}' {everything}")
    return times


def _rejuvenate(estate: Estate, times: str) -> None:
    estate.host(backup.HOST).run("sh", "-e", stdin=times)


def _stop_timer(estate: Estate) -> None:
    estate.host(backup.HOST).run("systemctl", "--quiet", "disable", "--now", _TIMER)


def _start_timer(estate: Estate, _: Any) -> None:
    estate.host(backup.HOST).run("systemctl", "--quiet", "enable", "--now", _TIMER)


def _lose_manifest(estate: Estate) -> str:
    name = _tested(estate)
    estate.host(backup.HOST).run("mv", f"{_here(name)}.sha256", f"{_here(name)}.sha256.lost")
    return name


def _find_manifest(estate: Estate, name: str) -> None:
    estate.host(backup.HOST).run("mv", f"{_here(name)}.sha256.lost", f"{_here(name)}.sha256")


def _shut_archive(estate: Estate) -> None:
    estate.host(backup.VAULT).run("chown", "root:root", vault.WAL)
    database.sql(estate.host(database.PRIMARY), _SWITCH)
    _wait_for_archive(estate, wanted="f")


def _open_archive(estate: Estate, _: Any) -> None:
    estate.host(backup.VAULT).run("chown", f"{vault.USER}:backup", vault.WAL)
    # A new segment has the old one sent again at once, and not only after a minute.
    database.sql(estate.host(database.PRIMARY), _SWITCH)
    _wait_for_archive(estate, wanted="t")


def _wait_for_archive(estate: Estate, *, wanted: str) -> None:
    ask = (estate.host(database.PRIMARY), _ARCHIVED)
    wait_until(lambda: database.sql(*ask) == wanted, "the archive does not change", step=0.5)


def _interrupt(estate: Estate) -> dict[str, Any]:
    """Leave the record as a restore test that was killed leaves it."""
    before = restore.record(estate)
    restore.replace_record(estate, {**before, "state": "interrupted", "passed": False, "detail": "interrupted"})
    return before


_DUMPED, _DUMP_NOTHING = "pg_dump --format=custom", "pg_dump --format=custom --schema-only"
_ALL, _SOME = " ".join(backup.PATHS), backup.PATHS[0]
_DUMP, _FILES = "/usr/local/lib/dump-shop", backup.SCRIPTS[backup.FILES]

FAULTS = (
    Fault(
        name="backup-restore-failed",
        title=Text(
            ko="보관된 사본이 손상되어 복구 테스트가 실패했습니다",
            en="The copy in the vault is damaged, and the restore test failed",
        ),
        items=("BAK-JOB-1", "BAK-JOB-4"),
        blinds=("BAK-DR-3",),
        break_=_fail_restore,
        mend=_repeat_restore,
    ),
    Fault(
        name="backup-byte-flipped",
        title=Text(ko="백업의 한 바이트가 바뀌었습니다", en="One byte of the newest backup was changed on the disk"),
        items=("BAK-JOB-1", "BAK-JOB-4"),
        break_=_flip_original,
        mend=_flip_original_back,
    ),
    Fault(
        name="backup-byte-flipped-everywhere",
        title=Text(
            ko="백업과 사본의 같은 바이트가 바뀌었습니다",
            en="One byte of the newest backup was changed, and of its copy too",
        ),
        items=("BAK-JOB-4",),
        break_=_flip_everywhere(_tested),
        mend=_flip_back,
    ),
    Fault(
        name="backup-too-old",
        title=Text(ko="최신 DB 백업이 3시간 전 것입니다", en="The newest backup of the database is three hours old"),
        items=("BAK-JOB-1",),
        break_=_age_backups,
        mend=_rejuvenate,
    ),
    Fault(
        name="backup-size-collapsed",
        title=Text(
            ko="최신 DB 백업에 데이터가 없어 크기가 급감했습니다",
            en="The newest backup holds no data and is a fraction of its usual size",
        ),
        items=("BAK-JOB-1",),
        break_=_take_another(backup.DATABASE, _DUMP, _DUMPED, _DUMP_NOTHING),
        mend=_remove,
    ),
    Fault(
        name="backup-copy-missing",
        title=Text(ko="최신 DB 백업의 사본이 없습니다", en="The newest backup has no copy in the vault"),
        items=("BAK-JOB-1",),
        break_=_lose_copy(backup.DATABASE),
        mend=_find_copy,
    ),
    Fault(
        name="archive-refuses-changes",
        title=Text(
            ko="보관소의 권한이 바뀌어 변경분(WAL)이 보관되지 않습니다",
            en="The vault refuses the archived changes after its rights were changed",
        ),
        items=("BAK-JOB-1",),
        break_=_shut_archive,
        mend=_open_archive,
    ),
    Fault(
        name="backup-timer-disabled",
        title=Text(ko="백업 타이머가 꺼져 있습니다", en="The timer of the backup was disabled"),
        items=(),
        blinds=("BAK-JOB-1", "BAK-DR-3"),
        break_=_stop_timer,
        mend=_start_timer,
    ),
    Fault(
        name="files-backup-incomplete",
        title=Text(ko="파일 백업에 필요한 경로가 빠졌습니다", en="The backup of the files lacks one of its paths"),
        items=("BAK-JOB-2",),
        break_=_take_another(backup.FILES, _FILES, _ALL, _SOME),
        mend=_remove,
    ),
    Fault(
        name="files-backup-changed",
        title=Text(
            ko="파일 백업이 기록된 체크섬과 다릅니다", en="The newest backup of the files is not what was written"
        ),
        items=("BAK-JOB-2",),
        break_=_flip_everywhere(_newest_files),
        mend=_flip_back,
    ),
    Fault(
        name="files-copy-missing",
        title=Text(ko="최신 파일 백업의 사본이 없습니다", en="The newest backup of the files has no copy in the vault"),
        items=("BAK-JOB-2",),
        break_=_lose_copy(backup.FILES),
        mend=_find_copy,
    ),
    Fault(
        name="backup-not-encrypted",
        title=Text(ko="최신 DB 백업이 암호화되지 않았습니다", en="The newest backup of the database is not encrypted"),
        items=("BAK-JOB-3",),
        break_=_take_in_plain(backup.DATABASE, _DUMP),
        mend=_remove,
    ),
    Fault(
        name="files-backup-not-encrypted",
        title=Text(ko="최신 파일 백업이 암호화되지 않았습니다", en="The newest backup of the files is not encrypted"),
        items=("BAK-JOB-3",),
        break_=_take_in_plain(backup.FILES, _FILES),
        mend=_remove,
    ),
    Fault(
        name="backup-manifest-missing",
        title=Text(ko="백업의 체크섬 파일이 없습니다", en="The checksum beside the newest backup is gone"),
        items=(),
        blinds=("BAK-JOB-4",),
        break_=_lose_manifest,
        mend=_find_manifest,
    ),
    Fault(
        name="restore-test-interrupted",
        title=Text(ko="마지막 복구 테스트가 중단되었습니다", en="The newest restore test was killed midway"),
        items=(),
        blinds=("BAK-JOB-4", "BAK-DR-3"),
        break_=_interrupt,
        mend=restore.replace_record,
    ),
)
