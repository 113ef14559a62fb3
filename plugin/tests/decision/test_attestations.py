"""Attestation: what a person states counts for one release, from the roster, until it expires."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from signoff.model import EvidenceFile, ItemResult, Method, Records, State

GOOD = EvidenceFile(name="drill.pdf", sha256="a" * 64, actual_sha256="a" * 64)


@pytest.fixture
def attested(make: Any) -> Any:
    def _attested(*statements: Any, **fields: Any) -> ItemResult:
        items = (make.item(method=Method.EXAMINE, checks=()),)
        nothing = make.plan([make.item("SEC-CFG-2")])
        result: ItemResult = make.result(
            [], items=items, planned=nothing, records=Records(attestations=statements), **fields
        )
        return result

    return _attested


ROWS = {
    "stated as good": ({}, State.ATTESTED, ""),
    "stated as bad": ({"passed": False}, State.FAIL, ""),
    "for another release": ({"release": "0.9"}, State.NOT_VERIFIED, "no attestation for this release"),
    "for another item": ({"item": "SEC-CFG-2"}, State.NOT_VERIFIED, "no attestation for this release"),
    "by a stranger": ({"by": "mallory"}, State.NOT_VERIFIED, "not on the roster"),
    "in a role not held": ({"role": "qa"}, State.NOT_VERIFIED, "does not hold the role"),
    "dated in the future": ({"at": timedelta(seconds=1)}, State.NOT_VERIFIED, "dated in the future"),
    "made this instant": ({"at": timedelta(0)}, State.ATTESTED, ""),
    "expired": ({"expires": timedelta(0)}, State.STALE, "expired at"),
    "expired before it was made": ({"expires": timedelta(days=-2)}, State.NOT_VERIFIED, "expires before it was made"),
    "bad and expired is still bad": ({"passed": False, "expires": timedelta(0)}, State.FAIL, ""),
    "with its file": ({"evidence": (GOOD,)}, State.ATTESTED, ""),
    "with a changed file": (
        {"evidence": (EvidenceFile(name="drill.pdf", sha256="a" * 64, actual_sha256="b" * 64),)},
        State.NOT_VERIFIED,
        "drill.pdf has changed",
    ),
    "with a missing file": (
        {"evidence": (GOOD, EvidenceFile(name="log.txt", sha256="a" * 64))},
        State.NOT_VERIFIED,
        "log.txt cannot be read",
    ),
}


@pytest.mark.parametrize(("fields", "state", "note"), ROWS.values(), ids=ROWS)
def test_statement_counts_as(make: Any, attested: Any, fields: dict[str, Any], state: State, note: str) -> None:
    moved = {name: make.now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    result = attested(make.attestation(**moved))
    assert result.state is state
    assert note in result.note


def test_newest_statement_counts(make: Any, attested: Any) -> None:
    good, bad = make.attestation(at=make.ago(days=2)), make.attestation(at=make.ago(days=1), passed=False)
    assert attested(good, bad).state is attested(bad, good).state is State.FAIL
    again = make.attestation(at=make.ago(hours=1))
    assert attested(good, bad, again).state is State.ATTESTED


def test_of_two_equally_new_statements_the_bad_one_counts(make: Any, attested: Any) -> None:
    good, bad = make.attestation(), make.attestation(passed=False)
    assert attested(good, bad).state is attested(bad, good).state is State.FAIL


def test_newest_statement_that_does_not_count_is_not_replaced_by_an_older_one(make: Any, attested: Any) -> None:
    older, changed = make.attestation(at=make.ago(days=3)), make.attestation(by="mallory")
    assert attested(older, changed).state is State.NOT_VERIFIED


def test_statement_before_the_person_joined_the_roster_does_not_count(make: Any, attested: Any) -> None:
    (*others, sam) = [person for person in make.people() if person.name != "sam"], make.people()[3]
    joined = type(sam)(name="sam", roles=sam.roles, valid_from=make.ago(hours=1))
    assert attested(make.attestation(), policy=make.policy(roster=(*others[0], joined))).state is State.NOT_VERIFIED
