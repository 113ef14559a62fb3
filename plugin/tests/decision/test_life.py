"""Life of an issue: every arrow of the lifecycle, and what opens, proves and closes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from signoff.model import IssueStatus, Method, Person, Records, Verdict

OPEN, WORKING, CLAIMED = IssueStatus.OPEN, IssueStatus.IN_PROGRESS, IssueStatus.RESOLVED
AGAIN, PROVEN = IssueStatus.REOPENED, IssueStatus.VERIFIED
FAIL = ("fail", 90, "A")
ARROWS = {
    "a failure opens": ([FAIL], OPEN, 0),
    "an error twice opens": ([("error", 90, "A"), ("error", 80, "B")], OPEN, 0),
    "its owner starts": ([FAIL, ("started", 80)], WORKING, 0),
    "starting twice changes nothing": ([FAIL, ("started", 80), ("started", 70)], WORKING, 0),
    "it fails again while somebody works on it": ([FAIL, ("started", 80), ("fail", 70, "B")], WORKING, 0),
    "a fix is claimed": ([FAIL, ("started", 80), ("resolved", 70)], CLAIMED, 0),
    "a fix is claimed without a start": ([FAIL, ("resolved", 70)], CLAIMED, 0),
    "a start after the claim changes nothing": ([FAIL, ("resolved", 70), ("started", 60)], CLAIMED, 0),
    "a claim is taken back": ([FAIL, ("resolved", 70), ("reopened", 60)], WORKING, 0),
    "a later failure disproves the claim": ([FAIL, ("resolved", 70), ("fail", 60, "B")], AGAIN, 1),
    "an error does not disprove the claim": ([FAIL, ("resolved", 70), ("error", 60, "B")], CLAIMED, 0),
    "work begins again": ([FAIL, ("resolved", 70), ("fail", 60, "B"), ("started", 50)], WORKING, 1),
    "a later pass proves the claim": ([FAIL, ("resolved", 70), ("pass", 60, "B")], PROVEN, 0),
    "a pass without a claim proves it too": ([FAIL, ("pass", 60, "B")], PROVEN, 0),
    "a pass while somebody works on it": ([FAIL, ("started", 80), ("pass", 60, "B")], PROVEN, 0),
    "a skip proves nothing": ([FAIL, ("resolved", 70), ("skip", 60, "B")], CLAIMED, 0),
    "a failure after the proof opens again": ([FAIL, ("pass", 60, "B"), ("fail", 50, "C")], AGAIN, 1),
    "and is proven again": ([FAIL, ("pass", 60, "B"), ("fail", 50, "C"), ("pass", 40, "D")], PROVEN, 1),
    "somebody opens again what was proven": ([FAIL, ("pass", 60, "B"), ("reopened", 50)], AGAIN, 1),
    "then an older run proves nothing": ([FAIL, ("pass", 60, "B"), ("reopened", 55), ("pass", 54.99, "C")], AGAIN, 1),
    "and only a new run does": ([FAIL, ("pass", 60, "B"), ("reopened", 55), ("pass", 40, "C")], PROVEN, 1),
    "a claim made after the proof moves nothing": ([FAIL, ("pass", 60, "B"), ("resolved", 50)], PROVEN, 0),
    "words move nothing": ([FAIL, ("noted", 80), ("assigned", 70), ("due", 60)], OPEN, 0),
    "opening again what is open changes nothing": ([FAIL, ("reopened", 80)], OPEN, 0),
    "what was said before it was opened is not about it": ([("resolved", 95), FAIL], OPEN, 0),
    "what was said in the instant of the failure is not about it": ([("resolved", 90), FAIL], OPEN, 0),
    "a failure in the instant of a pass comes last": ([FAIL, ("pass", 60, "B"), ("fail", 60, "C")], AGAIN, 1),
    "whichever run it is of": ([FAIL, ("fail", 60, "B"), ("pass", 60, "C")], AGAIN, 1),
    "a claim made in the instant of the pass is not proven by it": (
        [FAIL, ("pass", 60, "B"), ("resolved", 60)],
        CLAIMED,
        0,
    ),
    "a claim taken back is proven by a pass": (
        [FAIL, ("resolved", 70), ("reopened", 60), ("pass", 50, "B")],
        PROVEN,
        0,
    ),
    "a proven claim that failed again needs a new pass": (
        [FAIL, ("resolved", 80), ("pass", 70, "B"), ("fail", 60, "C"), ("pass", 50, "D")],
        PROVEN,
        1,
    ),
    "a claim made again is taken back again": (
        [FAIL, ("resolved", 80), ("reopened", 75), ("resolved", 70), ("reopened", 65)],
        WORKING,
        0,
    ),
    "a start after the proof changes nothing": ([FAIL, ("pass", 60, "B"), ("started", 50)], PROVEN, 0),
}


@pytest.mark.parametrize(("history", "status", "count"), ARROWS.values(), ids=ARROWS)
def test_arrow_of_the_lifecycle(make: Any, history: list[Any], status: IssueStatus, count: int) -> None:
    (issue,) = [issue for issue in make.issues(history) if issue.key == make.issue_key]
    assert (issue.status, issue.reopen_count) == (status, count)


def test_waived_until_the_waiver_ends(make: Any) -> None:
    records = Records(waivers=(make.waiver(),))
    assert make.issues([FAIL], records=records)[0].status is IssueStatus.WAIVED
    ended = Records(waivers=(make.waiver(expires=make.ago(minutes=1)),))
    assert make.issues([FAIL], records=ended)[0].status is OPEN
    assert make.issues([FAIL, ("started", 80)], records=records)[0].status is IssueStatus.WAIVED


def test_closed_when_the_release_is_signed_and_open_again_when_somebody_says_so(make: Any) -> None:
    history = [FAIL, ("resolved", 70), ("pass", 60, "B"), ("pass", 50, "C")]
    seen = [make.seen(*event) for event in history if len(event) == 3]
    actions = [make.act("resolved", 70)]
    digest = make.judge(seen, actions=actions).digest
    signed = make.judge(seen, actions=actions, records=Records(approvals=make.approvals(digest)))
    assert (signed.verdict, signed.issues[0].status) == (Verdict.GO, IssueStatus.CLOSED)

    doubted = [*actions, make.act("reopened", 2, reason="seen again by a customer")]
    voided = make.judge(seen, actions=doubted, records=Records(approvals=make.approvals(digest)))
    assert (voided.verdict, voided.issues[0].status) == (Verdict.INCOMPLETE, AGAIN)


def test_last_signature_counts_only_over_a_register_that_says_what_was_done(make: Any) -> None:
    seen = [make.seen(*event) for event in (FAIL, ("pass", 60, "B"), ("pass", 50, "C"))]
    digest = make.judge(seen).digest
    silent = make.judge(seen, records=Records(approvals=make.approvals(digest)))
    assert [str(step.status) for step in silent.approvals] == ["VALID", "VALID", "MISSING"]
    assert silent.approvals[-1].note == f"nobody wrote down what was done about {make.issue_key}"
    assert silent.verdict is Verdict.READY

    told = [make.act("noted", 40, action="shut the port")]
    digest = make.judge(seen, actions=told).digest
    signed = make.judge(seen, actions=told, records=Records(approvals=make.approvals(digest)))
    assert signed.verdict is Verdict.GO


def test_run_that_only_watches_neither_opens_nor_proves(make: Any) -> None:
    runs = [make.run("A", 95), make.run("B", 65, stream="monitor")]
    assert make.issues([FAIL, ("pass", 60, "B")], runs=runs)[0].status is OPEN
    assert make.issues([("pass", 90, "A"), ("fail", 60, "B")], runs=runs) == ()


@pytest.mark.parametrize(
    ("outcome", "after", "status"),
    [("fail", 0, CLAIMED), ("fail", 1, AGAIN), ("pass", 0, CLAIMED), ("pass", 1, PROVEN)],
)
def test_only_a_run_begun_after_the_claim_says_something_of_it(
    make: Any, outcome: str, after: int, status: IssueStatus
) -> None:
    begun = make.ago(minutes=70) + timedelta(seconds=after)
    runs = [make.run("A", 95), replace(make.run("B"), started=begun)]
    (issue,) = make.issues([FAIL, ("resolved", 70), (outcome, 60, "B")], runs=runs)
    assert issue.status is status


def test_failure_forgets_the_claim_and_the_proof_before_it(make: Any) -> None:
    (proven,) = make.issues([FAIL, ("resolved", 80), ("pass", 70, "B")])
    assert (proven.resolved_by, proven.resolved_at, proven.fixed_at) == (
        "dev", make.ago(minutes=80), make.ago(minutes=80)
    )  # fmt: skip
    assert (proven.verified_run, proven.verified_at) == ("B", make.ago(minutes=70))
    (again,) = make.issues([FAIL, ("resolved", 80), ("pass", 70, "B"), ("fail", 60, "C")])
    assert (again.resolved_by, again.resolved_at, again.claim_recorded) == ("", None, None)
    assert (again.verified_run, again.verified_at, again.fixed_at) == ("", None, make.ago(minutes=80))
    (anew,) = make.issues([FAIL, ("resolved", 80), ("pass", 70, "B"), ("fail", 60, "C"), ("pass", 50, "D")])
    assert (anew.verified_run, anew.fixed_at) == ("D", make.ago(minutes=50))


def test_cells_of_before_the_proof_are_no_part_of_the_new_failure(make: Any) -> None:
    web2 = make.cell(target="web2")
    seen = [
        make.seen("fail", 90, "A"),
        make.seen("fail", 90, "A", cell=web2),
        make.seen("pass", 80, "B"),
        make.seen("pass", 80, "B", cell=web2),
        make.seen("fail", 70, "C", cell=web2),
    ]
    (issue,) = make.judge(seen, targets=("web1", "web2")).issues
    assert (issue.targets, issue.unproven, issue.opened_run) == (("web2",), (web2,), "A")


def test_what_somebody_opened_again_must_be_proven_on_every_cell(make: Any) -> None:
    cells = [make.cell(target=target) for target in ("web1", "web2")]
    seen = [make.seen(what, ago, run, cell=cell) for what, ago, run in (FAIL, ("pass", 80, "B")) for cell in cells]
    doubt = [make.act("reopened", 70)]
    (issue,) = make.judge(seen, targets=("web1", "web2"), actions=doubt).issues
    assert (issue.status, issue.unproven) == (AGAIN, tuple(cells))
    seen.append(make.seen("pass", 60, "C"))
    (issue,) = make.judge(seen, targets=("web1", "web2"), actions=doubt).issues
    assert (issue.status, issue.unproven) == (AGAIN, (cells[1],))


def test_only_the_cells_that_are_left_are_named(make: Any) -> None:
    failed = [make.seen("fail", 90, "A", cell=make.cell(target=target)) for target in ("web1", "web2")]
    (issue,) = make.judge([*failed, make.seen("pass", 60, "B")], targets=("web1", "web2")).issues
    assert [cell.target for cell in issue.unproven] == ["web2"]
    assert issue.last_failed == make.ago(minutes=90)


def test_claim_asks_for_the_proof_of_every_cell_again(make: Any) -> None:
    targets = ("web1", "web2")
    failed = [make.seen("fail", 90, "A", cell=make.cell(target=target)) for target in targets]
    one = make.seen("pass", 60, "B")
    (issue,) = make.judge([*failed, one], targets=targets, actions=[make.act("resolved", 50)]).issues
    assert [cell.target for cell in issue.unproven] == list(targets)


def test_nobody_listens_to_those_who_have_left_or_to_the_future(make: Any) -> None:
    left = Person(name="dev", roles=frozenset({"development"}), valid_until=make.ago(minutes=75))
    policy = make.policy(roster=(*make.people()[:-1], left))
    assert make.issues([FAIL, ("started", 80)], policy=policy)[0].status is WORKING
    assert make.issues([FAIL, ("started", 70)], policy=policy)[0].status is OPEN
    assert make.issues([FAIL, ("started", -60)])[0].status is OPEN


def test_full_check_is_asked_for_after_what_was_taken_away(make: Any) -> None:
    """A host that was removed was fixed when somebody said so: everything is looked at once more after that."""
    gone = make.seen("fail", 90, "A", cell=make.cell(target="web9"))
    other = make.seen("pass", 90, "A")
    action = make.act("resolved", 80, action="web9 is decommissioned")
    signoff = make.judge([gone, other], actions=[action])
    assert (signoff.issues[0].status, signoff.verdict) == (IssueStatus.CLOSED, Verdict.INCOMPLETE)
    again = make.judge([gone, other, make.seen("pass", 60, "B")], actions=[action])
    assert again.verdict is Verdict.READY


def test_hybrid_items_issue_needs_the_check_and_not_the_statement(make: Any) -> None:
    items = (make.item(method=Method.HYBRID),)
    records = Records(attestations=(make.attestation(at=make.ago(minutes=10)),))
    (issue,) = make.judge([make.seen(*FAIL)], items=items, records=records).issues
    assert issue.status is OPEN
    assert replace(issue).lacks_action is False
