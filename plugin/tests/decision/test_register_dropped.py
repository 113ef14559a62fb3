"""Register: what waivers and targets that are gone make of an issue."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.model import IssueStatus, NotApplicable, Records, State


def test_error_of_two_runs_is_waived_only_by_a_waiver_of_errors(make: Any) -> None:
    errors = [("error", 30, "A"), ("error", 20, "B")]
    of_failures = Records(waivers=(make.waiver(),))
    of_errors = Records(waivers=(make.waiver(covers=frozenset({State.ERROR})),))
    assert make.issues(errors, records=of_failures)[0].status is IssueStatus.OPEN
    assert make.issues(errors, records=of_errors)[0].status is IssueStatus.WAIVED
    assert make.issues([("fail", 30, "A")], records=of_errors)[0].status is IssueStatus.OPEN


NOT_ACCEPTED = {
    "of another failure": {"fingerprints": ("0" * 64,)},
    "of another item": {"item": "SEC-CFG-2"},
    "of one of two targets": {"targets": ("web1",)},
    "of a stranger": {"approver": "mallory"},
}


@pytest.mark.parametrize("fields", NOT_ACCEPTED.values(), ids=NOT_ACCEPTED)
def test_waiver_leaves_the_issue_open(make: Any, fields: dict[str, Any]) -> None:
    targets = ("web1", "web2")
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=target)) for target in targets]
    items = (make.item(), make.item("SEC-CFG-2"))
    both = Records(waivers=(make.waiver(targets=targets),))
    assert make.issues(seen, items=items, targets=targets, records=both)[0].status is IssueStatus.WAIVED
    records = Records(waivers=(make.waiver(**fields),))
    assert make.issues(seen, items=items, targets=targets, records=records)[0].status is IssueStatus.OPEN


def test_two_waivers_may_accept_one_target_each(make: Any) -> None:
    targets = ("web1", "web2")
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=target)) for target in targets]
    each = Records(waivers=tuple(make.waiver(id=f"W-{name}", targets=(name,)) for name in targets))
    assert make.issues(seen, targets=targets, records=each)[0].status is IssueStatus.WAIVED


def test_proven_issue_stays_proven_whatever_is_waived_or_dropped(make: Any) -> None:
    history = [("fail", 30, "A"), ("pass", 20, "B")]
    assert make.issues(history, records=Records(waivers=(make.waiver(),)))[0].status is IssueStatus.VERIFIED
    dropped = (NotApplicable(item="SEC-CFG-1", target="*", reason="moved", approver="sam"),)
    assert make.issues(history, policy=make.policy(not_applicable=dropped))[0].status is IssueStatus.VERIFIED


@pytest.mark.parametrize("target", ["*", "web1"])
def test_closed_issue_keeps_what_was_done_and_has_nothing_left_to_prove(make: Any, target: str) -> None:
    gone = (NotApplicable(item="SEC-CFG-1", target=target, reason="moved", approver="sam"),)
    seen = [make.seen("fail", 30, "A"), make.seen("pass", 30, "A", cell=make.cell(target="web2"))]
    told = [make.act("noted", 20, action="moved to web2")]
    (issue,) = make.issues(seen, policy=make.policy(not_applicable=gone), targets=("web1", "web2"), actions=told)
    assert (issue.status, issue.action, issue.unproven) == (IssueStatus.CLOSED, "moved to web2", ())
    assert (issue.fixed_at, issue.overdue) == (None, False)


def test_target_that_was_dropped_leaves_the_fix_before_it_known(make: Any) -> None:
    gone = (NotApplicable(item="SEC-CFG-1", target="web1", reason="moved", approver="sam"),)
    history = [("fail", 90, "A"), ("pass", 60, "B"), ("fail", 30, "C")]
    (issue,) = make.issues(history, policy=make.policy(not_applicable=gone), targets=("web1", "web2"))
    assert (issue.status, issue.fixed_at) == (IssueStatus.CLOSED, make.ago(minutes=60))


def test_target_that_was_dropped_leaves_the_others_to_be_proven(make: Any) -> None:
    targets = ("web1", "web2")
    gone = (NotApplicable(item="SEC-CFG-1", target="web1", reason="moved", approver="sam"),)
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=target)) for target in targets]
    (issue,) = make.issues(seen, policy=make.policy(not_applicable=gone), targets=targets)
    assert issue.status is IssueStatus.OPEN
    accepted = Records(waivers=(make.waiver(targets=("web2",)),))
    (issue,) = make.issues(seen, policy=make.policy(not_applicable=gone), targets=targets, records=accepted)
    assert issue.status is IssueStatus.WAIVED


def test_why_targets_were_dropped_is_said_in_their_order(make: Any) -> None:
    names = tuple(f"web{number}" for number in range(1, 10))
    gone = tuple(NotApplicable(item="SEC-CFG-1", target=n, reason=f"no {n}", approver="sam") for n in names[::-1])
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=name)) for name in names]
    (issue,) = make.issues(seen, policy=make.policy(not_applicable=gone), targets=(*names, "db1"))
    assert issue.action == "; ".join(f"not applicable: no {name} (approved by sam)" for name in names)


def test_targets_that_vanished_count_as_fixed_when_somebody_said_so(make: Any) -> None:
    gone = make.seen("fail", 30, "A", cell=make.cell(target="web9"))
    claim = make.act("resolved", 20, action="web9 is decommissioned")
    (issue,) = make.issues([gone], actions=[claim])
    assert (issue.fixed_at, issue.unproven) == (make.ago(minutes=20), ())


def test_waived_failure_is_a_waived_issue_until_the_waiver_ends(make: Any) -> None:
    records = Records(waivers=(make.waiver(),))
    assert make.issues([("fail", 30, "A")], records=records)[0].status is IssueStatus.WAIVED
    after = make.waiver().expires
    assert make.issues([("fail", 30, "A")], records=records, now=after)[0].status is IssueStatus.OPEN


def test_waiver_of_the_present_failure_leaves_the_former_one_open(make: Any) -> None:
    former = make.seen("fail", 30, "A", fingerprint="0" * 64)
    issues = make.issues([former, ("fail", 20, "B")], records=Records(waivers=(make.waiver(),)))
    assert [issue.status for issue in issues] == [IssueStatus.OPEN, IssueStatus.WAIVED]


def test_cell_that_vanished_from_the_plan_proves_nothing(make: Any) -> None:
    gone = make.seen("fail", 30, "A", cell=make.cell(target="web9"))
    (silent,) = make.issues([gone])
    assert silent.status is IssueStatus.OPEN
    (told,) = make.issues([gone], actions=[make.act("resolved", 20, action="web9 is decommissioned")])
    assert (told.status, told.action) == (IssueStatus.CLOSED, "web9 is decommissioned")


@pytest.mark.parametrize("target", ["*", "web1"])
def test_issue_of_what_does_not_apply_any_more_is_closed(make: Any, target: str) -> None:
    policy = make.policy(
        not_applicable=(NotApplicable(item="SEC-CFG-1", target=target, reason="moved", approver="sam"),)
    )
    seen = [make.seen("fail"), make.seen(cell=make.cell(target="web2"))]
    (issue,) = make.issues(seen, policy=policy, targets=("web1", "web2"))
    assert (issue.status, issue.action) == (IssueStatus.CLOSED, "not applicable: moved (approved by sam)")


def test_issue_of_an_item_that_was_removed_from_the_checklist_is_gone(make: Any) -> None:
    assert make.issues([make.seen("fail", cell=make.cell(item="SEC-OLD-1"))]) == ()
