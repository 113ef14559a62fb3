"""BAK-*: backups as they should be, neglected ones, and an empty folder; a standby, a primary posing as one, none."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pyrage
import pytest

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime.now(UTC)
HOUR = 3600
PLAN = "# Recovery\n\nDate: {date}\n\n{approver}\n\n## RTO\n\n## Contacts\n"
TABLE = {"name": "orders", "rows": 9, "restored_rows": 9, "digest": "ab", "restored_digest": "ab"}


class Folder:
    """A folder with backups, their manifests, a crontab and the record of a restore test."""

    def __init__(self, path: Path, job: str = "0 * * * * /srv/bin/backup") -> None:
        self.path = path
        path.mkdir()
        (path / "crontab").write_text(f"{job}\n")

    def add(self, name: str, content: bytes, *, hours_old: float) -> str:
        (self.path / name).write_bytes(content)
        os.utime(self.path / name, (time.time(), time.time() - hours_old * HOUR))
        digest = hashlib.sha256(content).hexdigest()
        (self.path / f"{name}.sha256").write_text(f"{digest}  {name}\n")
        return digest

    def record(self, **changes: Any) -> None:
        record = {
            "backup": "db-2.age",
            "backup_sha256": "0" * 64,
            "passed": True,
            "started": NOW.isoformat(),
            "seconds": 60,
            "tables": [TABLE],
        }
        (self.path / "restore.json").write_text(json.dumps(record | changes))

    def service(self, **changes: Any) -> dict[str, Any]:
        return {
            "kind": "backup",
            "host": "backup1",
            "folder": str(self.path),
            "pattern": "db-*.age",
            "database": "shop-db",
            "schedule": {"crontab": str(self.path / "crontab"), "job": "bin/backup", "grace": "10m"},
            "restore": {"record": str(self.path / "restore.json")},
            "objectives": {"rto": "10m", "rpo": "15m"},
        } | changes


def _database(port: int) -> dict[str, Any]:
    connection = {"host": "127.0.0.1", "port": port, "database": "postgres", "user": "reader", "sslmode": "disable"}
    return {"kind": "postgresql"} | connection


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Folder]:
    encrypted = pyrage.encrypt(b"PGDMP" + bytes(1000), [pyrage.x25519.Identity.generate().to_public()])
    good, bad, empty = (Folder(tmp_path / name) for name in ("good", "bad", "empty"))
    for number, hours in ((1, 1.0), (2, 0.01)):
        digest = good.add(f"db-{number}.age", encrypted, hours_old=hours)
    good.record(backup_sha256=digest)
    bad.add("db-1.age", encrypted, hours_old=30)
    bad.add("db-2.age", b"PGDMP", hours_old=29)
    (bad.path / "db-2.age").write_bytes(b"PGDMX")
    os.utime(bad.path / "db-2.age", (time.time(), time.time() - 29 * HOUR))
    bad.record(passed=False, detail="checksum mismatch", tables=[TABLE | {"restored_digest": "cd"}])
    return {"good": good, "bad": bad, "empty": empty}


def test_backups(environment: Any, states_of: Any, postgres: Any, folders: dict[str, Folder]) -> None:
    environment.host("backup1", "backup")
    environment.services["shop-db"] = _database(postgres.port)
    environment.services |= {name: folder.service() for name, folder in folders.items()}
    bad = folders["bad"]
    bad.add("db-3.age", b"PGDMP plain", hours_old=28)
    environment.host("away1", "backup")
    for name in ("good", "bad"):
        shutil.copytree(folders[name].path, folders[name].path.with_name(f"{name}-copies"))
        elsewhere = {"host": "away1", "folder": str(folders[name].path.with_name(f"{name}-copies"))}
        environment.services[name]["elsewhere"] = elsewhere
    (bad.path.with_name("bad-copies") / "db-3.age").write_bytes(b"PGDMP plaim")
    postgres.follow()
    postgres.archive()

    states = environment.run("backup")

    expected = {"good": "PASS", "bad": "FAIL", "empty": "NOT_VERIFIED"}
    assert states_of(states, "newest_backup_is_later_than_its_schedule") == expected
    assert states_of(states, "newest_backup_has_its_usual_size") == expected
    assert states_of(states, "newest_backup_is_kept_elsewhere_too") == expected
    assert states_of(states, "backups_are_encrypted") == expected
    assert states_of(states, "newest_restore_test_brought_everything_back") == expected
    assert states_of(states, "restored_backup_is_recent_and_still_the_same") == expected
    assert states_of(states, "recovery_time_is_within_its_objective") == expected | {"bad": "NOT_VERIFIED"}
    assert "checksum mismatch" in environment.reasons["newest_restore_test_brought_everything_back[bad]"]


def test_a_restore_test_of_another_file_or_of_old_times(
    environment: Any, states_of: Any, postgres: Any, folders: dict[str, Folder]
) -> None:
    environment.host("backup1", "backup")
    environment.services["shop-db"] = _database(postgres.port)
    folder = folders["good"]
    content = (folder.path / "db-2.age").read_bytes()
    old = (NOW - timedelta(days=31)).isoformat()
    cases: dict[str, dict[str, Any]] = {
        "tampered": {"backup_sha256": hashlib.sha256(content + b"x").hexdigest()},
        "vanished": {"backup": "db-0.age"},
        "old": {"started": old},
        "slow": {"seconds": 601, "backup_sha256": hashlib.sha256(content).hexdigest()},
        "of-an-old-backup": {
            "started": datetime.now(UTC).isoformat(),
            "backup_sha256": hashlib.sha256(content).hexdigest(),
        },
    }
    for name, changes in cases.items():
        folder.record(**changes)
        record = (folder.path / "restore.json").rename(folder.path / f"{name}.json")
        environment.services[name] = folder.service(restore={"record": str(record), "backup_max_age": "8d"})
    environment.services["of-an-old-backup"]["restore"]["backup_max_age"] = "0s"

    states = environment.run("backup")

    assert states_of(states, "restored_backup_is_recent_and_still_the_same") == {
        "tampered": "FAIL",
        "vanished": "NOT_VERIFIED",
        "old": "NOT_VERIFIED",
        "slow": "PASS",
        "of-an-old-backup": "FAIL",
    }
    times = states_of(states, "recovery_time_is_within_its_objective")
    assert (times["slow"], times["vanished"], times["old"]) == ("FAIL", "NOT_VERIFIED", "NOT_VERIFIED")


def test_file_backups(environment: Any, states_of: Any, folders: dict[str, Folder], tmp_path: Path) -> None:
    environment.host("backup1", "backup")
    gap = Folder(tmp_path / "gap")
    for name, hours in (("db-1.age", 9.0), ("db-2.age", 0.01)):
        gap.add(name, (folders["good"].path / "db-2.age").read_bytes(), hours_old=hours)
    for name, folder in folders.items():
        service = folder.service(kind="file_backup")
        kept = ("kind", "host", "folder", "pattern", "schedule")
        environment.services[name] = {key: service[key] for key in kept} | {"paths": ["etc", "srv/data"]}
    (folders["good"].path / "db-2.age.contents").write_text("./etc/\n./etc/hosts\nsrv/data/one\n")
    (folders["bad"].path / "db-2.age.contents").write_text("etc/\nsrv/database\n")
    content = (folders["good"].path / "db-2.age").read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    (folders["good"].path / "db-2.age.md5").write_text(f"{md5}  db-2.age\n")
    by_md5 = {"digest": "md5", "manifest_suffix": ".md5"}
    environment.services["by-md5"] = environment.services["good"] | by_md5
    late = {"crontab": str(folders["good"].path / "crontab"), "job": "bin/backup", "grace": "0s", "runs": 20}
    with_gap = {"folder": str(gap.path), "schedule": late}
    environment.services["with-gap"] = environment.services["good"] | with_gap
    locked = {"tool": "restic", "location": str(folders["empty"].path), "command": [sys.executable, "-c", "exit(1)"]}
    environment.services["locked"] = {
        "kind": "file_backup",
        "host": "backup1",
        "repository": locked,
        "schedule": {"cron": "0 * * * *", "timezone": "UTC"},
    }

    states = environment.run("backup")

    others = {"by-md5": "PASS", "with-gap": "FAIL", "locked": "NOT_VERIFIED"}
    assert states_of(states, "newest_file_backup_holds_everything") == {
        "good": "PASS",
        "bad": "FAIL",
        "empty": "NOT_VERIFIED",
        "by-md5": "PASS",
        "with-gap": "NOT_VERIFIED",
        "locked": "NOT_VERIFIED",
    }
    assert (
        states_of(states, "newest_file_backup_is_later_than_its_schedule")
        == {
            "good": "PASS",
            "bad": "FAIL",
            "empty": "NOT_VERIFIED",
        }
        | others
    )

    assert states_of(states, "newest_file_backup_is_what_was_written") == {
        "good": "PASS",
        "bad": "FAIL",
        "empty": "NOT_VERIFIED",
    } | others | {"with-gap": "PASS"}
    assert states_of(states, "file_backups_are_encrypted") == {
        "good": "PASS",
        "bad": "NOT_VERIFIED",  # the damaged file's first bytes are no known format
        "empty": "NOT_VERIFIED",
    } | others | {"with-gap": "PASS"}


def test_work_that_would_be_lost(environment: Any, states_of: Any, postgres: Any, folders: dict[str, Folder]) -> None:
    postgres.follow()
    postgres.archive()
    environment.host("backup1", "backup")
    good = folders["good"]
    environment.services |= {
        "shop-db": _database(postgres.port),
        "no-archive": _database(postgres.standby_port),
        "unreachable-db": _database(1),
        "standby": {"kind": "standby", "primary": "shop-db", "host": "127.0.0.1", "port": postgres.standby_port},
        # The archive is as good for all of them; only copies of the data files can use it.
        "dumps": good.service(),
        "dumps-and-standby": good.service(standby="standby"),
        "base-backups": good.service(base_backups=True),
        "hourly-is-enough": good.service(objectives={"rto": "10m", "rpo": "1h"}),
        "neglected": folders["bad"].service(objectives={"rto": "10m", "rpo": "1d"}),
        "no-schedule": good.service(schedule={"crontab": str(good.path / "crontab"), "job": "bin/other"}),
        "without-archive": good.service(database="no-archive", base_backups=True),
        "gone": good.service(database="unreachable-db", base_backups=True),
    }

    states = environment.run("backup")

    assert states_of(states, "lost_work_is_within_its_objective") == {
        "dumps": "FAIL",
        "dumps-and-standby": "PASS",
        "base-backups": "PASS",
        "hourly-is-enough": "PASS",
        "neglected": "FAIL",
        "no-schedule": "NOT_VERIFIED",
        "without-archive": "FAIL",
        "gone": "ERROR",
    }
    assert "archived WAL cannot be replayed" in environment.reasons["lost_work_is_within_its_objective[dumps]"]
    archived = states_of(states, "changes_are_archived_between_backups")
    assert (archived["dumps"], archived["without-archive"], archived["gone"]) == ("PASS", "NOT_VERIFIED", "ERROR")


def test_an_archive_that_fails(
    environment: Any, states_of: Any, broken_archive: int, folders: dict[str, Folder]
) -> None:
    environment.host("backup1", "backup")
    environment.services |= {"shop-db": _database(broken_archive), "good": folders["good"].service()}

    states = environment.run("backup")

    assert states_of(states, "changes_are_archived_between_backups") == {"good": "FAIL"}


@pytest.fixture
def broken_archive(postgres: Any) -> Any:
    """Return the port of the primary while its archive refuses everything."""
    with postgres.admin() as admin:
        (good,) = admin.execute("SHOW archive_command").fetchone()
        admin.execute("ALTER SYSTEM SET archive_command = 'false'")
        admin.execute("SELECT pg_reload_conf()")
        admin.execute("CREATE TABLE IF NOT EXISTS more ()")
        failed = "SELECT coalesce(last_failed_time > last_archived_time, false) FROM pg_stat_archiver"
        deadline = time.monotonic() + 60
        while not admin.execute(failed).fetchone()[0]:
            # The archiver may take the first segments before it has read its new command.
            admin.execute("INSERT INTO more DEFAULT VALUES; SELECT pg_switch_wal()")
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield postgres.port
        admin.execute(f"ALTER SYSTEM SET archive_command = '{good}'")
        admin.execute("SELECT pg_reload_conf()")
    postgres.archive()


def test_standbys(environment: Any, states_of: Any, postgres: Any, tmp_path: Path) -> None:
    postgres.follow()
    drill = {
        "kind": "failover",
        "release": "1.0.0",
        "commit": environment.commit,
        "environment": "staging",
        "performed_at": NOW.isoformat(),
        "passed": True,
        "seconds": 20,
        "downtime_seconds": 20,
        "participants": [],
        "steps": [{"name": "promote", "passed": True, "seconds": 1}],
    }
    drills = {
        "held": drill,
        "failed": drill | {"steps": [{"name": "promote", "passed": False, "seconds": 1}]},
        "slow": drill | {"seconds": 400},
        "long-down": drill | {"downtime_seconds": 61},
        "of-something-else": drill | {"kind": "rollback"},
        "long-ago": drill | {"performed_at": (NOW - timedelta(days=91)).isoformat()},
    }
    for name, content in drills.items():
        path = tmp_path / f"{name}.json"
        path.write_text(json.dumps(content))
        limits = {"path": str(path), "purpose": "failover", "within": "5m", "downtime": "1m"}
        environment.services[f"drill-{name}"] = {"kind": "drill_report"} | limits
        environment.services[name] = _standby("shop-db", postgres.standby_port, drill=f"drill-{name}", name="db2")
    environment.services |= {
        "shop-db": _database(postgres.port),
        "no-drill": _standby("shop-db", postgres.standby_port),
        "waited-for": _standby("shop-db", postgres.standby_port, synchronous=True),
        "unknown-to-primary": _standby("shop-db", postgres.standby_port, name="db3"),
        "is-the-primary": _standby("shop-db", postgres.port),
        "does-not-answer": _standby("shop-db", 1),
        "primary-gone": _standby("unreachable-db", postgres.standby_port),
        "unreachable-db": _database(1),
    }

    states = environment.run("backup")

    following, ready = (states_of(states, f"standby_{name}") for name in ("follows_its_primary", "could_take_over"))
    rehearsed = states_of(states, "failover_was_rehearsed")
    # The standby of these tests was given no slot.
    assert states_of(states, "primary_keeps_what_its_standby_needs")["held"] == "FAIL"
    assert following["waited-for"] == "FAIL"
    assert (following["held"], ready["held"]) == ("PASS", "PASS")
    assert (following["unknown-to-primary"], ready["unknown-to-primary"]) == ("FAIL", "FAIL")
    assert (ready["is-the-primary"], ready["does-not-answer"]) == ("FAIL", "ERROR")
    assert (following["primary-gone"], ready["primary-gone"]) == ("ERROR", "ERROR")
    assert {name: rehearsed[name] for name in (*drills, "no-drill")} == {
        "held": "PASS",
        "failed": "FAIL",
        "slow": "FAIL",
        "long-down": "FAIL",
        "of-something-else": "FAIL",
        "long-ago": "NOT_VERIFIED",
        "no-drill": "NOT_VERIFIED",
    }


def _standby(primary: str, port: int, **changes: Any) -> dict[str, Any]:
    return {"kind": "standby", "primary": primary, "host": "127.0.0.1", "port": port} | changes


def test_recovery_plans(environment: Any, states_of: Any, clone: Any, tmp_path: Path) -> None:
    environment.host("backup1", "backup")
    today, long_ago = NOW.date().isoformat(), (NOW - timedelta(days=200)).date().isoformat()
    complete = PLAN.format(date=today, approver="Approver: Kim")
    environment.commit = clone.commit(
        complete_dot_md=complete,
        gap_dot_md=complete.replace("## Contacts", "## People"),
        unapproved_dot_md=PLAN.format(date=today, approver=""),
        old_dot_md=PLAN.format(date=long_ago, approver="Approver: Kim"),
        undated_dot_md=complete.replace(today, "soon"),
    )
    environment.services["source"] = {"kind": "repository", "path": str(clone.path)}
    folder = Folder(tmp_path / "backups")
    for name in ("complete", "gap", "unapproved", "old", "undated", "absent"):
        document = {"kind": "document", "repository": "source", "path": f"{name}.md", "headings": ["RTO", "Contacts"]}
        environment.services[f"{name}-plan"] = document
        environment.services[name] = folder.service(plan=f"{name}-plan")
    environment.services["without-plan"] = folder.service()

    states = environment.run("backup")

    assert states_of(states, "recovery_plan_is_complete_and_approved") == {
        "complete": "PASS",
        "gap": "FAIL",
        "unapproved": "FAIL",
        "old": "FAIL",
        "undated": "NOT_VERIFIED",
        "absent": "NOT_VERIFIED",
        "without-plan": "NOT_VERIFIED",
    }
