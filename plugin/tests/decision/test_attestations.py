"""Attestation: what a person states counts for one release, from the roster, until it expires."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.attestations import judge, why_evidence, why_not_counted
from signoff.model import EvidenceFile, Person, State

GOOD = EvidenceFile(name="drill.pdf", sha256="a" * 64, actual_sha256="a" * 64)


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

CHANGED = EvidenceFile(name="drill.pdf", sha256="a" * 64, actual_sha256="b" * 64)


ROWS |= {
    "bad, expired and without its file is still bad": (
        {"passed": False, "expires": timedelta(0), "evidence": (CHANGED,)},
        State.FAIL,
        "",
    ),
    "expired in the instant in which it was made": (
        {"expires": timedelta(days=-1)},
        State.NOT_VERIFIED,
        "expires before it was made",
    ),
    "expired within a second": (
        {"expires": timedelta(microseconds=-1)},
        State.STALE,
        "by sam expired at 2026-06-01T11:59:59+00:00",
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


def test_bad_news_that_nobody_contradicts_needs_no_note(make: Any) -> None:
    bad = make.attestation(passed=False)
    found = judge(make.item(), [make.attestation(at=make.ago(days=2)), bad], make.policy(), make.now)
    assert (found.state, found.attestation, found.note) == (State.FAIL, bad, "")


def test_good_statement_needs_no_note(make: Any) -> None:
    good = make.attestation()
    found = judge(make.item(), [good], make.policy(), make.now)
    assert (found.state, found.attestation, found.note) == (State.ATTESTED, good, "")


def test_bad_one_of_two_equally_new_counts_also_when_it_has_expired(make: Any, attested: Any) -> None:
    good, bad = make.attestation(), make.attestation(passed=False, expires=make.ago(hours=1))
    assert attested(good, bad).state is attested(bad, good).state is State.FAIL


def test_first_of_several_statements_in_the_future_is_named(make: Any, attested: Any) -> None:
    ahead = [make.attestation(at=make.now + timedelta(hours=hours)) for hours in (3, 1, 2)]
    result = attested(*ahead)
    assert (result.state, "2026-06-01T13:00:00" in result.note) == (State.NOT_VERIFIED, True)


NOT_COUNTED = {
    "good": ({}, ""),
    "bad": ({"passed": False}, ""),
    "made this instant": ({"at": timedelta(0)}, ""),
    "dated in the future": ({"at": timedelta(seconds=1)}, "it is dated in the future, 2026-06-01T12:00:01+00:00"),
    "by a stranger": ({"by": "mallory"}, "mallory is not on the roster"),
    "by a stranger and expired": ({"by": "mallory", "expires": timedelta(0)}, "mallory is not on the roster"),
    "with a changed file": ({"evidence": (CHANGED,)}, "its evidence drill.pdf has changed"),
    "bad with a changed file": ({"passed": False, "evidence": (CHANGED,)}, ""),
    "ends within a second": ({"expires": timedelta(seconds=1)}, ""),
    "ends now": ({"expires": timedelta(0)}, "it expired at 2026-06-01T12:00:00+00:00"),
    "bad and over": ({"passed": False, "expires": timedelta(0)}, "it expired at 2026-06-01T12:00:00+00:00"),
}


@pytest.mark.parametrize(("fields", "why"), NOT_COUNTED.values(), ids=NOT_COUNTED)
def test_first_rule_that_a_statement_breaks(make: Any, fields: dict[str, Any], why: str) -> None:
    moved = {name: make.now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    assert why_not_counted(make.attestation(**moved), make.item(), make.policy(), make.now) == why


@pytest.mark.parametrize(
    ("files", "why"), [((), ""), ((GOOD,), ""), ((GOOD, CHANGED), "its evidence drill.pdf has changed")]
)
def test_which_file_does_not_back_a_statement(make: Any, files: tuple[EvidenceFile, ...], why: str) -> None:
    assert why_evidence(make.attestation(evidence=files)) == why


def test_owner_and_general_roles_may_attest_and_others_may_not(make: Any, attested: Any) -> None:
    narrow = make.policy(attesting_roles=frozenset({"qa"}))
    refused = attested(make.attestation(), policy=narrow)
    assert refused.state is State.NOT_VERIFIED
    assert "the role security-lead may not attest SEC-CFG-1; those who may: qa, security" in refused.note
    by_qa = make.attestation(by="quinn", role="qa")
    assert attested(by_qa, policy=narrow).state is State.ATTESTED
    owner = Person(name="olga", roles=frozenset({"security"}))
    policy = make.policy(roster=(*make.people(), owner), attesting_roles=frozenset())
    assert attested(make.attestation(by="olga", role="security"), policy=policy).state is State.ATTESTED


def test_policy_may_keep_the_owner_from_attesting_their_own_item(make: Any, attested: Any) -> None:
    owner = Person(name="olga", roles=frozenset({"security"}))
    rule = {"SEC-CFG-1": frozenset({"qa"})}
    policy = make.policy(roster=(*make.people(), owner), attesting=rule)
    assert attested(make.attestation(by="olga", role="security"), policy=policy).state is State.NOT_VERIFIED
    assert attested(make.attestation(by="quinn", role="qa"), policy=policy).state is State.ATTESTED


def test_statement_lasts_as_long_as_the_policy_lets_it(make: Any, attested: Any) -> None:
    policy = make.policy(attestation_days=10)
    at = make.ago(days=1)
    assert attested(make.attestation(expires=at + timedelta(days=10)), policy=policy).state is State.ATTESTED
    longer = attested(make.attestation(expires=at + timedelta(days=10, seconds=1)), policy=policy)
    assert (longer.state, "longer than 10 days" in longer.note) == (State.NOT_VERIFIED, True)
    for_ever = make.attestation(expires=at + timedelta(days=100_000))
    assert attested(for_ever).state is State.NOT_VERIFIED


def test_policy_may_ask_for_signatures(make: Any, attested: Any) -> None:
    policy = make.policy(attestations_signed=True)
    assert "not signed" in attested(make.attestation(), policy=policy).note
    assert attested(make.attestation(key_id="k"), policy=policy).state is State.ATTESTED
