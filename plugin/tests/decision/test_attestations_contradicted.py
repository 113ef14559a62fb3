"""Attestation: bad news stands until its author, the same role or a newer check takes it back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from signoff.model import ItemResult, Method, Person, Records, State


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
