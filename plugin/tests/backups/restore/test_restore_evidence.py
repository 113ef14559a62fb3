"""What BAK-JOB-4 and BAK-DR-3 make of the record that `signoff restore-test` wrote: green, red, or no answer."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signoff.cli.restore.outcome import understand
from signoff.config.kinds.backup import BackupService
from signoff.errors import GuardError, NotVerifiedError
from signoff.importers.drills import restore_test

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.backups.restore.conftest import Source
    from tests.backups.restore.lab import Lab

BACK = "newest_restore_test_brought_everything_back"
SAME = "restored_backup_is_recent_and_still_the_same"
TIME = "recovery_time_is_within_its_objective"


@pytest.fixture
def judged(lab: Lab, conclude: Callable[..., Any]) -> Callable[[], tuple[str, str, str]]:
    """Return the function that says what the three checks conclude."""

    def states() -> tuple[str, str, str]:
        settings = BackupService.model_validate(lab.backup)
        back, same, time = (conclude(check, settings).state for check in (BACK, SAME, TIME))
        return back, same, time

    return states


def test_a_record_is_believed_as_far_as_it_goes(
    lab: Lab,
    source: Source,
    monkeypatch: pytest.MonkeyPatch,
    judged: Callable[[], tuple[str, str, str]],
    conclude: Callable[..., Any],
) -> None:
    backup = lab.store(source.custom, source.contents)
    settings = BackupService.model_validate(lab.backup)

    assert judged() == ("NOT_VERIFIED", "NOT_VERIFIED", "NOT_VERIFIED")

    assert lab.run(monkeypatch)[0] == 0
    assert judged() == ("PASS", "PASS", "PASS")
    assert "verified by pg_amcheck" in conclude(BACK, settings).evidence["observed"]

    record = lab.folder / "restore.json"
    good = json.loads(record.read_text())
    record.write_text(json.dumps(good | {"started": (datetime.now(UTC) - timedelta(days=31)).isoformat()}))
    assert judged() == ("NOT_VERIFIED", "NOT_VERIFIED", "NOT_VERIFIED")
    record.write_text(json.dumps(good | {"seconds": 601}))
    assert judged() == ("PASS", "PASS", "FAIL")
    record.write_text(json.dumps(good)[:-20])
    assert judged() == ("NOT_VERIFIED", "NOT_VERIFIED", "NOT_VERIFIED")
    record.write_text(json.dumps(good))

    # Exchanged after the test.
    backup.write_bytes(source.custom + b"x")
    assert judged() == ("PASS", "FAIL", "PASS")

    assert lab.run(monkeypatch)[0] == 1
    assert "different" not in lab.record().detail
    assert judged() == ("FAIL", "FAIL", "NOT_VERIFIED")
    assert "changed or is damaged" in conclude(BACK, settings).reason

    backup.write_bytes(source.custom)
    lab.set(decrypt=["sh", "-c", "exec no-such-tool"])
    assert lab.run(monkeypatch)[0] == 12
    assert judged() == ("NOT_VERIFIED", "NOT_VERIFIED", "NOT_VERIFIED")
    reason = conclude(BACK, settings).reason
    assert "was interrupted" in reason
    assert "repeat it" in reason


WAL: dict[str, tuple[dict[str, Any], bool]] = {
    "dumps": ({"folder": "/b", "pattern": "*"}, False),
    "named base backups": ({"folder": "/b", "pattern": "*", "base_backups": True}, True),
    "pgbackrest": ({"repository": {"tool": "pgbackrest", "name": "shop"}}, True),
    "barman": ({"repository": {"tool": "barman", "name": "shop"}}, True),
    "wal-g": ({"repository": {"tool": "wal-g"}}, True),
    "restic": ({"repository": {"tool": "restic", "location": "/r"}}, False),
}


@pytest.mark.parametrize("case", WAL)
def test_wal_is_counted_beside_copies_of_the_data_files_only(case: str) -> None:
    places, counted = WAL[case]
    common = {
        "host": "backup1",
        "database": "shop-db",
        "schedule": {"cron": "0 3 * * *"},
        "restore": {"record": "/r.json"},
        "objectives": {"rto": "1h", "rpo": "15m"},
    }
    assert BackupService.model_validate(common | places).takes_wal is counted


def test_a_dump_is_no_base_backup(lab: Lab) -> None:
    with pytest.raises(ValueError, match="exclude each other: that is a dump"):
        BackupService.model_validate(lab.backup | {"base_backups": True})


def test_a_record_cannot_be_interrupted_and_passed() -> None:
    text = {"backup": "a", "backup_sha256": "b", "started": "2026-11-22T01:00:00Z", "seconds": 1, "passed": True}
    with pytest.raises(NotVerifiedError, match="exclude each other"):
        restore_test.read(json.dumps(text | {"state": "interrupted", "tables": []}))


@given(
    st.lists(st.sampled_from(["begun", "tool x ok", "tool y found z", "table {}", "failed w", "cannot v", "done", "?"]))
)
def test_nothing_that_a_host_says_is_a_result_without_an_end(lines: list[str]) -> None:
    try:
        said = understand("\n".join(lines))
    except (GuardError, NotVerifiedError):
        assert "table {}" in lines
        return
    assert bool(said.unknown) == ("cannot v" in lines or ("done" not in lines and "failed w" not in lines))
    assert all(tool["ok"] == (tool["name"] == "x") for tool in said.tools)
