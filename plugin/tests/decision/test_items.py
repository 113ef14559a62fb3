"""Item: worst part wins, no parts is never a pass, and only the policy may say that something does not apply."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.items import judge_item
from signoff.model import Check, Method, NotApplicable, Records, Selector, State

PARTS = {
    "all pass": ({"web1": "pass", "web2": "pass"}, State.PASS),
    "one fails": ({"web1": "pass", "web2": "fail"}, State.FAIL),
    "failure before error": ({"web1": "error", "web2": "fail"}, State.FAIL),
    "error before unverified": ({"web1": "error", "web2": "skip"}, State.ERROR),
    "one unverified": ({"web1": "pass", "web2": "skip"}, State.NOT_VERIFIED),
    "one never run": ({"web1": "pass"}, State.NOT_VERIFIED),
    "none run": ({}, State.NOT_VERIFIED),
}


@pytest.mark.parametrize(("outcomes", "state"), PARTS.values(), ids=PARTS)
def test_worst_cell_wins(make: Any, outcomes: dict[str, str], state: State) -> None:
    seen = [make.seen(outcome, cell=make.cell(target=target)) for target, outcome in outcomes.items()]
    result = make.result(seen, targets=("web1", "web2"))
    assert result.state is state
    assert result.cells[0].state is state


def test_unverified_is_worse_than_stale(make: Any) -> None:
    stale = make.seen(finished=make.ago(days=30))
    assert make.result([stale]).state is State.STALE
    assert make.result([stale], targets=("web1", "web2")).state is State.NOT_VERIFIED


def test_new_host_takes_the_pass_away(make: Any) -> None:
    assert make.result([make.seen()]).state is State.PASS
    assert make.result([make.seen()], targets=("web1", "web2")).state is State.NOT_VERIFIED


def test_nothing_to_measure_is_not_a_pass_and_names_the_selector(make: Any) -> None:
    item = make.item()
    nothing = make.plan([make.item("SEC-CFG-2")])
    result = make.result([], items=(item,), planned=nothing)
    assert result.state is State.NOT_VERIFIED
    assert result.note == "selector hosts of locked matched nothing in the inventory"


def test_item_without_checks_is_not_verified(make: Any) -> None:
    result = make.result([], items=(make.item(checks=()),), planned=make.plan([make.item("SEC-CFG-2")]))
    assert (result.state, result.note) == (State.NOT_VERIFIED, "no check is listed for the item; no implementation")


def test_policy_may_shorten_the_window_and_never_extend_it(make: Any) -> None:
    seen = [make.seen(finished=make.ago(days=2))]
    shorter = make.policy(max_age={"SEC-CFG-1": timedelta(days=1)})
    longer = make.policy(max_age={"SEC-CFG-1": timedelta(days=90)})
    assert make.result(seen, policy=shorter).state is State.STALE
    assert make.result([make.seen(finished=make.ago(days=30))], policy=longer).state is State.STALE


def _declared(make: Any, **fields: str) -> Any:
    given = {"item": "SEC-CFG-1", "target": "*", "reason": "no such thing here", "approver": "sam"}
    return make.policy(not_applicable=(NotApplicable(**(given | fields)),))


def test_item_that_the_policy_excludes_is_not_applicable_whatever_was_seen(make: Any) -> None:
    result = make.result([make.seen("fail")], policy=_declared(make))
    assert result.state is State.NOT_APPLICABLE
    assert result.not_applicable.reason == "no such thing here"
    assert result.note == "not applicable: no such thing here (approved by sam)"


def test_exclusion_without_approver_does_not_count(make: Any) -> None:
    assert make.result([make.seen("fail")], policy=_declared(make, approver=" ")).state is State.FAIL


def test_target_that_the_policy_excludes_is_dropped_but_listed(make: Any) -> None:
    seen = [make.seen(), make.seen("fail", cell=make.cell(target="web2"))]
    result = make.result(seen, targets=("web1", "web2"), policy=_declared(make, target="web2"))
    assert result.state is State.PASS
    assert [cell.state for cell in result.cells] == [State.PASS, State.NOT_APPLICABLE]


def test_excluding_every_target_is_not_a_pass(make: Any) -> None:
    result = make.result([make.seen()], policy=_declared(make, target="web1"))
    assert result.state is State.NOT_VERIFIED
    assert "declare the item instead" in result.note


def test_hybrid_needs_both_parts(make: Any) -> None:
    items = (make.item(method=Method.HYBRID),)
    stated = Records(attestations=(make.attestation(),))
    assert make.result([make.seen()], items=items).state is State.NOT_VERIFIED
    assert make.result([make.seen()], items=items, records=stated).state is State.PASS
    assert make.result([make.seen("fail")], items=items, records=stated).state is State.FAIL
    assert make.result([], items=items, records=stated).state is State.NOT_VERIFIED


def test_hybrid_without_anything_to_measure_is_not_verified(make: Any) -> None:
    items = (make.item(method=Method.HYBRID),)
    stated = Records(attestations=(make.attestation(),))
    nothing = make.plan([make.item("SEC-CFG-2")])
    assert make.result([], items=items, records=stated, planned=nothing).state is State.NOT_VERIFIED


def test_examined_item_is_attested_by_its_statement_alone(make: Any) -> None:
    items = (make.item(method=Method.EXAMINE, checks=()),)
    nothing = make.plan([make.item("SEC-CFG-2")])
    assert make.result([], items=items, planned=nothing).state is State.NOT_VERIFIED
    stated = Records(attestations=(make.attestation(),))
    assert make.result([], items=items, records=stated, planned=nothing).state is State.ATTESTED


def test_computed_item_that_nothing_was_computed_for_is_not_verified(make: Any) -> None:
    item = make.item(method=Method.DERIVED, derives="no_open_critical_issue", checks=())
    assert judge_item(item, (), {}, make.policy(), Records(), make.now).state is State.NOT_VERIFIED


def test_computed_item_with_a_statement_rests_on_both_and_is_measured(make: Any) -> None:
    items = (make.item("SEC-CFG-2"), make.item(method=Method.EXAMINE, derives="no_open_critical_issue", checks=()))
    seen = [make.seen(cell=make.cell("SEC-CFG-2"))]
    stated = Records(attestations=(make.attestation(),))
    assert make.judge(seen, items=items).items[1].state is State.NOT_VERIFIED
    assert make.judge(seen, items=items, records=stated).items[1].state is State.PASS


def test_waiver_of_another_item_says_nothing_of_this_one(make: Any) -> None:
    records = Records(waivers=(make.waiver(item="SEC-CFG-2"),))
    result = make.result([make.seen("fail")], records=records)
    assert (result.state, result.waivers, result.note) == (State.FAIL, (), "")


def test_observation_from_the_future_is_not_waived_either(make: Any) -> None:
    result = make.result([make.seen("fail", minutes_ago=-60)], records=Records(waivers=(make.waiver(),)))
    assert (result.state, result.waivers) == (State.NOT_VERIFIED, ())


def test_waivers_in_use_are_named_in_order(make: Any) -> None:
    targets = [f"web{number}" for number in range(1, 8)]
    seen = [make.seen("fail", cell=make.cell(target=target)) for target in targets]
    waivers = [make.waiver(id=f"W-{target}", targets=(target,)) for target in targets]
    result = make.result(seen, targets=targets, records=Records(waivers=tuple(reversed(waivers))))
    assert (result.state, result.waivers) == (State.WAIVED, tuple(f"W-{target}" for target in targets))


# target, outcome, run, attempt, fingerprint; the waiver accepts "f" on web1 and web2
WAIVED_OR_NOT = {
    "what was accepted": ([("web1", "fail", "A", 1, "f")], State.WAIVED, ""),
    "what was accepted, after something else in an earlier run": (
        [("web1", "fail", "A", 1, "0"), ("web1", "fail", "B", 1, "f")],
        State.WAIVED,
        "",
    ),
    "what was accepted, after an error in the same run": (
        [("web1", "error", "A", 1, "0"), ("web1", "fail", "A", 2, "f")],
        State.WAIVED,
        "",
    ),
    "something else in the same run": (
        [("web1", "fail", "A", 1, "0"), ("web1", "fail", "A", 2, "f")],
        State.FAIL,
        "waiver W-1 does not cover this",
    ),
    "passes here, fails otherwise there": (
        [("web2", "fail", "A", 1, "0")],
        State.FAIL,
        "waiver W-1 does not cover this",
    ),
    "passes here, fails on a target that it does not name": (
        [("web3", "fail", "A", 1, "f")],
        State.FAIL,
        "waiver W-1 is no longer needed",
    ),
}


@pytest.mark.parametrize(("history", "state", "note"), WAIVED_OR_NOT.values(), ids=WAIVED_OR_NOT)
def test_waiver_covers_exactly_what_was_accepted(make: Any, history: list[Any], state: State, note: str) -> None:
    targets = ("web1", "web2", "web3")
    at_fault = {target for target, *_ in history}
    seen = [make.seen(cell=make.cell(target=target)) for target in targets if target not in at_fault]
    seen += [
        make.seen(outcome, 50 - number, run, attempt=attempt, fingerprint=mark * 64, cell=make.cell(target=target))
        for number, (target, outcome, run, attempt, mark) in enumerate(history)
    ]
    records = Records(waivers=(make.waiver(targets=("web1", "web2")),))
    result = make.result(seen, targets=targets, records=records)
    assert (result.state, result.note) == (state, note)


# minutes ago, outcome; the statement is a day old
AFTER_A_STATEMENT = {
    "nothing failed": ([("pass", 60)], State.PASS),
    "failed before it": ([("fail", 60 * 48), ("pass", 60)], State.PASS),
    "failed before and after it": ([("fail", 60 * 48), ("fail", 120), ("pass", 60)], State.NOT_VERIFIED),
    "a failure that the clocks do not allow": ([("pass", 60), ("fail", -60)], State.PASS),
}


@pytest.mark.parametrize(("history", "state"), AFTER_A_STATEMENT.values(), ids=AFTER_A_STATEMENT)
def test_statement_is_void_once_the_item_has_failed_after_it(make: Any, history: list[Any], state: State) -> None:
    items = (make.item(method=Method.HYBRID),)
    seen = [make.seen(outcome, ago, f"R{ago}") for outcome, ago in history]
    assert make.result(seen, items=items, records=Records(attestations=(make.attestation(),))).state is state


def test_failing_check_beats_the_statement(make: Any) -> None:
    items = (make.item(method=Method.EXAMINE),)
    result = make.result([make.seen("fail")], items=items, records=Records(attestations=(make.attestation(),)))
    assert result.state is State.FAIL


def test_statement_cannot_stand_in_for_a_measurement(make: Any) -> None:
    result = make.result([], records=Records(attestations=(make.attestation(),)))
    assert result.state is State.NOT_VERIFIED
    assert result.attestation is None
    assert "cannot stand in" in result.note
    for other in (make.attestation(item="SEC-CFG-2"), make.attestation(release="0.9")):
        assert make.result([make.seen()], records=Records(attestations=(other,))).note == ""


def test_state_holds_until_the_first_part_lapses(make: Any) -> None:
    items = (make.item(method=Method.HYBRID),)
    seen = [make.seen(minutes_ago=60), make.seen(minutes_ago=30, cell=make.cell(target="web2"))]
    soon = make.now + timedelta(days=1)
    both = Records(attestations=(make.attestation(expires=make.now + timedelta(days=30)),))
    first = Records(attestations=(make.attestation(expires=soon),))
    oldest = make.ago(minutes=60) + timedelta(days=7)
    assert make.result(seen, items=items, records=both, targets=("web1", "web2")).valid_until == oldest
    assert make.result(seen, items=items, records=first, targets=("web1", "web2")).valid_until == soon
    failing = make.seen("fail", cell=make.cell(target="web2"))
    assert make.result([make.seen(), failing], targets=("web1", "web2")).valid_until is None


def test_waiver_that_nothing_rests_on_shortens_nothing(make: Any) -> None:
    unneeded = make.waiver(expires=make.now + timedelta(hours=1))
    result = make.result([make.seen()], records=Records(waivers=(unneeded,)))
    assert (result.state, result.valid_until) == (State.PASS, make.ago(minutes=60) + timedelta(days=7))


def test_state_lapses_exactly_when_announced(make: Any) -> None:
    until = make.result([make.seen()]).valid_until
    assert make.result([make.seen()], now=until - timedelta(microseconds=1)).state is State.PASS
    assert make.result([make.seen()], now=until).state is State.STALE


def test_cells_come_worst_first(make: Any) -> None:
    targets = ("web1", "web2", "web3")
    seen = [
        make.seen(outcome, cell=make.cell(target=t))
        for t, outcome in zip(targets, ("pass", "skip", "fail"), strict=True)
    ]
    assert [cell.cell.target for cell in make.result(seen, targets=targets).cells] == ["web3", "web2", "web1"]


def test_item_passes_although_one_of_its_selectors_is_empty_and_says_so(make: Any) -> None:
    other = Check(name="sealed", item="SEC-CFG-1", targets=Selector(scope="services", name="redis"))
    item = make.item()
    item = replace(item, checks=(*item.checks, other))
    result = make.result([make.seen()], items=(item,), planned=make.plan([make.item()]))
    assert result.state is State.PASS
    assert "services:redis of sealed matched nothing" in result.note


def test_item_is_not_verified_when_a_group_of_hosts_is_empty(make: Any) -> None:
    """Also where its other checks pass: the group is mistyped, or nobody asked those servers."""
    other = Check(name="sealed", item="SEC-CFG-1", targets=Selector(scope="hosts", name="app"))
    item = make.item()
    item = replace(item, checks=(*item.checks, other))
    result = make.result([make.seen()], items=(item,), planned=make.plan([make.item()]))
    assert result.state is State.NOT_VERIFIED
    assert "hosts:app of sealed matched nothing" in result.note


@pytest.mark.parametrize(
    ("lost", "state"),
    [
        ((Selector(scope="hosts"),), State.PASS),
        ((Selector(scope="services", name="redis"), Selector(scope="hosts", name="app")), State.NOT_VERIFIED),
    ],
    ids=["no host at all", "no such service, and an empty group"],
)
def test_only_an_empty_group_of_hosts_is_a_gap(make: Any, lost: tuple[Selector, ...], state: State) -> None:
    item = make.item()
    others = [Check(name=f"other{n}", item=item.id, targets=selector) for n, selector in enumerate(lost)]
    result = make.result(
        [make.seen()], items=(replace(item, checks=(*item.checks, *others)),), planned=make.plan([item])
    )
    assert result.state is state
    assert result.note.count("matched nothing in the inventory") == len(lost)
