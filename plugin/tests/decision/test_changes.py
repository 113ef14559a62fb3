"""Changes between two decisions, with their causes."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.decision.changes import diff
from signoff.model import State

CAUSES = {
    (State.PASS, State.FAIL): "regressed",
    (State.WAIVED, State.FAIL): "regressed",
    (State.NOT_VERIFIED, State.FAIL): "regressed",
    (State.FAIL, State.PASS): "fixed",
    (State.ERROR, State.PASS): "verified",
    (State.NOT_VERIFIED, State.ATTESTED): "verified",
    (State.STALE, State.PASS): "verified",
    (State.PASS, State.STALE): "went stale",
    (State.PASS, State.ERROR): "could not check",
    (State.FAIL, State.NOT_VERIFIED): "could not check",
    (State.FAIL, State.WAIVED): "other",
    (State.FAIL, State.NOT_APPLICABLE): "other",
}


@pytest.mark.parametrize(
    ("states", "cause"), CAUSES.items(), ids=lambda value: "-".join(value) if isinstance(value, tuple) else ""
)
def test_cause_of_a_change(states: tuple[State, State], cause: str) -> None:
    before, after = states
    (change,) = diff({"X": before}, {"X": after})
    assert (change.item, change.before, change.after, change.cause) == ("X", before, after, cause)


def test_items_that_came_and_went_are_listed() -> None:
    changes = diff({"A": State.PASS, "B": State.FAIL}, {"C": State.NOT_VERIFIED, "A": State.PASS})
    assert [(c.item, c.before, c.after, c.cause) for c in changes] == [
        ("C", None, State.NOT_VERIFIED, "item added"),
        ("B", State.FAIL, None, "item removed"),
    ]


def test_nothing_changed(make: Any) -> None:
    assert diff({"A": State.PASS}, {"A": State.PASS}) == ()
    signoff = make.judge([make.seen()])
    assert make.judge([make.seen()], before=signoff).changes == ()


def test_hosts_that_came_and_went_are_listed(make: Any) -> None:
    before = make.judge([make.seen()], targets=("web1", "web2"))
    after = make.judge([make.seen()], targets=("web1", "web3"), before=before)
    assert [(c.cause, c.target) for c in after.changes] == [("target added", "web3"), ("target removed", "web2")]


def test_decision_compares_with_the_one_before(make: Any) -> None:
    before = make.judge([make.seen()])
    after = make.judge([make.seen("fail")], before=before)
    assert [(c.item, c.cause) for c in after.changes] == [("SEC-CFG-1", "regressed")]
