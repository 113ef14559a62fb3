"""Snapshots: what one decision said of every item, in short."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from signoff.decision.snapshot import CellShot, ItemShot, Snapshot, snapshot
from signoff.model import Method, Records, State

WEB1 = ("locked", "web1")


def test_snapshot_is_of_the_whole_decision(make: Any) -> None:
    signoff = make.judge([make.seen()], items=(make.item(), make.item("SEC-CFG-2")))
    taken = snapshot(signoff)
    assert (taken.at, taken.verdict, taken.digest) == (make.now, "INCOMPLETE", signoff.digest)
    assert (taken.inputs, taken.kind) == (signoff.inputs, "now")
    assert list(taken.items) == ["SEC-CFG-1", "SEC-CFG-2"]
    assert snapshot(signoff, "sign-off").kind == "sign-off"


CELLS = {
    "passed": ({"outcome": "pass"}, CellShot(state=State.PASS, note="", reason="", fingerprint="")),
    "failed": (
        {"outcome": "fail", "reason": "\n  22 is open \nshut it"},
        CellShot(state=State.FAIL, note="", reason="22 is open ", fingerprint="f" * 64),
    ),
    "too old": (
        {"outcome": "pass", "minutes_ago": 60 * 24 * 8},
        CellShot(state=State.STALE, note="older than 7d", reason="", fingerprint=""),
    ),
}


@pytest.mark.parametrize(("fields", "shot"), CELLS.values(), ids=CELLS)
def test_cell_that(make: Any, fields: dict[str, Any], shot: CellShot) -> None:
    item = snapshot(make.judge([make.seen(**fields)])).items["SEC-CFG-1"]
    assert (item.state, item.cells) == (shot.state, {WEB1: shot})
    assert (item.waivers, item.attested_by, item.attested_until) == ((), "", None)


def test_cell_that_nobody_looked_at_says_so_and_nothing_else(make: Any) -> None:
    item = snapshot(make.judge([])).items["SEC-CFG-1"]
    assert item.cells == {WEB1: CellShot(state=State.NOT_VERIFIED, note="not run", reason="", fingerprint="")}


def test_waiver_and_statement_that_an_item_rests_on_are_kept(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2", method=Method.EXAMINE, checks=()))
    made = make.attestation(item="SEC-CFG-2")
    records = Records(waivers=(make.waiver(),), attestations=(made,))
    taken = snapshot(make.judge([make.seen("fail")], items=items, records=records)).items
    assert (taken["SEC-CFG-1"].state, taken["SEC-CFG-1"].waivers) == (State.WAIVED, ("W-1",))
    said = taken["SEC-CFG-2"]
    assert (said.state, said.attested_by, said.attested_until) == (
        State.ATTESTED,
        "sam",
        make.now + timedelta(days=30),
    )
    void = make.attestation(item="SEC-CFG-2", by="mallory")
    refused = snapshot(make.judge([], items=items, records=Records(attestations=(void,)))).items["SEC-CFG-2"]
    assert refused.note == "attestation by mallory does not count: mallory is not on the roster"


def test_what_is_not_known_of_a_decision_stays_empty(make: Any) -> None:
    """A decision that is read from an older file knows less; what is missing is not made up."""
    assert CellShot(state=State.PASS) == CellShot(state=State.PASS, note="", reason="", fingerprint="")
    whole = ItemShot(state=State.PASS, cells={}, waivers=(), note="", attested_by="", attested_until=None)
    assert ItemShot(state=State.PASS) == whole
    bare = Snapshot(at=make.now, verdict="GO", digest="d", items={})
    assert (bare.inputs, bare.kind) == ({}, "instant")
