"""Small readings of the register that several reports share: tally, flags, due day, and remediation as steps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from signoff.model import IssueStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.model import Issue
    from signoff.reports.messages import Messages

_BETWEEN_STEPS = re.compile(r"\n+|(?<=[.!?。])\s+")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


def tally(issues: Sequence[Issue]) -> dict[str, int]:
    """Return how many issues there are in total, open, overdue, solved late, verified and waived."""
    return {
        "n": len(issues),
        "open": sum(issue.status.is_open for issue in issues),
        "overdue": sum(issue.overdue for issue in issues),
        "late": sum(issue.late_days > 0 for issue in issues),
        "verified": sum(issue.status in {IssueStatus.VERIFIED, IssueStatus.CLOSED} for issue in issues),
        "waived": sum(issue.status is IssueStatus.WAIVED for issue in issues),
    }


def flags(issue: Issue, messages: Messages) -> list[str]:
    """Return what a reader must notice beside the status: overdue, late, failed again."""
    found = []
    if issue.overdue:
        found.append(messages("word.overdue"))
    if issue.late_days:
        found.append(messages("word.late", n=issue.late_days))
    if issue.reopen_count:
        found.append(messages("word.reopened", n=issue.reopen_count))
    return found


def due_words(issue: Issue, messages: Messages) -> str:
    """Return the due day; one that is not the policy's never stands alone."""
    if issue.due_by_policy is None or issue.due_by_policy == issue.due:
        return issue.due.isoformat()
    key = "issues.extended" if issue.extended else "issues.due_set"
    words = messages(key, policy=issue.due_by_policy.isoformat(), by=issue.due_set_by, reason=issue.due_reason)
    return f"{issue.due.isoformat()} ({words})"


def sentences(remediation: str) -> tuple[str, ...]:
    """Return the steps of a remediation: its lines, or the sentences of one line."""
    steps = (_BULLET.sub("", step).strip() for step in _BETWEEN_STEPS.split(remediation))
    return tuple(step for step in steps if step)
