"""Register: due days that are moved, and how late a fix came."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from signoff.model import IssueAction, IssueStatus, Severity

MOVES = {
    "on its last day": (7, date(2026, 6, 20), date(2026, 6, 20)),
    "the day after its last": (8, date(2026, 6, 20), date(2026, 6, 8)),
    "to the same day": (2, date(2026, 6, 3), date(2026, 6, 3)),
    "to the day before": (2, date(2026, 6, 2), date(2026, 6, 8)),
    "to no day": (2, None, date(2026, 6, 8)),
    "before it failed": (-1, date(2026, 6, 20), date(2026, 6, 8)),
    "in the instant of the failure": (0, date(2026, 6, 20), date(2026, 6, 20)),
}


@pytest.mark.parametrize(("days", "day", "due"), MOVES.values(), ids=MOVES)
def test_due_day_is_moved(make: Any, days: int, day: date | None, due: date) -> None:
    """Due on June 8th: seven days after June 1st."""
    move = make.act("due", -1440 * days, due=day, reason="parts are late")
    (issue,) = make.issues([("fail", 0, "A")], actions=[move], now=make.now + timedelta(days=9))
    assert issue.due == due
    assert issue.overdue == (due < date(2026, 6, 10))


def test_move_that_does_not_count_leaves_the_next_one_to_count(make: Any) -> None:
    moves = [
        make.act("due", -10, due=date(2026, 5, 1), reason="typo"),
        make.act("noted", -25, due=date(2026, 7, 1)),
        make.act("due", -20, due=date(2026, 6, 20), reason="parts are late"),
    ]
    (issue,) = make.issues([("fail", 0, "A")], actions=moves, now=make.now + timedelta(hours=1))
    assert (issue.due, issue.due_by_policy, issue.due_set_by, issue.due_reason) == (
        date(2026, 6, 20), date(2026, 6, 8), "dev", "parts are late"
    )  # fmt: skip


def test_lateness_ends_with_the_fix_and_not_with_its_proof(make: Any) -> None:
    failed = make.seen("fail", finished=make.ago(days=10))  # due on May 29th
    claim = make.act("resolved", 1440)
    for actions, days in (([claim], 2), ([], 3)):
        (issue,) = make.issues([failed, ("pass", 5, "B")], actions=actions)
        assert (issue.status, issue.overdue, issue.late_days) == (IssueStatus.VERIFIED, False, days)
    (early,) = make.issues([("fail", 30, "A"), ("pass", 5, "B")])
    assert early.late_days == 0


def test_issue_that_is_claimed_is_overdue_until_it_is_proven(make: Any) -> None:
    failed = make.seen("fail", finished=make.ago(days=10))
    (issue,) = make.issues([failed], actions=[make.act("resolved", 1440)])
    assert (issue.status, issue.overdue, issue.late_days) == (IssueStatus.RESOLVED, True, 2)


def test_overdue_is_open_after_the_due_day(make: Any) -> None:
    failed = make.seen("fail", finished=make.ago(days=8))
    (issue,) = make.issues([failed])
    assert (issue.overdue, issue.late_days) == (True, 0)
    assert not make.issues([failed], now=make.ago(days=1))[0].overdue
    (done,) = make.issues([failed, ("pass", 5, "B")])
    assert (done.overdue, done.late_days) == (False, 1)


SEEDS = {  # item: due day, day of the fix
    "INF-SVC-1": (25, 27),
    "SW-DEP-3": (24, 23),
    "SEC-CFG-2": (23, 22),
    "MON-LOG-2": (25, 25),
    "BAK-DR-2": (26, 26),
}


def test_five_issues_of_the_first_check_are_all_mended_one_two_days_late(make: Any) -> None:
    """The issue list that the product was built from."""
    found = make.now.replace(year=2025, month=5, day=13)
    june = make.now.replace(year=2025, month=6, hour=3)
    severities = dict(zip(SEEDS, Severity, strict=False)) | {"BAK-DR-2": Severity.CRITICAL}
    items = [
        make.item(item_id, severity=severities[item_id], checks=(f"is_good_{n}",)) for n, item_id in enumerate(SEEDS)
    ]
    cells = {item.id: make.cell(item.id, item.checks[0].name) for item in items}
    failed = [make.seen("fail", run="A", finished=found, cell=cell) for cell in cells.values()]
    passed = [make.seen("pass", run="B", finished=june.replace(day=30), cell=cell) for cell in cells.values()]
    claims = [
        IssueAction(key=f"ISS-{item_id}-ffffffff", kind="resolved", at=june.replace(day=fixed), by="dev", action="done")
        for item_id, (_, fixed) in SEEDS.items()
    ]
    late = {}
    for item_id, (due, _) in SEEDS.items():
        days = (date(2025, 6, due) - date(2025, 5, 13)).days
        signoff = make.judge(
            [*failed, *passed],
            items=items,
            actions=claims,
            policy=make.policy(due_days=dict.fromkeys(Severity, days)),
            now=june.replace(day=30) + timedelta(hours=1),
        )
        issue = next(issue for issue in signoff.issues if issue.item == item_id)
        assert (issue.status, issue.due) == (IssueStatus.VERIFIED, date(2025, 6, due))
        late[item_id] = issue.late_days
    assert late == {"INF-SVC-1": 2, "SW-DEP-3": 0, "SEC-CFG-2": 0, "MON-LOG-2": 0, "BAK-DR-2": 0}
