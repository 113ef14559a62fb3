"""Evidence digest: the form of what is signed, to the last byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from signoff.canonical import canonical, digest
from signoff.decision.manifest import manifest, newest
from signoff.decision.waivers import COVERABLE
from signoff.model import (
    CellResult,
    Checklist,
    Checkpoint,
    EvidenceFile,
    Issue,
    IssueEvent,
    IssueStatus,
    ItemResult,
    Person,
    Records,
    RollbackRule,
    Severity,
    State,
)

RULE = RollbackRule(
    error_ratio=0.05, response_seconds=1.0, percentile=0.95, window=timedelta(minutes=5), min_samples=100
)


def test_canonical_form_is_that_of_rfc_8785() -> None:
    assert (
        canonical({"b": [1, True, None], "a": 'é"\\\n\x1f/'}) == b'{"a":"\xc3\xa9\\"\\\\\\n\\u001f/","b":[1,true,null]}'
    )
    # Sorted by UTF-16 code units: the emoji's surrogate comes before U+FB33.
    assert list(canonical({"\ufb33": 1, "\U0001f600": 2}).decode()) == list('{"\U0001f600":2,"\ufb33":1}')
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})


@pytest.mark.parametrize("value", [1.5, float("nan"), 2**53, {1: "x"}, {"x": object()}, {"x": {1, 2}}])
def test_what_readers_would_disagree_on_has_no_canonical_form(value: object) -> None:
    with pytest.raises(TypeError):
        canonical(value)


def _someone() -> Person:
    return Person(
        name="tina", roles=frozenset({"tech", "qa"}), public_key="QUJD", valid_from=datetime(2026, 1, 1, tzinfo=UTC)
    )


def _issue(make: Any) -> Issue:
    return Issue(
        key="ISS-1",
        item="SEC-CFG-1",
        fingerprint="f",
        targets=("web1", "web2"),
        status=IssueStatus.RESOLVED,
        owner="dev",
        severity=Severity.HIGH,
        summary="open",
        opened=make.ago(hours=5),
        opened_run="A",
        due=date(2026, 6, 9),
        due_by_policy=date(2026, 6, 8),
        cause="typo",
        planned=("shut it",),
        action="shut",
        resolved_at=make.ago(hours=4),
        resolved_by="dev",
        verified_at=make.ago(hours=3),
        verified_run="B",
        fixed_at=make.ago(hours=4),
        reopen_count=1,
        history=(
            IssueEvent(at=make.ago(hours=5), what="opened", run="A", text="failed"),
            IssueEvent(at=make.ago(hours=4), what="resolved", by="dev", text="shut", recorded=make.ago(hours=2)),
        ),
    )


def _results(make: Any) -> list[ItemResult]:
    good = make.seen(evidence_sha256="e" * 64, seq=4)
    cells = (
        CellResult(cell=make.cell(target="web2"), state=State.NOT_VERIFIED, target=make.planned(make.cell()).target),
        CellResult(cell=make.cell(), state=State.PASS, target=make.planned(make.cell()).target, observation=good),
    )
    return [ItemResult(item=make.item(), state=State.NOT_VERIFIED, cells=cells)]


EVIDENCE_FILE = EvidenceFile(name="minutes.pdf", sha256="1" * 64, uri="https://wiki.example/1", actual_sha256="2" * 64)


def test_form_of_what_is_signed_stays_as_it_is(make: Any) -> None:
    """Signatures of old must verify against new releases of this package: a change here calls for a new schema."""
    policy = make.policy(roster=(_someone(),), rollback=RULE)
    records = Records(
        waivers=(
            make.waiver(item="SEC-CFG-2"),
            make.waiver(targets=("web2", "web1"), starts=make.ago(hours=1), covers=COVERABLE),
        ),
        attestations=(
            make.attestation(evidence=(EVIDENCE_FILE,)),
            make.attestation(release="0.9"),
            make.attestation(item="SEC-CFG-2"),
        ),
    )
    checklist = Checklist(areas=(), owners={}, stages={}, items=(), sha256="k" * 64)
    points = [Checkpoint(run="B", seq=2, sha256="b"), Checkpoint(run="A", seq=1, sha256="a")]
    made = manifest(checklist, "i" * 64, policy, _results(make), [_issue(make)], records, points, make.now)
    assert made == {
        "schema": "signoff-evidence-set/1",
        "release": "1.0",
        "commit": "abc1234",
        "environment": "demo",
        "catalog_sha256": "k" * 64,
        "inventory_sha256": "i" * 64,
        "policy_sha256": "p" * 64,
        "roster_sha256": digest(
            [
                {
                    "name": "tina",
                    "roles": ["qa", "tech"],
                    "public_key": "QUJD",
                    "valid_from": "2026-01-01T00:00:00+00:00",
                    "valid_until": None,
                }
            ]
        ),
        "evaluated_at": "2026-06-01T11:00:00+00:00",
        "items": [
            {
                "id": "SEC-CFG-1",
                "state": "NOT_VERIFIED",
                "cells": [
                    {
                        "check": "locked",
                        "target": "web1",
                        "state": "PASS",
                        "outcome": "pass",
                        "at": "2026-06-01T11:00:00+00:00",
                        "evidence_sha256": "e" * 64,
                        "code_sha256": "c" * 64,
                    },
                    {
                        "check": "locked",
                        "target": "web2",
                        "state": "NOT_VERIFIED",
                        "outcome": None,
                        "at": None,
                        "evidence_sha256": None,
                        "code_sha256": None,
                    },
                ],
                "waiver_sha256": digest(
                    [
                        {
                            "id": "W-1",
                            "targets": ["web1", "web2"],
                            "fingerprints": ["f" * 64],
                            "covers": ["ERROR", "FAIL", "NOT_VERIFIED"],
                            "reason": "accepted",
                            "risk": "small",
                            "compensating_control": "watched",
                            "requested_by": "dev",
                            "approver": "sam",
                            "role": "security-lead",
                            "created": "2026-05-31T12:00:00+00:00",
                            "starts": "2026-06-01T11:00:00+00:00",
                            "expires": "2026-06-11T12:00:00+00:00",
                        }
                    ]
                ),
                "attestation_sha256": digest(
                    [
                        {
                            "passed": True,
                            "statement": "read and found good",
                            "by": "sam",
                            "role": "security-lead",
                            "at": "2026-05-31T12:00:00+00:00",
                            "expires": "2026-07-01T12:00:00+00:00",
                            "evidence": [["minutes.pdf", "1" * 64, "https://wiki.example/1", "2" * 64]],
                            "envelope_sha256": "",
                        }
                    ]
                ),
            }
        ],
        "register_sha256": digest(
            [
                {
                    "key": "ISS-1",
                    "fingerprint": "f",
                    "targets": ["web1", "web2"],
                    "status": "RESOLVED",
                    "owner": "dev",
                    "due": "2026-06-09",
                    "due_by_policy": "2026-06-08",
                    "cause": "typo",
                    "planned": ["shut it"],
                    "action": "shut",
                    "opened": "2026-06-01T07:00:00+00:00",
                    "resolved_at": "2026-06-01T08:00:00+00:00",
                    "resolved_by": "dev",
                    "verified_at": "2026-06-01T09:00:00+00:00",
                    "verified_run": "B",
                    "fixed_at": "2026-06-01T08:00:00+00:00",
                    "reopen_count": 1,
                    "history": [
                        ["2026-06-01T07:00:00+00:00", "opened", "", "A", "failed", None],
                        ["2026-06-01T08:00:00+00:00", "resolved", "dev", "", "shut", "2026-06-01T10:00:00+00:00"],
                    ],
                }
            ]
        ),
        "rollback": {
            "error_ratio": "0.05",
            "response_seconds": "1.0",
            "percentile": "0.95",
            "window_seconds": 300,
            "min_samples": 100,
        },
        "ledger_checkpoint": [["A", 1, "a"], ["B", 2, "b"]],
        "valid_until": "2026-06-01T12:00:00+00:00",
    }
    bare: Any = manifest(checklist, "", make.policy(), _results(make), [], Records(), [], None)["items"]
    assert set(bare[0]) == {"id", "state", "cells"}
    without = manifest(checklist, "", make.policy(), [], [], Records(), [], None)
    assert (without["rollback"], without["evaluated_at"], without["valid_until"]) == (None, None, None)


def test_instants_are_written_in_utc(make: Any) -> None:
    checklist = Checklist(areas=(), owners={}, stages={}, items=(), sha256="k" * 64)
    seoul = make.now.astimezone(timezone(timedelta(hours=9)))
    made = manifest(checklist, "", make.policy(), [], [], Records(), [], seoul)
    assert made["valid_until"] == "2026-06-01T12:00:00+00:00"


def test_newest_evidence_is_an_observation_a_statement_or_an_issue(make: Any) -> None:
    results = _results(make)
    stated = replace(results[0], attestation=make.attestation(at=make.ago(minutes=20)))
    late = replace(_issue(make), opened=make.ago(minutes=10))
    assert newest(results, []) == make.ago(minutes=60)
    assert newest([stated], []) == make.ago(minutes=20)
    assert newest([stated], [late]) == make.ago(minutes=10)
    assert newest([], []) is None
