"""A real PostgreSQL, backed up by pgBackRest, Barman, and pg_dump with age and gpg: what the checks make of them."""

from __future__ import annotations

import shutil
import subprocess
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.backup import BackupService
from signoff.errors import NotVerifiedError
from signoff.probes.backups.repository import Place, read
from tests.backups.restore.conftest import SERVER

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from signoff.transport.host import CheckedHost
    from tests.backups.restore.conftest import PgBackRest

RUNS, SIZE = "newest_backup_is_later_than_its_schedule", "newest_backup_has_its_usual_size"
COPY, SEALED = "newest_backup_is_kept_elsewhere_too", "backups_are_encrypted"
DAY = 86_400
_CONFIGURATION = """\
[barman]
barman_home = {folder}
barman_user = {user}
log_file = {folder}/barman.log
configuration_files_directory = {folder}/none
path_prefix = {server}
[shop]
description = shop
conninfo = host={socket} user=postgres dbname=postgres
backup_method = postgres
archiver = on
incoming_wals_directory = {socket}/incoming
"""


class _Later:
    """A host whose clock shows two days more."""

    def __init__(self, host: CheckedHost) -> None:
        self.run = host.run
        self._host = host

    def check_output(self, command: str, *args: str) -> str:
        answer = str(self._host.check_output(command, *args))
        return str(int(answer) + 2 * DAY) if command.startswith("date") else answer


def _service(repository: dict[str, Any] | None, **changes: Any) -> BackupService:
    now = datetime.now(UTC)
    minute, hour = divmod(int(now.timestamp()) // 60 - 720, 60)[::-1]
    entry = {
        "host": "backup1",
        "repository": repository and {"within": "10m"} | repository,
        "database": "shop-db",
        "schedule": {"cron": f"{minute} {hour % 24} * * *", "timezone": "UTC", "grace": "0s", "runs": 1},
        "restore": {"record": "/x"},
        "objectives": {"rto": "1h", "rpo": "1h"},
    }
    return BackupService.model_validate(entry | changes)


def _states(conclude: Any, service: BackupService, *checks: str, **given: Any) -> dict[str, str]:
    return {check: conclude(check, service, **given).state for check in checks}


def test_what_checks_make_of_a_server_s_backups(
    conclude: Callable[..., Any], here: CheckedHost, pgbackrest: PgBackRest, tmp_path: Path
) -> None:
    """One test, for one server: it takes seconds to make."""
    for tool in ("age", "gpg", "barman"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs the packages age, gnupg and barman: no {tool}")
    _pgbackrest(conclude, here, pgbackrest)
    _dumps(conclude, pgbackrest, tmp_path / "dumps")
    try:
        _barman(conclude, here, pgbackrest, tmp_path)
    finally:
        pgbackrest.sql("ALTER SYSTEM RESET archive_command")
        pgbackrest.sql("SELECT pg_reload_conf()")


def _pgbackrest(conclude: Callable[..., Any], here: CheckedHost, pgbackrest: PgBackRest) -> None:
    mine: dict[str, Any] = {"tool": "pgbackrest", "name": "shop", "command": pgbackrest.command}
    good = _service(mine, elsewhere={"key": 2})

    assert _states(conclude, good, RUNS, COPY) == {RUNS: "PASS", COPY: "PASS"}
    assert "older than the last one" in conclude(RUNS, good, connect=lambda _: _Later(here)).reason
    assert "is not at repository 2" in conclude(COPY, good, connect=lambda _: _Later(here)).reason
    # The second repository is not encrypted, the first one is.
    assert conclude(SEALED, good).reason == "target: target elsewhere is not encrypted (none)"
    assert conclude(SEALED, _service(mine)).state == "PASS"
    assert conclude(COPY, _service(mine)).state == "NOT_VERIFIED"
    absent = _service(mine | {"name": "nobody"})
    assert set(_states(conclude, absent, RUNS, SIZE, SEALED).values()) == {"NOT_VERIFIED"}
    assert conclude(SIZE, good).state == "NOT_VERIFIED", "there is one backup only"


def _dumps(conclude: Callable[..., Any], server: PgBackRest, folder: Path) -> None:
    (folder / "away").mkdir(parents=True)
    (folder / "gpg").mkdir(mode=0o700)
    dump = subprocess.run(
        [SERVER / "pg_dump", "-Fc", "-h", server.folder, "-U", "postgres"], capture_output=True, check=True
    ).stdout
    recipient = _said("age-keygen", "-y", stdin=_said("age-keygen")).decode().strip()
    gpg = ("gpg", "--homedir", str(folder / "gpg"), "--batch", "--quiet", "--pinentry-mode", "loopback")
    try:
        contents = {
            "1.dump": _said("age", "-r", recipient, stdin=dump),
            "2.dump": _said(*gpg, "--passphrase", "x", "--symmetric", stdin=dump),
        }
    finally:
        subprocess.run(["gpgconf", "--homedir", folder / "gpg", "--kill", "all"], check=False, capture_output=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
        (folder / "away" / name).write_bytes(content)
    elsewhere = {"host": "away1", "folder": str(folder / "away")}
    service = _service(None, folder=str(folder), pattern="*.dump", elsewhere=elsewhere)

    assert set(_states(conclude, service, RUNS, SIZE, COPY, SEALED).values()) == {"PASS"}
    flipped = bytearray(contents["2.dump"])
    flipped[len(flipped) // 2] ^= 1
    (folder / "2.dump").write_bytes(flipped)
    assert "differs from 2.dump" in conclude(COPY, service).reason
    (folder / "2.dump").write_bytes(dump)
    assert "2.dump is not encrypted (PostgreSQL dump)" in conclude(SEALED, service).reason
    (folder / "2.dump").write_bytes(contents["2.dump"][:100])
    assert "deviates by" in conclude(SIZE, service).reason
    (folder / "2.dump").write_bytes(b"")
    assert [conclude(check, service).state for check in (SIZE, SEALED)] == ["FAIL", "NOT_VERIFIED"]


def _said(*command: str, stdin: bytes = b"") -> bytes:
    return subprocess.run(command, input=stdin, capture_output=True, check=True).stdout


def _barman(conclude: Callable[..., Any], here: CheckedHost, server: PgBackRest, folder: Path) -> None:
    mine = {"tool": "barman", "name": "shop", "command": _make_barman(server, folder)}
    service = _service(mine)
    (newest,) = read(here, _place(mine)).backups
    assert (newest.size > 1_000_000, abs(time.time() - newest.at.timestamp()) < 1700) == (True, True)

    assert _states(conclude, service, RUNS, SIZE, SEALED) == {
        RUNS: "PASS",
        SIZE: "NOT_VERIFIED",  # there is one backup only
        SEALED: "NOT_VERIFIED",  # Barman does not say
    }
    assert "older than the last one" in conclude(RUNS, service, connect=lambda _: _Later(here)).reason
    with pytest.raises(NotVerifiedError, match="barman other"):
        read(here, _place(mine | {"name": "other"}))

    later = datetime.now().astimezone().strftime("%Y%m%dT%H%M%S")  # as Barman names runs: by the clock of its host
    shutil.copytree(folder / "shop" / "base" / newest.name, folder / "shop" / "base" / later)
    info = folder / "shop" / "base" / later / "backup.info"
    info.write_text(info.read_text().replace("status=DONE", "status=FAILED"))
    assert f"a later run failed: {later} (FAILED)" in conclude(RUNS, service).reason


def _make_barman(server: PgBackRest, folder: Path) -> list[str]:
    """Take one backup and return what starts Barman."""
    (server.folder / "incoming").mkdir()
    push = server.sql("SHOW archive_command").strip()
    # In one step: whoever looks for segments never sees half of one.
    copy = f"cp %p {server.folder}/segment && mv {server.folder}/segment {server.folder}/incoming/%f"
    server.sql(f"ALTER SYSTEM SET archive_command = '{push} && {copy}'")
    server.sql("SELECT pg_reload_conf()")
    user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
    text = _CONFIGURATION.format(folder=folder, user=user, server=SERVER, socket=server.folder)
    (folder / "barman.conf").write_text(text)
    command = ["barman", "-c", str(folder / "barman.conf")]
    deadline = time.monotonic() + 180
    while not any((server.folder / "incoming").iterdir()):
        # The archiver may take the first segments before it has read its new command.
        server.sql("SELECT pg_create_restore_point('barman'), pg_switch_wal()")
        assert time.monotonic() < deadline
        time.sleep(0.2)
    for words in (["archive-wal", "shop"], ["backup", "--wait", "shop"]):
        done = subprocess.run([*command, *words], capture_output=True, text=True, check=False, timeout=600)
        assert done.returncode == 0, done.stdout + done.stderr
    return command


def _place(repository: dict[str, Any]) -> Place:
    words = {"name": repository["name"], "command": tuple(repository["command"])}
    return Place(tool="barman", location="", password_file="", key=1, seconds=600, **words)
