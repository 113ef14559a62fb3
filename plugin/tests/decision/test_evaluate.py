"""Whole decision: what it shows beside the verdict, and that the order of its inputs is of no importance."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from signoff.model import ApprovalStatus, Checkpoint, IssueAction, Records

FIXED = [("fail", 300, "A"), ("pass", 200, "B"), ("pass", 100, "C")]


def _fixed(make: Any) -> dict[str, Any]:
    done = IssueAction(key="ISS-SEC-CFG-1-ffffffff", kind="noted", at=make.ago(minutes=50), by="dev", action="shut it")
    return {"observations": [make.seen(*one) for one in FIXED], "actions": [done]}


def test_decision_holds_until_its_first_item_lapses(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2"), make.item("SEC-CFG-3"))
    ages = {"SEC-CFG-1": 30, "SEC-CFG-2": 90, "SEC-CFG-3": 60}
    seen = [make.seen(minutes_ago=ago, cell=make.cell(item)) for item, ago in ages.items()]
    assert make.judge(seen, items=items).valid_until == make.ago(minutes=90) + timedelta(days=7)
    assert make.judge([]).valid_until is None


def test_decision_names_the_inputs_that_it_rests_on(make: Any) -> None:
    inputs = make.judge([make.seen()], inventory_sha256="i" * 64).inputs
    assert inputs == {"checklist": "k" * 64, "inventory": "i" * 64, "policy": "p" * 64}


def test_order_of_what_is_asked_and_of_checkpoints_changes_nothing(make: Any) -> None:
    targets = tuple(f"web{number}" for number in range(1, 8))
    points = tuple(Checkpoint(run=f"R{number}", seq=number, sha256=f"{number}") for number in range(7))
    seen = [make.seen(run=f"R{number}", cell=make.cell(target=target)) for number, target in enumerate(targets)]
    one = make.judge(seen, targets=targets, checkpoints=points)
    other = make.judge(reversed(seen), targets=targets[::-1], checkpoints=points[::-1])
    assert one.checkpoints == other.checkpoints == points
    assert (one.digest, one.inputs) == (other.digest, other.inputs)


def test_newest_bad_news_is_why_signatures_are_void(make: Any) -> None:
    targets = ("web1", "web2")
    recorded = [make.seen(cell=make.cell(target=target)) for target in targets]
    runs = [make.run("R1"), make.run("M", 3, stream="monitor"), make.run("N", 2, stream="monitor")]
    digest = make.judge(recorded, runs=runs, targets=targets).digest
    watched = [
        make.seen(outcome, ago, run, cell=make.cell(target=target))
        for outcome, ago, run, target in (("fail", 2, "M", "web2"), ("error", 1, "N", "web1"))
    ]
    records = Records(approvals=make.approvals(digest))
    signoff = make.judge([*recorded, *watched], runs=runs, targets=targets, records=records)
    assert signoff.approvals[0].status is ApprovalStatus.SUPERSEDED
    assert "monitoring run N saw error on SEC-CFG-1 locked[web1]" in signoff.approvals[0].note


def test_issue_is_closed_by_every_signature_and_not_by_one(make: Any) -> None:
    world = _fixed(make)
    seen = world.pop("observations")
    approvals = make.approvals(make.judge(seen, **world).digest)
    for signed, status in ((approvals, "CLOSED"), (approvals[:1], "VERIFIED"), ((), "VERIFIED")):
        (issue,) = make.judge(seen, **world, records=Records(approvals=signed)).issues
        assert issue.status == status
    (issue,) = make.judge(seen, **world, policy=make.policy(approval_roles=())).issues
    assert issue.status == "VERIFIED"
