"""The issue resolution report as versioned JSON: what was found, what was done, and the proof that it holds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.model import IssueStatus
from signoff.reports.instants import machine
from signoff.reports.layout import dumps
from signoff.reports.readiness_json import SCHEMA_VERSION, issue_document, text_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.model import Issue, Item, Signoff

_ONE_LINE_PER_LIST = 3
_ABSENT = {"ko": "", "en": ""}


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


def _summary(issues: Sequence[Issue]) -> dict[str, int]:
    return {
        "total": len(issues),
        "open": sum(issue.status.is_open for issue in issues),
        "overdue": sum(issue.overdue for issue in issues),
        "verified": sum(issue.status in {IssueStatus.VERIFIED, IssueStatus.CLOSED} for issue in issues),
        "waived": sum(issue.status is IssueStatus.WAIVED for issue in issues),
        "solved_on_time": sum(bool(issue.resolved_at and not issue.late_days) for issue in issues),
        "solved_late": sum(issue.late_days > 0 for issue in issues),
        "reopened": sum(issue.reopen_count > 0 for issue in issues),
    }


def _issue(issue: Issue, item: Item | None) -> dict[str, Any]:
    return {
        **issue_document(issue),
        "title": text_document(item.title) if item else _ABSENT,
        "area": item.area if item else "",
        "remediation": text_document(item.remediation) if item else _ABSENT,
    }
