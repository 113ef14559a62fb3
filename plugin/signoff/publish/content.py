"""What a decision says, without when it was said: two decisions with one digest tell a reader the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.canonical import digest
from signoff.model import ApprovalStatus, Verdict

if TYPE_CHECKING:
    from signoff.model import Issue, Language, Signoff
    from signoff.reports.daily_markdown import Day

LAYOUT = 1
"""Raised when pages look different for the same decision, so that they are written again."""


def decision_digest(signoff: Signoff, language: Language) -> str:
    """Return the sha256 of states, reasons, issues and approvals; measured values and instants are not part of it."""
    return digest({"layout": LAYOUT, "language": language, **_decision(signoff)})


def day_digest(day: Day, language: Language) -> str:
    """Return the same of one day: also its runs and changes."""
    changes = [[c.item, str(c.before), str(c.after), c.cause, c.target] for c in day.changes]
    results = {run: {str(outcome): n for outcome, n in counts.items()} for run, counts in day.results.items()}
    about = {"date": day.date.isoformat(), "changes": changes, "results": results}
    return digest({"layout": LAYOUT, "language": language, **about, **_decision(day.signoff)})


def issue_digest(issue: Issue) -> str:
    """Return the sha256 of what a reader of the issue must learn when it changes."""
    return digest(_issue(issue))


def told_of(signoff: Signoff, ending: tuple[tuple[str, str], ...] = ()) -> tuple[str, ...]:
    """Return the facts that are worth a message, as machine names: each is told when it becomes true.

    Args:
        signoff: the decision.
        ending: id and item of each waiver that ends soon.
    """
    facts = [f"verdict:{signoff.verdict}"]
    facts += [f"blocker:{item}" for item in sorted(_blocking(signoff))]
    facts += [f"waiver:{item}:{name}" for name, item in ending]
    for step in signoff.approvals:
        if step.status is not ApprovalStatus.MISSING:
            facts.append(f"approval:{step.role}:{step.status}")
    waiting = [step.role for step in signoff.approvals if step.status is not ApprovalStatus.VALID]
    if signoff.verdict is Verdict.READY and waiting:
        facts.append(f"requested:{waiting[0]}")
    return tuple(facts)


def _blocking(signoff: Signoff) -> set[str]:
    named = {reason.item for reason in signoff.reasons if reason.item}
    return named | {r.item.id for r in signoff.judged if r.item.blocking and not r.state.satisfied}


def _decision(signoff: Signoff) -> dict[str, object]:
    return {
        "product": signoff.product,
        "environment": signoff.environment,
        "release": signoff.release,
        "commit": signoff.commit,
        "verdict": signoff.verdict.value,
        "reasons": sorted([r.verdict.value, r.item, r.kind] for r in signoff.reasons),
        "items": [
            [
                result.item.id,
                result.state.value,
                list(result.waivers),
                sorted([c.cell.check, c.cell.target, c.state.value] for c in result.cells),
            ]
            for result in signoff.items
        ],
        "issues": [_issue(issue) for issue in sorted(signoff.issues, key=lambda one: one.key)],
        "approvals": [
            [step.role, step.status.value, step.approval.approver if step.approval else ""]
            for step in signoff.approvals
        ],
        "rollback": signoff.rollback.verdict.value if signoff.rollback else "",
    }


def _issue(issue: Issue) -> dict[str, object]:
    return {
        "key": issue.key,
        "status": issue.status.value,
        "owner": issue.owner,
        "severity": issue.severity.value,
        "due": issue.due.isoformat(),
        "overdue": issue.overdue,
        "targets": sorted(issue.targets),
        "cause": issue.cause,
        "planned": list(issue.planned),
        "action": issue.action,
        "reopened": issue.reopen_count,
        "verified": issue.verified_run,
    }
