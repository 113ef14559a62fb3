from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.importers.drills import deploy_record, migration_proof

DEPLOY: dict[str, Any] = {
    "schema_version": 1,
    "environment": "staging",
    "commit": "0123456",
    "finished": "2026-11-22T18:00:00+09:00",
    "steps": [
        {"action": "deploy", "script": "deploy.sh", "sha256": "AB", "seconds": 41, "ok": False},
        {"action": "deploy", "script": "deploy.sh", "sha256": "AB", "seconds": 40.5, "ok": True},
    ],
}


def test_the_last_attempt_of_an_action_counts() -> None:
    record = deploy_record.read(json.dumps(DEPLOY))
    step = record.step("deploy")

    assert record.finished == datetime(2026, 11, 22, 9, tzinfo=UTC)
    assert step is not None
    assert (step.ok, step.seconds, step.sha256) == (True, 40.5, "ab")
    assert record.step("rollback") is None


def proof(*actions: str, failed: str = "") -> migration_proof.MigrationProof:
    steps = [
        {"action": action, "version": version, "seconds": 0.5, "ok": f"{action} {version}" != failed}
        for action, version in (each.split() for each in actions)
    ]
    document = {"schema_version": 1, "commit": "c", "finished": "2026-11-22T09:00:00Z", "steps": steps}
    return migration_proof.read(json.dumps(document))


def test_a_migration_is_proven_by_up_down_and_up_again() -> None:
    seen = proof("up 0001", "up 0002", "down 0002", "down 0001", "up 0001", "up 0002")

    assert seen.unproven(["1", "2"]) == ()
    assert seen.unproven(["1", "2", "3"]) == ("3",)
    assert (seen.failed, seen.seconds) == ((), 3.0)


@pytest.mark.parametrize(
    "seen",
    [
        proof("up 1", "down 1"),
        proof("down 1", "up 1"),
        proof("up 1", "up 1", "down 1"),
        proof("up 1", "down 1", "up 1", failed="down 1"),
    ],
)
def test_anything_less_is_no_proof(seen: migration_proof.MigrationProof) -> None:
    assert seen.unproven(["1"]) == ("1",)


def test_failed_steps_are_named() -> None:
    assert proof("up 1", "down 1", "up 1", failed="down 1").failed == ("down 1",)


def test_versions_that_are_no_numbers_stay_as_they_are() -> None:
    assert proof("up 0a1b", "down 0a1b", "up 0a1b").unproven(["0a1b"]) == ()


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ("", "not a JSON document"),
        ("[]", "expected an object"),
        (json.dumps(DEPLOY | {"schema_version": 7}), r"\$\.schema_version: expected 1"),
        (json.dumps(DEPLOY | {"steps": []}), "no step in it"),
        (json.dumps(DEPLOY | {"steps": None}), r"\$\.steps: expected a list"),
        (json.dumps(DEPLOY | {"finished": "2026-11-22T09:00:00"}), "an instant with an offset"),
        (json.dumps(DEPLOY | {"commit": 7}), r"\$\.commit: expected a text"),
        (json.dumps(DEPLOY | {"steps": [{"action": "deploy"}]}), r"\$\.steps\[0\]"),
    ],
)
def test_damaged_records_cannot_be_judged(document: str, complaint: str) -> None:
    with pytest.raises(NotVerifiedError, match=complaint):
        deploy_record.read(document)
    with pytest.raises(NotVerifiedError):
        migration_proof.read(document)


def test_a_direction_other_than_up_or_down_cannot_be_judged() -> None:
    with pytest.raises(NotVerifiedError, match=r"action: expected up or down"):
        proof("sideways 1")
