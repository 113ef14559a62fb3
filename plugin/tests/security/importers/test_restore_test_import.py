"""Records of restore tests and drills: every field is needed, and none is guessed."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.importers.drills import drill, restore_test

TABLE = {"name": "orders", "rows": 120, "restored_rows": 120, "digest": "ab12", "restored_digest": "ab12"}
RESTORE: dict[str, Any] = {
    "schema_version": 1,
    "backup": "shop-20261122T010000Z.dump.age",
    "backup_sha256": "A" * 64,
    "passed": True,
    "started": "2026-11-22T01:10:00Z",
    "seconds": 4.2,
    "tables": [TABLE],
}
DRILL: dict[str, Any] = {
    "schema_version": 1,
    "kind": "rollback",
    "release": "1.0.0+3f2a91c",
    "commit": "3f2a91c",
    "environment": "staging",
    "performed_at": "2026-11-20T05:00:00Z",
    "passed": True,
    "seconds": 41,
    "downtime_seconds": 0,
    "participants": ["Kim Tech"],
    "steps": [
        {"name": "switch to blue", "passed": True, "seconds": 0.4},
        {"name": "undo", "passed": False, "seconds": 1},
    ],
}


def test_a_restore_says_what_came_back() -> None:
    record = restore_test.read(json.dumps(RESTORE))

    assert (record.backup_sha256, record.seconds, record.passed) == ("a" * 64, 4.2, True)
    assert (record.started, record.differing) == (datetime(2026, 11, 22, 1, 10, tzinfo=UTC), ())


@pytest.mark.parametrize(
    "change",
    [{"restored_rows": 119}, {"restored_digest": "ab13"}, {"digest": "", "restored_digest": ""}],
    ids=["rows", "digest", "no digest at all"],
)
def test_a_table_that_differs_is_named(change: dict[str, Any]) -> None:
    record = restore_test.read(json.dumps(RESTORE | {"tables": [TABLE | change]}))

    assert record.differing == ("orders",)


def test_a_failed_restore_may_have_no_table_and_says_why() -> None:
    failed = {**RESTORE, "passed": False, "detail": "pg_restore: error: could not read"}
    del failed["tables"]

    record = restore_test.read(json.dumps(failed))

    assert (record.passed, record.tables, record.detail) == (False, (), "pg_restore: error: could not read")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"passed": "yes"}, r"\$\.passed: expected true or false"),
        ({"passed": None}, r"\$\.passed: expected true or false, found nothing"),
        ({"seconds": -1}, r"\$\.seconds"),
        ({"seconds": "fast"}, r"\$\.seconds"),
        ({"started": "2026-11-22T01:10:00"}, "with an offset"),
        ({"tables": None}, r"\$\.tables: expected a list"),
        ({"tables": [TABLE | {"rows": True}]}, r"\$\.tables\[0\]\.rows"),
        ({"backup_sha256": None}, r"\$\.backup_sha256"),
    ],
)
def test_a_restore_record_with_a_gap_proves_nothing(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        restore_test.read(json.dumps(RESTORE | change))


def test_a_drill_says_how_long_it_took_and_what_went_wrong() -> None:
    record = drill.read(json.dumps(DRILL))

    assert (record.kind, record.seconds, record.downtime_seconds) == ("rollback", 41.0, 0.0)
    assert (record.failed_steps, record.participants) == (("undo",), ("Kim Tech",))
    assert (record.passed, record.succeeded) == (True, False)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"steps": []}, "no step"),
        ({"steps": ["switch"]}, r"\$\.steps\[0\]: expected an object"),
        ({"downtime_seconds": None}, r"\$\.downtime_seconds"),
        ({"performed_at": None}, r"\$\.performed_at"),
        ({"passed": 1}, r"\$\.passed"),
        ({"seconds": float("nan")}, r"\$\.seconds"),
    ],
)
def test_a_drill_record_with_a_gap_proves_nothing(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(NotVerifiedError, match=reason):
        drill.read(json.dumps(DRILL | change))
