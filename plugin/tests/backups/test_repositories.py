"""Real repositories of restic and borg, and what Barman and WAL-G print."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from signoff.config.kinds.file_backup import FileBackupService
from signoff.errors import NotVerifiedError
from signoff.probes.backups import barman, restic, walg
from signoff.probes.backups.repository import Place, holds, read, verify

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.transport.host import CheckedHost


def _place(tool: str, **changes: object) -> Place:
    nothing = Place(tool=tool, name="", location="", password_file="", command=(tool,), key=1, seconds=600)
    return replace(nothing, **changes)  # type: ignore[arg-type]  # a test names real fields


def _run(folder: Path, *words: str, **environment: str) -> None:
    subprocess.run(words, cwd=folder, env={**os.environ, **environment}, check=True, capture_output=True)


def _is_now(at: datetime) -> bool:
    return abs(datetime.now(UTC) - at) < timedelta(minutes=29)


def _service(tool: str, location: str, **changes: Any) -> FileBackupService:
    entry = {
        "host": "backup1",
        "repository": {"tool": tool, "location": location, "within": "10m"} | changes.pop("repository", {}),
        "schedule": {"cron": "* * * * *", "timezone": "UTC", "grace": "1h", "runs": 1},
    }
    return FileBackupService.model_validate(entry | changes)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with data in `data`, and a password in `password`."""
    folder = tmp_path_factory.mktemp("files")
    (folder / "password").write_text("made-up\n")
    for name in ("etc", "srv"):
        (folder / "data" / name).mkdir(parents=True)
        (folder / "data" / name / "file").write_bytes(os.urandom(20_000))
    return folder


@pytest.fixture(scope="module")
def restic_place(files: Path) -> Place:
    """Return a repository of restic with one snapshot, and its copy in `second`."""
    if shutil.which("restic") is None:
        pytest.skip("needs the package restic")
    secret = ("--password-file", "password")
    for words in (("-r", "restic", "init"), ("-r", "restic", "backup", "data/etc"), ("-r", "second", "init")):
        _run(files, "restic", "-q", "--no-cache", *secret, *words)
    copy = ("copy", "--repo2", "second", "--password-file2", "password")
    _run(files, "restic", "-q", "--no-cache", *secret, "-r", "restic", *copy)
    return _place("restic", location=str(files / "restic"), password_file=str(files / "password"))


def test_restic_says_when_what_and_that_it_is_encrypted(here: CheckedHost, restic_place: Place) -> None:
    found = read(here, restic_place)

    (snapshot,) = found.backups
    assert _is_now(snapshot.at)
    assert len(snapshot.content) == 64
    assert found.cipher.startswith("AES")
    assert [holds(here, restic_place, snapshot.name, path) for path in ("data/etc", "/data/etc/file", "data/srv")] == [
        True,
        True,
        False,
    ]


def test_checks_of_a_repository_of_restic(conclude: Any, restic_place: Place, files: Path) -> None:
    secret = {"repository": {"password_file": restic_place.password_file}}
    second = {"elsewhere": {"location": str(files / "second")}}
    good = _service("restic", restic_place.location, paths=["data/etc"], **second, **secret)

    def found(check: str, service: FileBackupService) -> tuple[str, str]:
        concluded = conclude(check, service)
        return concluded.state, concluded.reason

    checks = ("later_than_its_schedule", "what_was_written", "kept_elsewhere_too")
    names = [*(f"newest_file_backup_is_{one}" for one in checks), "newest_file_backup_holds_everything"]
    assert {name: found(name, good)[0] for name in names} == dict.fromkeys(names, "PASS")
    assert found("file_backups_are_encrypted", good)[0] == "PASS"
    lacking = _service("restic", restic_place.location, paths=["data/etc", "data/srv"], **secret)
    assert found("newest_file_backup_holds_everything", lacking)[1].endswith("lacks data/srv")
    assert found("newest_file_backup_is_kept_elsewhere_too", lacking)[0] == "NOT_VERIFIED"
    wrong = _service("restic", str(files / "absent"), paths=["data"], **second, **secret)
    assert {found(name, wrong)[0] for name in names} == {"NOT_VERIFIED"}

    _run(files, "restic", "-q", "--no-cache", "--password-file", "password", "-r", "restic", "backup", "data/srv")
    assert "is not at" in found("newest_file_backup_is_kept_elsewhere_too", good)[1]


def test_a_flipped_byte_in_a_repository_is_noticed_if_the_data_is_read(
    conclude: Any, here: CheckedHost, restic_place: Place, files: Path
) -> None:
    location = str(shutil.copytree(files / "restic", files / "spoiled"))
    packs = [one for one in (files / "spoiled" / "data").rglob("*") if one.is_file()]
    pack = max(packs, key=lambda one: one.stat().st_size)
    content = bytearray(pack.read_bytes())
    content[len(content) // 3] ^= 1
    pack.chmod(0o600)
    pack.write_bytes(content)
    secret = {"password_file": restic_place.password_file}
    check = "newest_file_backup_is_what_was_written"

    assert conclude(check, _service("restic", location, repository=secret)).state == "PASS", (
        "only the structure is read"
    )
    assert "damaged" in conclude(check, _service("restic", location, repository=secret | {"read": 1.0})).reason
    for index in (files / "spoiled" / "index").iterdir():
        index.chmod(0o600)
        index.write_bytes(b"x" * 100)
    assert "LoadIndex" in verify(here, replace(restic_place, location=location))


def test_a_repository_that_cannot_be_opened_tells_nothing(here: CheckedHost, restic_place: Place, files: Path) -> None:
    wrong = files / "wrong"
    wrong.write_text("another\n")
    for place in (
        replace(restic_place, password_file=str(wrong)),
        replace(restic_place, name="another-host"),
        replace(restic_place, command=("no-such-program",)),
    ):
        with pytest.raises(NotVerifiedError):
            read(here, place)
    for place in (replace(restic_place, password_file=str(wrong)), replace(restic_place, location=str(files / "no"))):
        with pytest.raises(NotVerifiedError):
            verify(here, place)


@pytest.mark.parametrize("mode", ["repokey", "authenticated", "none"])
def test_borg_tells_encrypted_from_signed_alone(
    conclude: Any, here: CheckedHost, files: Path, tmp_path: Path, mode: str
) -> None:
    if shutil.which("borg") is None:
        pytest.skip("needs the package borgbackup")
    settings = {
        "BORG_BASE_DIR": str(tmp_path),
        "BORG_PASSCOMMAND": f"cat {files}/password",
        "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
        "TZ": "Asia/Seoul",
    }
    location = str(tmp_path / "borg")
    _run(files, "borg", "init", "-e", mode, location, **settings)
    _run(files, "borg", "create", f"{location}::one", "data/etc", **settings)
    command = ("env", f"BORG_BASE_DIR={tmp_path}", "borg")
    place = _place("borg", location=location, password_file=str(files / "password"), command=command)

    found = read(here, place)

    assert found.cipher == ("repokey" if mode == "repokey" else "none")
    assert [one.name for one in found.backups] == ["one"]
    assert _is_now(found.backups[0].at)
    asked = {"password_file": place.password_file, "command": place.command}
    sealed = conclude("file_backups_are_encrypted", _service("borg", location, repository=asked))
    assert sealed.state == ("PASS" if mode == "repokey" else "FAIL")
    if mode == "repokey":
        assert holds(here, place, "one", "data/etc")
        assert not holds(here, place, "one", "data/srv")
        lacking = _service("borg", location, repository=asked, paths=["data/srv"])
        assert conclude("newest_file_backup_holds_everything", lacking).state == "FAIL"
        assert conclude("newest_file_backup_is_what_was_written", lacking).state == "NOT_VERIFIED"
        _run(tmp_path, "mv", location, f"{location}.away")
        with pytest.raises(NotVerifiedError, match="borg"):
            read(here, place)


BARMAN = [
    {
        "backup_id": "20261122T030000",
        "status": "DONE",
        "end_time_timestamp": "1795316700",
        "size_bytes": 7,
        "wal_size": 1,
    },
    {"backup_id": "20261123T030000", "status": "FAILED"},
    {"backup_id": "20261123T040000", "status": "WAITING_FOR_WALS", "end_time_timestamp": "1795316800", "size_bytes": 7},
]
"""As https://docs.pgbarman.org describes the answer: a failed backup has neither end nor size."""


def test_barman_tells_done_from_failed_and_from_not_yet_usable() -> None:
    found = barman.parse(json.dumps({"shop": BARMAN}), "shop", zone=lambda: ZoneInfo("Asia/Seoul"))

    assert [(one.name, one.size) for one in found.backups] == [("20261122T030000", 7)]
    assert [(one.name, one.problem) for one in found.broken] == [("20261123T030000", "FAILED")]
    assert found.broken[0].at == datetime(2026, 11, 22, 18, tzinfo=UTC), "its name is by the clock of Barman's host"
    assert found.cipher == ""
    for text in ("", "{}", json.dumps({"shop": []}), json.dumps({"shop": [{"backup_id": "x", "status": "FAILED"}]})):
        with pytest.raises(NotVerifiedError):
            barman.parse(text, "shop", zone=lambda: UTC)


def test_walg_lists_in_detail() -> None:
    one = {"backup_name": "base_1", "start_time": "2026-11-22T03:00:00Z", "finish_time": "2026-11-22T03:05:00Z"}
    found = walg.parse(json.dumps([one | {"compressed_size": 9}]))

    assert (found.backups[0].name, found.backups[0].size, found.cipher) == ("base_1", 9, "")
    delta = one | {"compressed_size": 1, "backup_name": "base_2_D_1"}
    assert [found.kind for found in walg.parse(json.dumps([one | {"compressed_size": 9}, delta])).backups] == [
        "full",
        "delta",
    ]
    for text in ("", "null", "[]", json.dumps([one]), '[{"backup_name": "cut'):
        with pytest.raises(NotVerifiedError):
            walg.parse(text)


def test_restic_without_snapshots_or_with_a_cut_answer_proves_nothing() -> None:
    for text in ("null", "[]", '[{"time": "2026-11-22T03:00:00'):
        with pytest.raises(NotVerifiedError):
            restic.parse(text, "/srv/restic")
