"""Waiver: accepts exactly one failure for a while, by somebody who may; the evidence stays visible."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.notes import in_both
from signoff.decision.waivers import waive, why_invalid
from signoff.model import Person, Records, Severity, State

INVALID = {
    "own request": ({"requested_by": "sam"}, "approved their own request"),
    "by a stranger": ({"approver": "mallory"}, "not on the roster"),
    "role not held": ({"role": "qa"}, "does not hold the role"),
    "not begun": ({"created": timedelta(minutes=1)}, "begins only"),
    "begins before it was made": ({"starts": timedelta(days=-2)}, "begins before it was made"),
    "ends before it begins": ({"expires": timedelta(days=-2)}, "ends before it begins"),
    "ends in the instant in which it begins": (
        {"starts": timedelta(hours=-1), "expires": timedelta(hours=-1)},
        "ends before it begins",
    ),
    "starts later": ({"starts": timedelta(minutes=1)}, "begins only"),
    "over": ({"expires": timedelta(0)}, "expired at"),
    "too long": ({"created": timedelta(days=-1), "expires": timedelta(days=29, seconds=1)}, "longer than 30 days"),
    "covers staleness": ({"covers": frozenset({State.STALE})}, "FAIL, ERROR and NOT_VERIFIED only"),
    "covers nothing": ({"covers": frozenset()}, "FAIL, ERROR and NOT_VERIFIED only"),
    "star among names": ({"targets": ("*", "web1")}, "neither names nor *"),
    "no targets": ({"targets": ()}, "neither names nor *"),
}


def _waiver(make: Any, **fields: Any) -> Any:
    moved = {name: make.now + value if isinstance(value, timedelta) else value for name, value in fields.items()}
    return make.waiver(**moved)


def test_waived_failure_lets_the_item_through_and_stays_visible(make: Any) -> None:
    result = make.result([make.seen("fail")], records=Records(waivers=(make.waiver(),)))
    assert (result.state, result.waivers) == (State.WAIVED, ("W-1",))
    assert (result.cells[0].waiver, result.cells[0].observation.outcome) == ("W-1", "fail")
    assert result.valid_until == make.waiver().expires


@pytest.mark.parametrize(("fields", "why"), INVALID.values(), ids=INVALID)
def test_invalid_waiver_covers_nothing_and_says_why(make: Any, fields: dict[str, Any], why: str) -> None:
    result = make.result([make.seen("fail")], records=Records(waivers=(_waiver(make, **fields),)))
    assert result.state is State.FAIL
    assert why in result.note


LONGEST = {Severity.CRITICAL: 14, Severity.HIGH: 30, Severity.MEDIUM: 60, Severity.LOW: 90}


@pytest.mark.parametrize(("severity", "days"), LONGEST.items())
@pytest.mark.parametrize("begun", [0, 5])
def test_waiver_lasts_as_long_as_the_severity_lets_it(make: Any, severity: Severity, days: int, begun: int) -> None:
    def state(seconds: int) -> State:
        begin = make.now - timedelta(days=begun)
        waiver = make.waiver(created=begin, expires=begin + timedelta(days=days, seconds=seconds))
        items = (make.item(severity=severity),)
        found: State = make.result([make.seen("fail")], items=items, records=Records(waivers=(waiver,))).state
        return found

    assert (state(0), state(1)) == (State.WAIVED, State.FAIL)


def test_policy_sets_the_days_but_never_beyond_ninety(make: Any) -> None:
    def state(days: int, policy_days: int) -> State:
        waiver = make.waiver(created=make.now, expires=make.now + timedelta(days=days))
        policy = make.policy(waiver_days={Severity.HIGH: policy_days})
        found: State = make.result([make.seen("fail")], policy=policy, records=Records(waivers=(waiver,))).state
        return found

    assert (state(7, 7), state(8, 7)) == (State.WAIVED, State.FAIL)
    assert (state(90, 500), state(91, 500)) == (State.WAIVED, State.FAIL)


def test_item_that_nobody_may_waive(make: Any) -> None:
    policy = make.policy(not_waivable=frozenset({"SEC-CFG-1"}))
    result = make.result([make.seen("fail")], policy=policy, records=Records(waivers=(make.waiver(),)))
    assert (result.state, "the policy lets nobody waive SEC-CFG-1" in result.note) == (State.FAIL, True)


@pytest.mark.parametrize("requester", ["sam", "Sam", " sam ", "\uff33\uff21\uff2d"])
def test_another_spelling_is_the_same_person(make: Any, requester: str) -> None:
    result = make.result([make.seen("fail")], records=Records(waivers=(make.waiver(requested_by=requester),)))
    assert (result.state, "their own request" in result.note) == (State.FAIL, True)


def test_waiver_may_begin_later_than_it_was_made(make: Any) -> None:
    waiting = make.waiver(starts=make.now + timedelta(hours=1))
    assert make.result([make.seen("fail")], records=Records(waivers=(waiting,))).state is State.FAIL
    begun = make.waiver(starts=make.now)
    assert make.result([make.seen("fail")], records=Records(waivers=(begun,))).state is State.WAIVED


def test_later_beginning_does_not_make_a_waiver_longer(make: Any) -> None:
    made = make.ago(days=20)
    stretched = make.waiver(created=made, starts=make.now, expires=make.now + timedelta(days=11))
    result = make.result([make.seen("fail")], records=Records(waivers=(stretched,)))
    assert (result.state, "longer than 30 days" in result.note) == (State.FAIL, True)


def test_why_it_does_not_count_is_said_in_korean_too(make: Any) -> None:
    note = make.result([make.seen("fail")], records=Records(waivers=(make.waiver(requested_by="sam"),))).note
    assert in_both(note).ko == "면제 W-1는 무효: sam: 자신의 요청을 스스로 승인함"


def test_owner_of_the_item_cannot_accept_its_failure(make: Any) -> None:
    roster = (Person(name="sam", roles=frozenset({"security", "security-lead"})),)
    waivers = Records(waivers=(make.waiver(),))
    assert (
        "sam owns the item" in make.result([make.seen("fail")], records=waivers, policy=make.policy(roster=roster)).note
    )


def test_item_that_a_person_owns_by_name_is_not_waived_by_them(make: Any) -> None:
    records = Records(waivers=(make.waiver(),))
    result = make.result([make.seen("fail")], items=(make.item(owner="sam"),), records=records)
    assert (result.state, "sam owns the item" in result.note) == (State.FAIL, True)


def test_approver_must_be_on_the_roster_when_approving(make: Any) -> None:
    left = Person(name="sam", roles=frozenset({"security-lead"}), valid_until=make.ago(days=2))
    later = Person(name="sam", roles=frozenset({"security-lead"}), valid_from=make.ago(hours=1))
    for person in (left, later):
        result = make.result(
            [make.seen("fail")], records=Records(waivers=(make.waiver(),)), policy=make.policy(roster=(person,))
        )
        assert result.state is State.FAIL


def test_different_failure_is_not_covered(make: Any) -> None:
    result = make.result([make.seen("fail", fingerprint="0" * 64)], records=Records(waivers=(make.waiver(),)))
    assert (result.state, result.note) == (State.FAIL, "waiver W-1 does not cover this")


def test_failure_without_a_fingerprint_is_never_covered(make: Any) -> None:
    waiver = make.waiver(fingerprints=("",))
    assert make.result([make.seen("fail", fingerprint="")], records=Records(waivers=(waiver,))).state is State.FAIL


def test_second_way_of_failing_in_the_same_run_is_not_covered(make: Any) -> None:
    seen = [make.seen("fail", seq=1), make.seen("fail", seq=2, fingerprint="0" * 64)]
    assert make.result(seen, records=Records(waivers=(make.waiver(),))).state is State.FAIL
    both = (make.waiver(), make.waiver(id="W-2", fingerprints=("0" * 64,)))
    result = make.result(seen, records=Records(waivers=both))
    assert (result.state, result.waivers) == (State.WAIVED, ("W-1", "W-2"))


def test_other_target_and_other_item_are_not_covered(make: Any) -> None:
    for waiver in (make.waiver(targets=("web2",)), make.waiver(item="SEC-CFG-2")):
        assert make.result([make.seen("fail")], records=Records(waivers=(waiver,))).state is State.FAIL


@pytest.mark.parametrize("outcome", ["error", "skip"])
def test_error_and_unverified_are_covered_only_if_written(make: Any, outcome: str) -> None:
    state = {"error": State.ERROR, "skip": State.NOT_VERIFIED}[outcome]
    written = make.waiver(covers=frozenset({state}))
    assert make.result([make.seen(outcome)], records=Records(waivers=(make.waiver(),))).state is state
    assert make.result([make.seen(outcome)], records=Records(waivers=(written,))).state is State.WAIVED


def test_stale_pass_is_never_covered(make: Any) -> None:
    seen = [make.seen(finished=make.ago(days=30))]
    assert make.result(seen, records=Records(waivers=(make.waiver(covers=frozenset(State)),))).state is State.STALE


def test_waiver_of_a_passing_item_is_no_longer_needed(make: Any) -> None:
    result = make.result([make.seen()], records=Records(waivers=(make.waiver(),)))
    assert (result.state, result.waivers, result.note) == (State.PASS, (), "waiver W-1 is no longer needed")


def test_waiver_of_one_target_leaves_the_others_judged(make: Any) -> None:
    seen = [make.seen("fail", cell=make.cell(target=target)) for target in ("web1", "web2")]
    records = Records(waivers=(make.waiver(targets=("web1",)),))
    result = make.result(seen, targets=("web1", "web2"), records=records)
    assert {cell.cell.target: cell.state for cell in result.cells} == {"web1": State.WAIVED, "web2": State.FAIL}


def test_valid_waiver_breaks_no_rule(make: Any) -> None:
    for targets in (("*",), ("web1",), ("web1", "web2")):
        assert why_invalid(make.waiver(targets=targets), make.item(), make.policy(), make.now) == ""


@pytest.mark.parametrize("outcome", ["fail", "error", "skip"])
def test_first_of_several_waivers_that_accept_the_same_is_named(make: Any, outcome: str) -> None:
    covers = frozenset({State.FAIL, State.ERROR, State.NOT_VERIFIED})
    several = tuple(make.waiver(id=name, covers=covers) for name in ("W-2", "W-1", "W-3"))
    result = make.result([make.seen(outcome)], records=Records(waivers=several))
    assert (result.state, result.waivers) == (State.WAIVED, ("W-1",))


def test_waivers_of_several_failures_are_named_in_order(make: Any) -> None:
    failures = [str(number) * 64 for number in range(9)]
    seen = [make.seen("fail", seq=number, fingerprint=each) for number, each in enumerate(failures)]
    several = tuple(make.waiver(id=f"W-{9 - n}", fingerprints=(each,)) for n, each in enumerate(failures))
    result = make.result(seen, records=Records(waivers=several))
    assert (result.state, result.waivers) == (State.WAIVED, tuple(f"W-{number}" for number in range(1, 10)))
    assert result.cells[0].waiver == ", ".join(result.waivers)


def test_only_what_is_known_to_be_accepted_is_waived(make: Any) -> None:
    (cell,) = make.result([make.seen("fail")]).cells
    accepted = frozenset({"f" * 64})
    assert waive(cell, accepted, [make.waiver()]).state is State.WAIVED
    assert waive(cell, frozenset(), [make.waiver()]) == cell
    assert waive(cell, accepted | {""}, [make.waiver(fingerprints=("f" * 64, ""))]) == cell
    assert waive(cell, accepted, [make.waiver(item="SEC-CFG-2")]) == cell
