from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
from click.testing import CliRunner

from signoff.cli.main import main
from signoff.demo import backup_scheduler, backups, postgres, restore_test
from signoff.demo.layout import Layout, write_atomically
from signoff.importers.drills import restore_test as importer

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]


@pytest.fixture
def backup(demo: Layout) -> Iterator[Path]:
    """Return a backup of the test's own; it is removed afterwards."""
    found = backups.back_up_database(demo)
    yield found
    backups.remove(demo, found.name)


def _rewrite(backup: Path, content: bytes) -> None:
    backup.write_bytes(content)
    manifest = f"{hashlib.sha256(content).hexdigest()}  {backup.name}\n"
    write_atomically(backup.with_name(f"{backup.name}.sha256"), manifest, mode=0o644)


@pytest.mark.demo
def test_backup_comes_back_as_it_was(demo: Layout, backup: Path) -> None:
    record = restore_test.run(demo, backup, backups.key_file(demo))
    assert record["passed"], record["detail"]
    rows = {table["name"]: table["restored_rows"] for table in record["tables"]}
    assert rows["products"] == 200
    assert rows["orders"] >= 500


@pytest.mark.demo
def test_later_changes_do_not_make_the_restore_fail(demo: Layout, backup: Path) -> None:
    with postgres.connect_admin(demo) as connection:
        connection.execute("UPDATE products SET stock = stock + 1 WHERE id = 199")
    assert restore_test.run(demo, backup, backups.key_file(demo))["passed"]


@pytest.mark.demo
def test_flipped_byte_is_found_by_the_manifest(demo: Layout, backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    content[-100] ^= 1
    backup.write_bytes(content)
    record = restore_test.run(demo, backup, backups.key_file(demo))
    assert not record["passed"]
    assert "sha256" in record["detail"]


@pytest.mark.demo
def test_flipped_byte_is_found_even_if_the_manifest_was_changed_too(demo: Layout, backup: Path) -> None:
    content = bytearray(backup.read_bytes())
    content[-100] ^= 1
    _rewrite(backup, bytes(content))
    record = restore_test.run(demo, backup, backups.key_file(demo))
    assert not record["passed"]
    assert "cannot be decrypted" in record["detail"]


@pytest.mark.demo
def test_plain_dump_is_no_backup(demo: Layout) -> None:
    plain = backups.back_up_database(demo, encrypted=False)
    assert plain.read_bytes().startswith(b"PGDMP")
    assert not restore_test.run(demo, plain, backups.key_file(demo))["passed"]
    backups.remove(demo, plain.name)


@pytest.mark.demo
def test_missing_table_is_no_success(demo: Layout, backup: Path) -> None:
    contents = backup.with_name(f"{backup.name}.json")
    text = contents.read_text(encoding="utf-8")
    contents.write_text(text.replace('"payments"', '"refunds"'), encoding="utf-8")
    record = restore_test.run(demo, backup, backups.key_file(demo))
    assert not record["passed"]
    assert record["detail"] == "different after the restore: refunds"


@pytest.mark.demo
def test_scratch_database_is_gone_afterwards(demo: Layout, backup: Path) -> None:
    restore_test.run(demo, backup, backups.key_file(demo))
    with postgres.connect_admin(demo) as connection:
        left = connection.execute("SELECT 1 FROM pg_database WHERE datname LIKE 'restore_test%'").fetchall()
    assert left == []


@pytest.mark.demo
def test_record_is_one_that_the_check_can_read(demo: Layout) -> None:
    backups.verify_restore(demo)

    record = importer.read(backups.proof_file(demo).read_bytes())
    assert record.passed
    assert record.differing == ()
    assert record.backup == backups.newest(demo).name
    assert record.backup_sha256 == hashlib.sha256(backups.newest(demo).read_bytes()).hexdigest()


@pytest.mark.demo
def test_restore_test_of_the_command_line_runs_over_ssh(demo: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGNOFF_ENV_FILE", str(demo.env_file))
    monkeypatch.chdir(ROOT)
    words = ["restore-test", "shop-backup", "--on", "backup1", "--inventory", "demo", "--allow-active"]

    done = CliRunner().invoke(main, words)

    assert done.exit_code == 0, done.output
    record = importer.read(backups.proof_file(demo).read_bytes())
    assert (record.backup, record.passed, record.differing) == (backups.newest(demo).name, True, ())
    assert [tool.name for tool in record.tools] == ["pg_amcheck"]
    assert [one.name for one in (demo.host("backup1") / "scratch").iterdir()] == [".restore-test.lock"]


@pytest.mark.demo
def test_files_are_backed_up_without_the_key(demo: Layout) -> None:
    (newest, *_) = sorted(backups.directory(demo).glob("files-*.tar.age"), reverse=True)
    assert newest.read_bytes().startswith(b"age-encryption.org/v1")
    assert newest.stat().st_mode & 0o777 == 0o600
    assert backups.key_file(demo).stat().st_mode & 0o777 == 0o600


@pytest.mark.demo
def test_jobs_in_the_crontab_can_be_run(demo: Layout) -> None:
    before = set(backups.directory(demo).glob("files-*.tar.age"))
    job = next(one for one in _jobs(demo) if one.command.endswith("backup-files"))
    backup_scheduler.run(job, demo.host("backup1"))
    (new,) = set(backups.directory(demo).glob("files-*.tar.age")) - before
    backups.remove(demo, new.name)


@pytest.mark.demo
def test_no_job_of_the_crontab_is_due_for_most_of_an_hour(demo: Layout) -> None:
    written = datetime.fromtimestamp(backups.crontab(demo).stat().st_mtime, UTC)
    assert len(_jobs(demo)) == 3
    assert backup_scheduler.due(_jobs(demo), written, written + timedelta(minutes=55)) == []


@pytest.mark.demo
def test_a_backup_is_whole_when_it_has_its_name(demo: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[set[str]] = []

    def look(path: Path, target: Path) -> Path:
        seen.append({one.name.removeprefix(target.name) for one in target.parent.glob(f"{target.name}*")})
        seen.append({one.name.removeprefix(target.name) for one in backups.copies(demo).glob(f"{target.name}*")})
        return path.replace(target)

    monkeypatch.setattr(Path, "rename", look)
    backups.remove(demo, backups.back_up_database(demo).name)
    backups.remove(demo, backups.back_up_files(demo).name)
    assert seen == [{".sha256", ".json"}, {""}, {".sha256", ".contents"}, {""}]


def _jobs(demo: Layout) -> list[backup_scheduler.Job]:
    return backup_scheduler.read(backups.crontab(demo).read_text(encoding="utf-8"))


def test_only_the_last_backups_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backups, "KEPT", 2)
    layout = Layout(tmp_path)
    backups.directory(layout).mkdir(parents=True)
    for number in range(4):
        for suffix in ("", ".sha256", ".json"):
            (backups.directory(layout) / f"shop-{number}.dump.age{suffix}").touch()
    backups._prune(layout, "shop-*.dump.age")
    kept = sorted(file.name for file in backups.directory(layout).glob("*.age"))
    assert kept == ["shop-2.dump.age", "shop-3.dump.age"]
    assert len(os.listdir(backups.directory(layout))) == 6  # noqa: PTH208 - a plain count


def test_crontab_is_read_as_cron_does() -> None:
    text = "CRON_TZ=UTC\n# 0 0 * * * commented out\n\n0 * * * * bin/hourly now\n30 3 * * 1-5 bin/nightly\n"
    assert backup_scheduler.read(text) == [
        backup_scheduler.Job(schedule="0 * * * *", command="bin/hourly now"),
        backup_scheduler.Job(schedule="30 3 * * 1-5", command="bin/nightly"),
    ]


@pytest.mark.parametrize(
    ("after", "until", "fires"),
    [("10:59:59", "11:00:00", True), ("11:00:00", "11:00:01", False), ("10:30:00", "10:59:59", False)],
)
def test_job_fires_once_when_its_time_has_come(after: str, until: str, *, fires: bool) -> None:
    job = backup_scheduler.Job(schedule="0 * * * *", command="x")
    start, end = (datetime.fromisoformat(f"2026-11-22T{one}").replace(tzinfo=UTC) for one in (after, until))
    assert backup_scheduler.due([job], start, end) == ([job] if fires else [])


@pytest.mark.demo
def test_failing_job_is_reported_and_does_not_raise(demo: Layout, capsys: pytest.CaptureFixture[str]) -> None:
    job = backup_scheduler.Job(schedule="0 * * * *", command="echo broken >&2; exit 3")
    backup_scheduler.run(job, demo.host("backup1"))
    assert "ERROR 3: broken" in capsys.readouterr().out


@pytest.mark.demo
def test_application_role_may_not_change_the_schema(demo: Layout) -> None:
    with (
        psycopg.connect(postgres.url(demo, "shop_app"), autocommit=True) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("CREATE TABLE mine (one integer)")
