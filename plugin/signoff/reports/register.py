"""Small readings of the register that several reports share: its tally, and remediation as steps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from signoff.model import IssueStatus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.model import Issue

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


def sentences(remediation: str) -> tuple[str, ...]:
    """Return the steps of a remediation: its lines, or the sentences of one line."""
    steps = (_BULLET.sub("", step).strip() for step in _BETWEEN_STEPS.split(remediation))
    return tuple(step for step in steps if step)
