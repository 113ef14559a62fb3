"""Changes between two decisions, with their causes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from signoff.decision.changes import diff
from signoff.decision.snapshot import CellShot, ItemShot, Snapshot, snapshot
from signoff.model import Method, NotApplicable, Records, State

CAUSES = {
    (State.PASS, State.FAIL): "regressed",
    (State.WAIVED, State.FAIL): "regressed",
    (State.NOT_VERIFIED, State.FAIL): "regressed",
    (State.FAIL, State.PASS): "fixed",
    (State.ERROR, State.PASS): "verified",
    (State.NOT_VERIFIED, State.ATTESTED): "attested",
    (State.STALE, State.PASS): "verified",
    (State.PASS, State.STALE): "attestation expired",
    (State.PASS, State.ERROR): "could not check",
    (State.FAIL, State.NOT_VERIFIED): "could not check",
    (State.FAIL, State.WAIVED): "waived",
    (State.FAIL, State.NOT_APPLICABLE): "policy changed",
    (State.NOT_APPLICABLE, State.NOT_VERIFIED): "policy changed",
}


def _shot(make: Any, **states: State) -> Snapshot:
    items = {item: ItemShot(state=state) for item, state in states.items()}
    return Snapshot(at=make.now, verdict="", digest="", items=items)


@pytest.mark.parametrize(
    ("states", "cause"), CAUSES.items(), ids=lambda value: "-".join(value) if isinstance(value, tuple) else ""
)
def test_cause_of_a_change_without_cells(make: Any, states: tuple[State, State], cause: str) -> None:
    before, after = states
    (change,) = diff(_shot(make, X=before), _shot(make, X=after))
    assert (change.item, change.before, change.after, change.cause) == ("X", before, after, cause)


def test_items_that_came_and_went_are_listed(make: Any) -> None:
    changes = diff(_shot(make, A=State.PASS, B=State.FAIL), _shot(make, C=State.NOT_VERIFIED, A=State.PASS))
    assert [(c.item, c.before, c.after, c.cause) for c in changes] == [
        ("C", None, State.NOT_VERIFIED, "item added"),
        ("B", State.FAIL, None, "item removed"),
    ]


def test_nothing_changed(make: Any) -> None:
    before = snapshot(make.judge([make.seen()]))
    after = make.judge([make.seen()], before=before)
    assert (after.changes, after.changes_since, after.changes_from) == ((), make.now, "now")


def _causes(make: Any, before: Any, after: dict[str, Any]) -> list[tuple[str, str, str]]:
    observations = after.pop("seen")
    found = make.judge(observations, before=snapshot(before), **after).changes
    return [(change.cause, change.target, change.detail) for change in found]


def test_hosts_that_came_and_went_are_listed(make: Any) -> None:
    before = make.judge([make.seen()], targets=("web1", "web2"))
    causes = _causes(make, before, {"seen": [make.seen()], "targets": ("web1", "web3")})
    assert causes == [("inventory changed", "", ""), ("target added", "web3", ""), ("target removed", "web2", "")]


def test_host_that_came_is_why_the_item_is_not_verified(make: Any) -> None:
    before = make.judge([make.seen()])
    causes = _causes(make, before, {"seen": [make.seen()], "targets": ("web1", "web2")})
    assert causes[1:] == [("target added", "web2", "")]


def test_failure_that_went_with_its_host_is_not_called_fixed(make: Any) -> None:
    seen = [make.seen(), make.seen("fail", cell=make.cell(target="web2"))]
    before = make.judge(seen, targets=("web1", "web2"))
    causes = _causes(make, before, {"seen": seen, "targets": ("web1",)})
    assert causes[1:] == [("target removed", "web2", "")]


def test_regression_says_where_and_what(make: Any) -> None:
    before = make.judge([make.seen()])
    assert _causes(make, before, {"seen": [make.seen("fail")]}) == [("regressed", "web1", "locked: fail because")]
    # The other way round.
    assert _causes(make, make.judge([make.seen("fail")]), {"seen": [make.seen()]}) == [("fixed", "", "")]


def test_another_host_of_an_item_that_fails_anyway_is_listed(make: Any) -> None:
    web2 = {"cell": make.cell(target="web2")}
    before = make.judge([make.seen("fail"), make.seen(**web2)], targets=("web1", "web2"))
    after = {"seen": [make.seen(), make.seen("fail", **web2)], "targets": ("web1", "web2")}
    assert _causes(make, before, after) == [("fixed", "web1", "locked"), ("regressed", "web2", "locked: fail because")]


def test_staleness_has_three_causes(make: Any) -> None:
    before = make.judge([make.seen()])
    changed = [make.planned(make.cell(), code="n" * 64)]
    gone = [make.planned(make.cell(), implemented=False)]
    moved = [make.planned(make.cell(), definition="n" * 64)]
    for planned, cause in ((changed, "test changed"), (gone, "test changed"), (moved, "target changed")):
        assert _causes(make, before, {"seen": [make.seen()], "planned": planned})[-1] == (cause, "web1", "locked")
    later = {"seen": [make.seen()], "now": make.ago(days=-8)}
    assert _causes(make, before, later) == [("went stale", "web1", "locked")]


def test_waiver_that_ended_is_told_from_one_that_was_withdrawn(make: Any) -> None:
    seen = [make.seen("fail")]
    before = make.judge(seen, records=Records(waivers=(make.waiver(),)))
    later = {"seen": seen, "records": Records(waivers=(make.waiver(),)), "now": make.ago(days=-10)}
    assert _causes(make, before, later) == [("waiver expired", "", "W-1")]
    assert _causes(make, before, {"seen": seen}) == [("waiver gone", "", "W-1")]
    other = {"seen": [make.seen("fail", fingerprint="0" * 64)], "records": Records(waivers=(make.waiver(),))}
    assert _causes(make, before, other) == [("regressed", "web1", "locked: fail because")]
    assert _causes(make, make.judge(seen), {"seen": seen, "records": Records(waivers=(make.waiver(),))}) == [
        ("waived", "", "W-1")
    ]


def test_attestation_that_expired(make: Any) -> None:
    world = {
        "items": (make.item(method=Method.EXAMINE, owner="security-lead", checks=()),),
        "records": Records(attestations=(make.attestation(),)),
        "planned": [make.planned(make.cell("OTHER"))],
    }
    before = make.judge([], **world)
    assert before.items[0].state is State.ATTESTED
    causes = _causes(make, before, {"seen": [], **world, "now": make.ago(days=-31)})
    assert causes == [("attestation expired", "", "sam")]


def test_rules_that_changed_come_first(make: Any) -> None:
    before = make.judge([make.seen()])
    absent = NotApplicable(item="SEC-CFG-1", target="*", reason="none here", approver="sam")
    policy = make.policy(not_applicable=(absent,), sha256="q" * 64)
    causes = _causes(make, before, {"seen": [make.seen()], "policy": policy})
    assert causes[0] == ("policy changed", "", "")
    assert causes[1] == ("policy changed", "", "not applicable: none here (approved by sam)")
    unknown = replace(snapshot(before), inputs={})
    assert make.judge([make.seen()], policy=make.policy(sha256="q" * 64), before=unknown).changes == ()


def test_release_as_a_whole_is_no_target(make: Any) -> None:
    whole = make.cell(target="-")
    before = make.judge([make.seen(cell=whole)], targets=("-",))
    after = {"seen": [make.seen("fail", cell=whole)], "targets": ("-",)}
    assert _causes(make, before, after) == [("regressed", "", "locked: fail because")]


def _item(state: str, cells: str = "", waivers: str = "", note: str = "", by: str = "") -> ItemShot:
    """Return one item; each cell is TARGET STATE FINGERPRINT, then what its check said, then / and its note."""
    found = {}
    for cell in cells.split(", ") if cells else ():
        target, its_state, mark, *said = cell.split(maxsplit=3)
        reason, _, its_note = "".join(said).partition("/")
        found["locked", target] = CellShot(state=State(its_state), fingerprint=mark, reason=reason, note=its_note)
    return ItemShot(state=State(state), cells=found, waivers=tuple(waivers.split()), note=note, attested_by=by)


# before, after, changes as cause, target, detail
ITEMS = {
    "nothing to point at, for want of cells then": (
        _item("PASS"),
        _item("FAIL", "web1 FAIL f shut"),
        [("regressed", "web1", "locked: shut")],
    ),
    "nothing to point at, for want of cells now": (_item("FAIL", "web1 FAIL f"), _item("PASS"), [("fixed", "", "")]),
    "cells came, the state stayed": (_item("PASS"), _item("PASS", "web1 PASS -"), []),
    "cells went, the state stayed": (_item("PASS", "web1 PASS -"), _item("PASS"), []),
    "targets came, in order": (
        _item("PASS", "web1 PASS -"),
        _item("PASS", "web5 PASS -, web4 PASS -, web3 PASS -, web2 PASS -, web1 PASS -"),
        [("target added", f"web{number}", "") for number in (2, 3, 4, 5)],
    ),
    "targets went, in order": (
        _item("PASS", "web5 PASS -, web4 PASS -, web3 PASS -, web2 PASS -, web1 PASS -"),
        _item("PASS", "web1 PASS -"),
        [("target removed", f"web{number}", "") for number in (2, 3, 4, 5)],
    ),
    "a statement says that it is bad": (
        _item("PASS", "web1 PASS -"),
        _item("FAIL", "web1 PASS -", note="sam stated that it is bad"),
        [("regressed", "", "sam stated that it is bad")],
    ),
    "a statement says so no more": (_item("FAIL", "web1 PASS -"), _item("PASS", "web1 PASS -"), [("fixed", "", "")]),
    "still fails, and another target is out of date": (
        _item("FAIL", "web1 FAIL f, web2 NOT_VERIFIED -"),
        _item("FAIL", "web1 FAIL f, web2 STALE -"),
        [],
    ),
    "still fails, though one failure is accepted": (
        _item("FAIL", "web1 FAIL f, web2 FAIL f"),
        _item("FAIL", "web1 FAIL f, web2 WAIVED f open"),
        [("waived", "web2", "locked: open")],
    ),
    "still fails, and one target has only old evidence": (
        _item("FAIL", "web1 FAIL f, web2 FAIL f"),
        _item("FAIL", "web1 FAIL f, web2 STALE - /older than 7d"),
        [("went stale", "web2", "locked: older than 7d")],
    ),
    "still fails, and one target cannot be checked": (
        _item("FAIL", "web1 FAIL f, web2 FAIL f, web3 FAIL f"),
        _item("FAIL", "web1 FAIL f, web2 ERROR e no route, web3 NOT_VERIFIED -"),
        [("could not check", "web2", "locked: no route"), ("could not check", "web3", "locked")],
    ),
    "cannot be checked": (
        _item("PASS", "web1 PASS -"),
        _item("ERROR", "web1 ERROR e no route"),
        [("could not check", "web1", "locked: no route")],
    ),
    "looked at nothing": (
        _item("PASS", "web1 PASS -"),
        _item("NOT_VERIFIED", "web1 NOT_VERIFIED - /zero objects inspected"),
        [("could not check", "web1", "locked: zero objects inspected")],
    ),
    "first target that fails is named": (
        _item("PASS", "web1 PASS -, web2 PASS -, web3 PASS -"),
        _item("FAIL", "web3 FAIL f third, web2 FAIL f second, web1 PASS -"),
        [("regressed", "web2", "locked: second")],
    ),
    "first target that is out of date is named": (
        _item("PASS", "web1 PASS -, web2 PASS -, web3 PASS -"),
        _item("STALE", "web3 STALE -, web2 STALE -, web1 PASS -"),
        [("went stale", "web2", "locked")],
    ),
    "one of two waivers is gone": (
        _item("WAIVED", "web1 WAIVED f, web2 WAIVED g", waivers="W-1 W-2"),
        _item("FAIL", "web1 FAIL f, web2 WAIVED g", waivers="W-2"),
        [("waiver gone", "", "W-1")],
    ),
    "one of two waivers has expired": (
        _item("WAIVED", "web1 WAIVED f, web2 WAIVED g", waivers="W-2 W-OLD"),
        _item("FAIL", "web1 FAIL f, web2 WAIVED g", waivers="W-2"),
        [("waiver expired", "", "W-OLD")],
    ),
    "a waiver is gone, another target cannot be checked": (
        _item("WAIVED", "web1 WAIVED f, web2 PASS -", waivers="W-1"),
        _item("FAIL", "web1 FAIL f, web2 ERROR e"),
        [("waiver gone", "", "W-1")],
    ),
    "a waiver is gone, and a new target fails as well": (
        _item("WAIVED", "web1 WAIVED f", waivers="W-1"),
        _item("FAIL", "web1 FAIL f shut, web2 FAIL f"),
        [("regressed", "web1", "locked: shut"), ("target added", "web2", "")],
    ),
    "a waiver is needed no longer": (
        _item("WAIVED", "web1 WAIVED f", waivers="W-1"),
        _item("PASS", "web1 PASS -"),
        [("verified", "", "")],
    ),
    "failed beside a waiver, and cannot be checked now": (
        _item("FAIL", "web1 WAIVED f, web2 FAIL f", waivers="W-1"),
        _item("ERROR", "web1 ERROR e no route, web2 ERROR e"),
        [("could not check", "web1", "locked: no route")],
    ),
    "the policy speaks of it no more": (
        _item("NOT_APPLICABLE", note="not applicable: none here"),
        _item("NOT_VERIFIED", "web1 NOT_VERIFIED -", note="not run"),
        [("policy changed", "", "not applicable: none here")],
    ),
    "somebody has stated it": (_item("NOT_VERIFIED"), _item("ATTESTED", by="sam"), [("attested", "", "sam")]),
}


@pytest.mark.parametrize(("was", "now", "changes"), ITEMS.values(), ids=ITEMS)
def test_change_of_an_item_is_told_by_its_cause(make: Any, was: ItemShot, now: ItemShot, changes: list[Any]) -> None:
    before, after = (Snapshot(at=make.now, verdict="", digest="", items={"X": item}) for item in (was, now))
    on_record = (make.waiver(id="W-1"), make.waiver(id="W-2"), make.waiver(id="W-OLD", expires=make.now))
    found = diff(before, after, on_record)
    assert [(change.cause, change.target, change.detail) for change in found] == changes


# what the inputs were, what they are
INPUTS = {
    "checklist": ({"checklist": "1"}, {"checklist": "2"}, ["checklist changed"]),
    "inventory": ({"inventory": "1"}, {"inventory": "2"}, ["inventory changed"]),
    "policy": ({"policy": "1"}, {"policy": "2"}, ["policy changed"]),
    "none": ({"checklist": "1", "policy": "1"}, {"checklist": "1", "policy": "1"}, []),
    "unknown then": ({}, {"checklist": "2"}, []),
    "unknown now": ({"checklist": "1"}, {"checklist": ""}, []),
}


@pytest.mark.parametrize(("was", "now", "causes"), INPUTS.values(), ids=INPUTS)
def test_rules_that_changed_are_told_apart(
    make: Any, was: dict[str, str], now: dict[str, str], causes: list[str]
) -> None:
    before, after = (replace(_shot(make), inputs=inputs) for inputs in (was, now))
    assert [(change.item, change.cause) for change in diff(before, after)] == [("", cause) for cause in causes]
