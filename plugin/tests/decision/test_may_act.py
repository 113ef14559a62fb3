"""What may be said of an issue: everything that would be ignored is refused before it is recorded."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from signoff.decision.may_act import check_may_act
from signoff.errors import RecordError
from signoff.model import IssueAction, NotApplicable

KEY = "ISS-SEC-CFG-1-ffffffff"


def _issue(make: Any, state: str, **fields: Any) -> Any:
    """Return an issue that failed 90 minutes ago, in the state."""
    seen = [make.seen("fail", 90, "A")]
    actions = []
    if state == "resolved":
        actions.append(IssueAction(key=KEY, kind="resolved", at=make.ago(minutes=80), by="rita", action="x"))
    if state == "verified":
        seen.append(make.seen("pass", 60, "B"))
    return make.judge(seen, actions=actions, **fields).issues[0]


def _check(make: Any, state: str, kind: Any, *, minutes_ago: float = 0, **said: Any) -> None:
    action = IssueAction(**{"key": KEY, "kind": kind, "at": make.ago(minutes=minutes_ago), "by": "dev", **said})
    check_may_act(_issue(make, state), action, make.policy(), {"infra", "dba"}, make.now)


ALLOWED = {
    "start": ("open", "started", {}),
    "start with a plan": ("open", "started", {"cause": "c", "planned": ("p",)}),
    "claim": ("open", "resolved", {"action": "did"}),
    "claim of earlier": ("open", "resolved", {"action": "did", "minutes_ago": 89}),
    "claim of the instant of the failure": ("open", "resolved", {"action": "did", "minutes_ago": 90}),
    "claim between failure and proof": ("verified", "resolved", {"action": "did", "minutes_ago": 70}),
    "note on what is proven": ("verified", "noted", {"action": "did"}),
    "note of a cause": ("open", "noted", {"cause": "c"}),
    "note of a plan": ("open", "noted", {"planned": ("", "p")}),
    "note in words": ("resolved", "noted", {"reason": "r"}),
    "assign to a team": ("open", "assigned", {"owner": "dba"}),
    "assign to a person": ("open", "assigned", {"owner": "rita"}),
    "later day": ("open", "due", {"due": date(2026, 7, 1), "reason": "r"}),
    "today": ("open", "due", {"due": date(2026, 6, 1), "reason": "r"}),
    "take back": ("resolved", "reopened", {"reason": "r"}),
    "open again": ("verified", "reopened", {"reason": "r"}),
}
REFUSED = {
    "a stranger": ("open", "started", {"by": "mallory"}, "not on the roster; known: dev, eva, quinn, rita, sam, tina$"),
    "start of what is claimed": ("resolved", "started", {}, "rita says that it is fixed"),
    "start of what is proven": ("verified", "started", {}, "it is proven fixed"),
    "claim without words": ("open", "resolved", {"action": " "}, "say what was done"),
    "claim of tomorrow": ("open", "resolved", {"action": "x", "minutes_ago": -1}, "lies in the future"),
    "claim before it was opened": (
        "open",
        "resolved",
        {"action": "x", "minutes_ago": 91},
        "it was opened only at 2026-06-01T10:30:00\\+00:00$",
    ),
    "claim of the instant of the proof": (
        "verified",
        "resolved",
        {"action": "x", "minutes_ago": 60},
        "proven fixed already",
    ),
    "second claim": ("resolved", "resolved", {"action": "x"}, "rita says so already"),
    "claim of what is proven": ("verified", "resolved", {"action": "x"}, "proven fixed already"),
    "note of blanks": ("open", "noted", {"cause": " ", "planned": (" ",), "action": "\n"}, "nothing is said"),
    "due without a day": ("open", "due", {"reason": "r"}, "lies in the past; today is 2026-06-01"),
    "empty note": ("open", "noted", {"reason": " "}, "nothing is said"),
    "unknown owner": ("open", "assigned", {"owner": "nobody"}, "'nobody' is no team"),
    "day without a reason": ("open", "due", {"due": date(2026, 7, 1)}, "say why"),
    "day in the past": (
        "open",
        "due",
        {"due": date(2026, 5, 31), "reason": "r"},
        "lies in the past; today is 2026-06-01",
    ),
    "day of what is proven": ("verified", "due", {"due": date(2026, 7, 1), "reason": "r"}, "nothing due any more"),
    "taking back without a reason": ("resolved", "reopened", {}, "say why"),
    "opening what is open": ("open", "reopened", {"reason": "r"}, "it is OPEN already"),
}


@pytest.mark.parametrize(("state", "kind", "said"), ALLOWED.values(), ids=ALLOWED)
def test_may_be_said(make: Any, state: str, kind: str, said: dict[str, Any]) -> None:
    _check(make, state, kind, **said)


@pytest.mark.parametrize(("state", "kind", "said", "why"), REFUSED.values(), ids=REFUSED)
def test_is_refused_with_the_reason(make: Any, state: str, kind: str, said: dict[str, Any], why: str) -> None:
    with pytest.raises(RecordError, match=why):
        _check(make, state, kind, **said)


def test_claim_before_the_newest_failure_is_refused(make: Any) -> None:
    issue = make.judge([make.seen("fail", 90, "A"), make.seen("fail", 40, "B")]).issues[0]
    action = IssueAction(key=KEY, kind="resolved", at=make.ago(minutes=50), by="dev", action="x")
    with pytest.raises(RecordError, match=r"failed again after that, at 2026-06-01T11:20:00\+00:00$"):
        check_may_act(issue, action, make.policy(), (), make.now)
    check_may_act(issue, replace(action, at=make.ago(minutes=40)), make.policy(), (), make.now)


def test_instants_are_told_in_whole_seconds(make: Any) -> None:
    failed = [
        make.seen("fail", run=run, finished=make.ago(minutes=ago, microseconds=7))
        for run, ago in (("A", 90), ("B", 40))
    ]
    issue = make.judge(failed).issues[0]
    for ago, why in ((91, "opened only at 2026-06-01T10:29:59"), (50, "after that, at 2026-06-01T11:19:59")):
        action = IssueAction(key=KEY, kind="resolved", at=make.ago(minutes=ago), by="dev", action="x")
        with pytest.raises(RecordError, match=f"{why}\\+00:00$"):
            check_may_act(issue, action, make.policy(), (), make.now)


def test_what_failed_again_is_open_already(make: Any) -> None:
    again = [make.seen("fail", 90, "A"), make.seen("pass", 60, "B"), make.seen("fail", 30, "C")]
    action = IssueAction(key=KEY, kind="reopened", at=make.now, by="dev", reason="r")
    with pytest.raises(RecordError, match="it is REOPENED already"):
        check_may_act(make.judge(again).issues[0], action, make.policy(), (), make.now)


def test_day_may_be_moved_until_it_has_passed(make: Any) -> None:
    issue = make.judge([make.seen("fail", finished=make.ago(days=7))]).issues[0]
    assert issue.due == date(2026, 6, 1)
    action = IssueAction(key=KEY, kind="due", at=make.now, by="dev", due=date(2026, 7, 1), reason="r")
    check_may_act(issue, action, make.policy(), (), make.now)


def test_day_of_an_overdue_issue_is_refused(make: Any) -> None:
    issue = make.judge([make.seen("fail", finished=make.ago(days=20))]).issues[0]
    action = IssueAction(key=KEY, kind="due", at=make.now, by="dev", due=date(2026, 7, 1), reason="r")
    with pytest.raises(RecordError, match="is overdue; a day that has passed cannot be moved"):
        check_may_act(issue, action, make.policy(), (), make.now)


GONE: dict[str, tuple[Any, dict[str, Any], str]] = {
    "opened again": ("reopened", {"reason": "r"}, "it is closed because what failed does not apply here any more"),
    "opened again without a reason": ("reopened", {}, "say why"),
    "started": ("started", {}, "it is proven fixed; reopen it first"),
    "claimed": ("resolved", {"action": "x"}, "it is proven fixed already"),
    "given more time": ("due", {"due": date(2026, 7, 1), "reason": "r"}, "it is CLOSED: there is nothing due any more"),
}


@pytest.mark.parametrize(("kind", "said", "why"), GONE.values(), ids=GONE)
def test_what_does_not_apply_any_more_is_not(make: Any, kind: Any, said: dict[str, Any], why: str) -> None:
    gone = NotApplicable(item="SEC-CFG-1", target="*", reason="moved", approver="sam")
    issue = _issue(make, "open", policy=make.policy(not_applicable=(gone,)))
    action = IssueAction(**{"key": KEY, "kind": kind, "at": make.now, "by": "dev", **said})
    with pytest.raises(RecordError, match=f"{KEY}: {why}"):
        check_may_act(issue, action, make.policy(), (), make.now)
