"""Separation of duties: whose own work is in the evidence, and who has signed already."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from signoff.decision.separation import involved, why_involved
from signoff.model import IssueEvent, Method, Records, Separation

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


def _world(make: Any, **waiver: Any) -> tuple[Any, Any, Any]:
    """Return who had a hand in a release with a waiver, a statement and an issue that nobody said was fixed."""
    items = (make.item(), make.item("SEC-CFG-2", method=Method.HYBRID))
    seen = [make.seen("fail"), make.seen(cell=make.cell("SEC-CFG-2"))]
    waivers = (make.waiver(**{"requested_by": "dev", "approver": "sam", **waiver}),)
    records = Records(waivers=waivers, attestations=(make.attestation(item="SEC-CFG-2", by="sam"),))
    signoff = make.judge(seen, items=items, records=records)
    return signoff.items, signoff.issues, waivers


def test_everybody_is_named_with_the_first_thing_that_they_did(make: Any) -> None:
    assert involved(*_world(make)) == {"dev": "requested waiver W-1", "sam": "approved waiver W-1"}
    assert involved(*_world(make), relaxed={Separation.WAIVER_APPROVER}) == {
        "dev": "requested waiver W-1",
        "sam": "attested SEC-CFG-2",
    }
    assert involved(*_world(make, expires=make.now)) == {"sam": "attested SEC-CFG-2"}


def test_two_stages_by_one_person_may_be_allowed_and_their_own_work_still_is_not() -> None:
    allowed = {Separation.ONE_PERSON_ONE_STAGE}
    assert why_involved("tina", "key of tina", APPROVERS, {}, allowed) == ""
    own = why_involved("tina", "key of tina", APPROVERS, {"tina": "attested SEC-CFG-1"}, allowed)
    assert own == "separation of duties: tina attested SEC-CFG-1"
