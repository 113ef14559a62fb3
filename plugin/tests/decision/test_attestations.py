"""Attestation: what a person states counts for one release, from the roster, until it expires."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.attestations import judge, why_evidence, why_not_counted
from signoff.model import EvidenceFile, ItemResult, Method, Person, Records, State

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


# --- who may attest what, for how long, and signed or not -------------------------------------------------------


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


# --- contradictions ---------------------------------------------------------------------------------------------


def test_nobody_outvotes_bad_news(make: Any, attested: Any) -> None:
    bad = make.attestation(passed=False, at=make.ago(days=2))
    other = make.attestation(by="quinn", role="qa", at=make.ago(days=1))
    result = attested(bad, other)
    assert (result.state, result.attestation) == (State.FAIL, bad)
    assert "only sam, or somebody else as security-lead, can take that back" in result.note


@pytest.mark.parametrize("by", ["sam", "sara"])
def test_its_author_or_somebody_in_the_same_role_takes_it_back(make: Any, attested: Any, by: str) -> None:
    policy = make.policy(roster=(*make.people(), Person(name="sara", roles=frozenset({"security-lead"}))))
    bad = make.attestation(passed=False, at=make.ago(days=2))
    assert attested(bad, make.attestation(by=by), policy=policy).state is State.ATTESTED


def test_bad_news_ends_with_its_day_and_does_not_count_from_strangers(make: Any, attested: Any) -> None:
    good = make.attestation(by="quinn", role="qa", at=make.ago(hours=1))
    expired = make.attestation(passed=False, at=make.ago(days=2), expires=make.ago(days=1))
    stranger = make.attestation(passed=False, at=make.ago(days=2), by="mallory")
    assert attested(expired, stranger, good).state is State.ATTESTED


def test_good_news_that_does_not_count_takes_nothing_back(make: Any, attested: Any) -> None:
    bad = make.attestation(passed=False, at=make.ago(days=2))
    unsigned = make.policy(attestations_signed=True)
    signed_bad = make.attestation(passed=False, at=make.ago(days=2), key_id="k")
    assert attested(signed_bad, make.attestation(), policy=unsigned).state is State.FAIL
    assert attested(bad, make.attestation(at=make.now + timedelta(days=1))).state is State.FAIL


def test_only_a_newer_good_statement_takes_bad_news_back(make: Any, attested: Any) -> None:
    """Quinn's later word is nobody's who may: what sam says decides."""
    quinn = make.attestation(by="quinn", role="qa", at=make.ago(hours=1))
    bad = make.attestation(passed=False, at=make.ago(days=2))
    for other in (
        make.attestation(at=make.ago(days=3)),
        make.attestation(at=make.ago(days=2)),
        make.attestation(at=make.ago(days=1), passed=False, expires=make.ago(hours=2)),
    ):
        result = attested(bad, other, quinn)
        assert (result.state, result.attestation) == (State.FAIL, bad)
    assert attested(bad, make.attestation(at=make.ago(days=2, seconds=-1)), quinn).state is State.ATTESTED


def test_author_takes_it_back_in_another_role_too(make: Any, attested: Any) -> None:
    both = Person(name="sam", roles=frozenset({"security-lead", "qa"}))
    policy = make.policy(roster=(both, *(person for person in make.people() if person.name != "sam")))
    bad = make.attestation(passed=False, at=make.ago(days=2))
    assert attested(bad, make.attestation(role="qa"), policy=policy).state is State.ATTESTED


def test_bad_news_ends_in_the_instant_in_which_it_expires(make: Any, attested: Any) -> None:
    good = make.attestation(by="quinn", role="qa", at=make.ago(hours=1))
    for seconds, state in ((0, State.ATTESTED), (1, State.FAIL)):
        bad = make.attestation(passed=False, at=make.ago(days=2), expires=make.now + timedelta(seconds=seconds))
        assert attested(bad, good).state is state


def test_newest_of_several_refusals_is_named(make: Any, attested: Any) -> None:
    refusals = [
        make.attestation(passed=False, by="quinn", role="qa", at=make.ago(days=2)),
        make.attestation(passed=False, at=make.ago(days=1)),
        make.attestation(passed=False, by="quinn", role="qa", at=make.ago(days=3)),
    ]
    result = attested(*refusals, make.attestation(by="tina", role="tech", at=make.ago(hours=1)))
    assert (result.state, result.attestation) == (State.FAIL, refusals[1])


# --- hybrid items -----------------------------------------------------------------------------------------------


def _hybrid(make: Any, seen: list[Any], at_minutes_ago: float, **fields: Any) -> ItemResult:
    items = (make.item(method=Method.HYBRID),)
    records = Records(attestations=(make.attestation(at=make.ago(minutes=at_minutes_ago)),))
    result: ItemResult = make.result(seen, items=items, records=records, **fields)
    return result


def test_later_failure_voids_the_statement_also_after_it_was_mended(make: Any) -> None:
    failed, mended = make.seen("fail", 60, "A"), make.seen("pass", 30, "B")
    before = _hybrid(make, [failed, mended], 90)
    assert before.state is State.NOT_VERIFIED
    assert "no longer counts: the item failed after it" in before.note
    assert _hybrid(make, [failed, mended], 10).state is State.PASS
    assert _hybrid(make, [make.seen("error", 60, "A"), mended], 90).state is State.PASS


def test_failure_in_the_instant_of_the_statement_voids_it(make: Any) -> None:
    failed, mended = make.seen("fail", 60, "A"), make.seen("pass", 30, "B")
    assert _hybrid(make, [failed, mended], 60).state is State.NOT_VERIFIED
    assert _hybrid(make, [failed, mended], 59.99).state is State.PASS


def test_failure_is_named_to_the_second(make: Any) -> None:
    seen = [make.seen("fail", run="A", finished=make.ago(minutes=60, microseconds=1)), make.seen("pass", 30, "B")]
    assert "failed after it, at 2026-06-01T10:59:59+00:00;" in _hybrid(make, seen, 90).note


def test_waiver_of_the_failure_does_not_bring_the_statement_back(make: Any) -> None:
    items = (make.item(method=Method.HYBRID),)
    statement = make.attestation(at=make.ago(minutes=90))
    records = Records(attestations=(statement,), waivers=(make.waiver(),))
    assert make.result([make.seen("fail", 60)], items=items, records=records).state is State.NOT_VERIFIED


def test_run_that_only_watches_voids_no_statement(make: Any) -> None:
    seen = [make.seen("pass", 95, "A"), make.seen("fail", 60, "B")]
    runs = [make.run("A", 96), make.run("B", 61, stream="monitor")]
    assert _hybrid(make, seen, 90, runs=runs).state is State.PASS


def test_statement_never_stands_in_for_a_check(make: Any) -> None:
    measured = make.result([], items=(make.item(),), records=Records(attestations=(make.attestation(),)))
    assert (measured.state, "cannot stand in for a measured item" in measured.note) == (State.NOT_VERIFIED, True)
    assert _hybrid(make, [], 90).state is State.NOT_VERIFIED
    assert _hybrid(make, [make.seen("fail", 99)], 90).state is State.FAIL
