"""The issue resolution report as versioned JSON: what was found, what was done, and the proof that it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.model import IssueStatus
from signoff.reports.instants import machine
from signoff.reports.layout import dumps
from signoff.reports.readiness_json import SCHEMA_VERSION, issue_document, text_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.model import Issue, IssueEvent, Item, Signoff

_ONE_LINE_PER_LIST = 3
_ABSENT = {"ko": "", "en": ""}
_PROVEN = frozenset({IssueStatus.VERIFIED, IssueStatus.CLOSED})


def render_issue_resolution_json(signoff: Signoff) -> str:
    """Return the register as JSON with each issue's item and a summary."""
    items = {result.item.id: result.item for result in signoff.items}
    document = {
        "schema_version": SCHEMA_VERSION,
        "product": signoff.product,
        "release": signoff.release,
        "environment": signoff.environment,
        "evaluated_at": machine(signoff.evaluated_at),
        "verdict": signoff.verdict.value,
        "digest": signoff.digest,
        "summary": _summary(signoff.issues),
        "issues": [_issue(issue, items.get(issue.item)) for issue in signoff.issues],
    }
    return dumps(document, _ONE_LINE_PER_LIST)


def register_document(issue: Issue) -> dict[str, Any]:
    """Return one entry of the register as JSON, with what is still to be proven and its whole history."""
    return {
        **issue_document(issue),
        "due_set_by": issue.due_set_by,
        "due_reason": issue.due_reason,
        "extended": issue.extended,
        "lacks_action": issue.lacks_action,
        "unproven": [f"{cell.check}[{cell.target}]" for cell in issue.unproven],
        "history": [_event(event) for event in issue.history],
    }


def _event(event: IssueEvent) -> dict[str, str]:
    return {
        "at": machine(event.at),
        "what": event.what,
        "by": event.by,
        "run": event.run,
        "text": event.text,
        "recorded": machine(event.recorded or event.at),
    }


def _summary(issues: Sequence[Issue]) -> dict[str, int]:
    return {
        "total": len(issues),
        "open": sum(issue.status.is_open for issue in issues),
        "overdue": sum(issue.overdue for issue in issues),
        "verified": sum(issue.status in _PROVEN for issue in issues),
        "waived": sum(issue.status is IssueStatus.WAIVED for issue in issues),
        # Only what a run has proven is solved, whatever anybody says.
        "solved_on_time": sum(issue.status in _PROVEN and not issue.late_days for issue in issues),
        "solved_late": sum(issue.status in _PROVEN and issue.late_days > 0 for issue in issues),
        "reopened": sum(issue.reopen_count > 0 for issue in issues),
        "extended": sum(issue.extended for issue in issues),
        "lacking_action": sum(issue.lacks_action for issue in issues),
    }


def _issue(issue: Issue, item: Item | None) -> dict[str, Any]:
    return {
        **register_document(issue),
        "title": text_document(item.title) if item else _ABSENT,
        "area": item.area if item else "",
        "remediation": text_document(item.remediation) if item else _ABSENT,
    }
