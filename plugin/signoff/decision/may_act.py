"""Says whether somebody may say this of an issue now, before it is recorded: what would be ignored is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from signoff.decision import register, roster
from signoff.errors import RecordError
from signoff.model import IssueStatus

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from signoff.model import Issue, IssueAction, Policy

_PROVEN = frozenset({IssueStatus.VERIFIED, IssueStatus.CLOSED})


def check_may_act(issue: Issue, action: IssueAction, policy: Policy, owners: Collection[str], now: datetime) -> None:
    """Return if the action may be recorded.

    Args:
        issue: as it stands now.
        action: what is said of it.
        policy: the roster and the project's time zone.
        owners: the teams of the checklist.
        now: the instant of recording.

    Raises:
        RecordError: names the rule that forbids it, and what to do instead.
    """
    why = roster.why_absent(policy.roster, action.by, now)
    if why:
        raise RecordError(f"{why}; known: {', '.join(sorted(person.name for person in policy.roster))}")
    why = _why_not(issue, action, policy, owners, now)
    if why:
        raise RecordError(f"{issue.key}: {why}")


def _why_not(issue: Issue, action: IssueAction, policy: Policy, owners: Collection[str], now: datetime) -> str:
    match action.kind:
        case "started":
            return _why_not_started(issue)
        case "noted":
            return _why_not_noted(action)
        case "assigned":
            known = {*owners, *(person.name for person in policy.roster)}
            return "" if action.owner in known else f"{action.owner!r} is no team and nobody on the roster"
        case "due":
            return _why_not_moved(issue, action, policy, now)
        case "resolved":
            return _why_not_resolved(issue, action) or _why_not_then(issue, action, now)
        case "reopened":
            return _why_not_reopened(issue, action)
        case _:
            assert_never(action.kind)


def _why_not_noted(action: IssueAction) -> str:
    said = (action.reason, action.cause, action.action, *action.planned)
    return "" if any(word.strip() for word in said) else "nothing is said; add --text, --cause, --plan or --action"


def _why_not_started(issue: Issue) -> str:
    if issue.status is IssueStatus.RESOLVED:
        return f"{issue.resolved_by} says that it is fixed; take that back first (reopen)"
    if issue.status in _PROVEN:
        return "it is proven fixed; reopen it first"
    return ""


def _why_not_moved(issue: Issue, action: IssueAction, policy: Policy, now: datetime) -> str:
    today = register.day(now, policy)
    if not issue.status.is_open:
        return f"it is {issue.status}: there is nothing due any more"
    if not action.reason.strip():
        return "say why it is due on another day (--reason)"
    if action.due is None or action.due < today:
        return f"the new day lies in the past; today is {today}"
    if today > issue.due:
        return f"it was due on {issue.due} and is overdue; a day that has passed cannot be moved"
    return ""


def _why_not_resolved(issue: Issue, action: IssueAction) -> str:
    if not action.action.strip():
        return "say what was done (--action)"
    if issue.status is IssueStatus.RESOLVED:
        return f"{issue.resolved_by} says so already; change the words with note, or take it back with reopen"
    if issue.status in _PROVEN and (issue.verified_at is None or action.at >= issue.verified_at):
        return "it is proven fixed already; write what was done with note --action, or give the earlier time with --at"
    return ""


def _why_not_then(issue: Issue, action: IssueAction, now: datetime) -> str:
    if action.at > now:
        return "what lies in the future is not done yet"
    if action.at < issue.opened:
        return f"it was opened only at {issue.opened.isoformat(timespec='seconds')}"
    if issue.last_failed is not None and action.at < issue.last_failed:
        return f"the check failed again after that, at {issue.last_failed.isoformat(timespec='seconds')}"
    return ""


def _why_not_reopened(issue: Issue, action: IssueAction) -> str:
    if not action.reason.strip():
        return "say why (--reason)"
    if issue.status is IssueStatus.RESOLVED or (issue.status in _PROVEN and issue.verified_at is not None):
        return ""
    if issue.status in _PROVEN:
        return "it is closed because what failed does not apply here any more"
    return f"it is {issue.status} already"
