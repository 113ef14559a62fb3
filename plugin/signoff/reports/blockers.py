"""What stands between this release and GO: the items that block, worst first, each with its issue and reasons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.model import Method, Severity
from signoff.reports.facts import worst_cell

if TYPE_CHECKING:
    from collections.abc import Iterable

    from signoff.model import Issue, ItemResult, Reason, Signoff

_SEVERITIES = list(Severity)


@dataclass(frozen=True, kw_only=True, slots=True)
class Blocker:
    """One item that blocks the release."""

    result: ItemResult
    bad: int
    """How many cells are in the item's state; 0 if no cell is to blame."""
    issue: Issue | None
    """The open issue on the item that is due first."""
    reasons: tuple[Reason, ...]

    @property
    def total(self) -> int:
        """Return how many cells the item has."""
        return len(self.result.cells)


def blockers(signoff: Signoff) -> tuple[Blocker, ...]:
    """Return the blocking items of the judged scope, worst state and severity first."""
    named = {reason.item for reason in signoff.reasons if reason.item}
    blocking = [result for result in signoff.judged if result.item.id in named or _is_blocking(result)]
    return tuple(_blocker(result, signoff) for result in sorted(blocking, key=_urgency))


def general_reasons(signoff: Signoff) -> tuple[Reason, ...]:
    """Return the reasons that concern the whole release rather than one item."""
    known = {result.item.id for result in signoff.judged}
    return tuple(reason for reason in signoff.reasons if reason.item not in known)


def open_issues(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return the issues that still block, first due first."""
    return tuple(sorted((issue for issue in issues if issue.status.is_open), key=lambda issue: (issue.due, issue.key)))


def _is_blocking(result: ItemResult) -> bool:
    return result.item.blocking and not result.state.satisfied


def _urgency(result: ItemResult) -> tuple[int, bool, int]:
    """Items that only follow from others come last in their state: nobody can mend them directly."""
    return result.state.rank, result.item.method is Method.DERIVED, _SEVERITIES.index(result.item.severity)


def _blocker(result: ItemResult, signoff: Signoff) -> Blocker:
    worst = worst_cell(result)
    mine = open_issues(issue for issue in signoff.issues if issue.item == result.item.id)
    return Blocker(
        result=result,
        bad=sum(cell.state is worst.state for cell in result.cells) if worst else 0,
        issue=mine[0] if mine else None,
        reasons=tuple(reason for reason in signoff.reasons if reason.item == result.item.id),
    )
