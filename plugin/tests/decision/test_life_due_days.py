"""Life of an issue: the day by which it must be fixed, and who may move it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from signoff.model import IssueAction, Severity

if TYPE_CHECKING:
    from signoff.model import Issue

FAIL = ("fail", 90, "A")
DUE = date(2026, 6, 3)


def _dated(make: Any, *moves: IssueAction, now_days_later: float = 0) -> Issue:
    now = make.now + timedelta(days=now_days_later)
    policy = make.policy(due_days={Severity.HIGH: 2})
    (issue,) = make.judge([make.seen(*FAIL)], actions=moves, policy=policy, now=now).issues
    return issue  # type: ignore[no-any-return]


def _move(make: Any, day: date, days_later: float = 0, **fields: Any) -> Any:
    return make.act("due", -days_later * 1440 + 5, due=day, reason="parts are late", **fields)


def test_day_that_somebody_set_is_shown_beside_the_policys(make: Any) -> None:
    assert (_dated(make).due, _dated(make).due_by_policy, _dated(make).extended) == (DUE, None, False)
    later = _dated(make, _move(make, date(2026, 6, 20)))
    assert (later.due, later.due_by_policy, later.extended) == (date(2026, 6, 20), DUE, True)
    assert (later.due_set_by, later.due_reason) == ("dev", "parts are late")
    earlier = _dated(make, _move(make, date(2026, 6, 2)))
    assert (earlier.due, earlier.extended) == (date(2026, 6, 2), False)


def test_last_word_on_the_day_counts_and_the_policys_stays_known(make: Any) -> None:
    issue = _dated(make, _move(make, date(2026, 6, 9), 0.1), _move(make, date(2026, 6, 20)), now_days_later=1)
    assert (issue.due, issue.due_by_policy) == (date(2026, 6, 9), DUE)


def test_day_that_has_passed_cannot_be_moved(make: Any) -> None:
    issue = _dated(make, _move(make, date(2026, 6, 20), 3), now_days_later=4)
    assert (issue.due, issue.overdue) == (DUE, True)


def test_day_in_the_past_is_no_day(make: Any) -> None:
    assert _dated(make, _move(make, date(2026, 5, 20))).due == DUE


def test_extended_issue_is_not_overdue_before_its_new_day(make: Any) -> None:
    move = _move(make, date(2026, 6, 5))
    assert not _dated(make, move, now_days_later=4).overdue
    assert _dated(make, move, now_days_later=5).overdue


def test_day_is_moved_when_the_word_is_recorded_and_not_before(make: Any) -> None:
    """A day that has passed is not moved by a word that claims to be older."""
    word = replace(_move(make, date(2026, 6, 20)), recorded=make.now + timedelta(days=3))
    issue = _dated(make, word, now_days_later=4)
    assert (issue.due, issue.overdue) == (DUE, True)


def test_history_shows_the_day_that_was_set_and_when_a_late_word_was_recorded(make: Any) -> None:
    late = make.act("resolved", 70, recorded=make.ago(minutes=60))
    (issue,) = make.issues([FAIL], actions=[late, _move(make, date(2026, 6, 20))])
    assert [(event.text, event.recorded) for event in issue.history] == [
        ("fail because", None), ("did it", make.ago(minutes=60)), ("2026-06-20; parts are late", None)
    ]  # fmt: skip
