"""Separation of duties: whose own work is in the evidence, and who has signed already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from signoff.decision.separation import involved, why_involved
from signoff.model import IssueEvent

APPROVERS = {"tina": "tech", "key of tina": "tech"}


def test_name_or_key_that_has_signed_cannot_sign_again() -> None:
    said = "separation of duties: {} approved as tech"
    assert why_involved("tina", "another key", APPROVERS, {}) == said.format("tina")
    assert why_involved("rita", "key of tina", APPROVERS, {}) == said.format("rita")
    assert why_involved("quinn", "key of quinn", APPROVERS, {}) == ""


def test_whoever_ever_claimed_a_fix_had_a_hand_in_it(make: Any) -> None:
    (issue,) = make.judge([make.seen("fail")]).issues
    events = [("resolved", "tina"), ("failed again", ""), ("noted", "quinn"), ("started", "eva"), ("resolved", "rita")]
    told = tuple(IssueEvent(at=make.now, what=what, by=by) for what, by in events)  # type: ignore[arg-type]
    known = involved([], [replace(issue, history=told, resolved_by="rita")], ())
    assert known == dict.fromkeys(("rita", "tina"), "resolved ISS-SEC-CFG-1-ffffffff")
