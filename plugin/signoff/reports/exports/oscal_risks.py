"""What remains open, as OSCAL risks: of an item in the assessment results, of an issue in the plan of action."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING

from signoff.model import IssueStatus, State
from signoff.reports.exports.identity import identifier
from signoff.reports.exports.oscal_parts import own, references, without_empty
from signoff.reports.exports.wording import LINE, TEXT
from signoff.reports.instants import machine, zone
from signoff.reports.plaintext import clip, one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from signoff.model import Issue, IssueEvent, ItemResult, Signoff, Waiver
    from signoff.reports.exports.oscal_parts import Part
    from signoff.reports.exports.wording import Wording

ITEM_STATUSES: Mapping[State, str] = {
    State.FAIL: "open",
    State.ERROR: "open",
    State.WAIVED: "deviation-approved",
}
"""An item in any other state is no risk: it is good, or nothing is known."""
ISSUE_STATUSES: Mapping[IssueStatus, str] = {
    IssueStatus.OPEN: "open",
    IssueStatus.REOPENED: "open",
    IssueStatus.IN_PROGRESS: "remediating",
    IssueStatus.RESOLVED: "remediating",
    IssueStatus.VERIFIED: "closed",
    IssueStatus.CLOSED: "closed",
    IssueStatus.WAIVED: "deviation-approved",
}
_EVENT_STATUSES: Mapping[str, str] = {
    "opened": "open",
    "failed again": "open",
    "reopened": "open",
    "started": "remediating",
    "resolved": "remediating",
    "verified": "closed",
}
_OSCAL = "http://csrc.nist.gov/ns/oscal"
_ACCEPTED: list[Part] = [{"name": "accepted", "ns": _OSCAL, "value": "yes"}]


def item_risk(result: ItemResult, wording: Wording, seen: Sequence[str]) -> Part | None:
    """Return the risk of an item that failed, could not be checked or is waived; None for any other."""
    if result.state not in ITEM_STATUSES:
        return None
    signoff, item = wording.signoff, result.item
    waived = result.state is State.WAIVED
    waivers = wording.waivers(result) if waived else ()
    due = [issue.due for issue in wording.open_issues(result)]
    told = wording.why(result) or result.state.value
    risk = identifier("oscal", "risk", signoff.environment, signoff.release, item.id)
    part = {
        "uuid": risk,
        "title": f"{item.id} {wording.title(item)}",
        "description": told,
        "statement": "\n".join(waiver.risk for waiver in waivers if waiver.risk) or told,
        "props": own(state=result.state.value, severity=item.severity.value) + (_ACCEPTED if waived else []),
        "status": ITEM_STATUSES[result.state],
        "mitigating-factors": _mitigations(risk, waivers),
        "deadline": _end_of(min(due), signoff) if due else _expiry(waivers),
        "remediations": [_recommended(risk, item.id, wording.remediation(item))],
        "related-observations": references("observation-uuid", seen),
    }
    return without_empty(part)


def issue_risk(issue: Issue, result: ItemResult | None, wording: Wording, seen: Sequence[str]) -> Part:
    """Return the risk of an entry of the register, with its whole history."""
    signoff = wording.signoff
    waived = issue.status is IssueStatus.WAIVED
    waivers = wording.waivers(result) if waived and result else ()
    summary = clip(issue.summary, TEXT) or issue.key
    risk = risk_id(issue, signoff)
    part = {
        "uuid": risk,
        "title": one_line(f"{issue.key} {issue.summary}", LINE),
        "description": summary,
        "statement": clip(issue.cause, TEXT) or "\n".join(w.risk for w in waivers if w.risk) or summary,
        "props": own(issue=issue.key, status=issue.status.value, severity=issue.severity.value)
        + (_ACCEPTED if waived else []),
        "status": ISSUE_STATUSES[issue.status],
        "mitigating-factors": _mitigations(risk, waivers),
        "deadline": _end_of(issue.due, signoff),
        "remediations": list(_remediations(risk, issue, result, wording)),
        "risk-log": {"entries": [_entry(risk, number, event) for number, event in enumerate(_history(issue))]},
        "related-observations": references("observation-uuid", seen),
    }
    return without_empty(part)


def risk_id(issue: Issue, signoff: Signoff) -> str:
    """Return the identifier of the issue's risk: the same in every plan of this release."""
    return identifier("oscal", "issue", signoff.environment, signoff.release, issue.key)


def _end_of(day: date, signoff: Signoff) -> str:
    """Return the end of the due day in the project's time zone."""
    return machine(datetime.combine(day + timedelta(days=1), time(), zone(signoff.timezone)))


def _expiry(waivers: Iterable[Waiver]) -> str:
    ends = [waiver.expires for waiver in waivers]
    return machine(min(ends)) if ends else ""


def _mitigations(risk: str, waivers: Iterable[Waiver]) -> list[Part]:
    return [
        {
            "uuid": identifier("oscal", "mitigation", risk, waiver.id),
            "description": clip(waiver.compensating_control, TEXT),
            "props": own(waiver=waiver.id, approver=waiver.approver, role=waiver.role, expires=machine(waiver.expires)),
        }
        for waiver in waivers
        if waiver.compensating_control.strip()
    ]


def _recommended(risk: str, item: str, remediation: str) -> Part:
    return {
        "uuid": identifier("oscal", "recommendation", risk),
        "lifecycle": "recommendation",
        "title": f"Remediation of {item}",
        "description": remediation or item,
    }


def _remediations(risk: str, issue: Issue, result: ItemResult | None, wording: Wording) -> Iterable[Part]:
    if result is not None:
        yield _recommended(risk, issue.item, wording.remediation(result.item))
    for number, step in enumerate(filter(None, map(str.strip, issue.planned)), 1):
        yield _response(risk, issue, f"planned {number}", "planned", clip(step, TEXT))
    # A fix that was claimed is a response that was completed; whether it holds is what the risk's status says.
    if issue.action.strip() or issue.resolved_at is not None:
        yield _response(
            risk, issue, "action taken", "completed", clip(issue.action, TEXT) or "resolved, action not recorded"
        )


def _response(risk: str, issue: Issue, name: str, lifecycle: str, description: str) -> Part:
    return {
        "uuid": identifier("oscal", "response", risk, name),
        "lifecycle": lifecycle,
        "title": f"{issue.key}: {name}",
        "description": description,
    }


def _history(issue: Issue) -> Sequence[tuple[datetime, str, IssueEvent | None]]:
    if issue.history:
        return [(event.at, event.what, event) for event in issue.history]
    told = [
        (issue.opened, "opened", None),
        (issue.resolved_at, "resolved", None),
        (issue.verified_at, "verified", None),
    ]
    return [(at, what, event) for at, what, event in told if at is not None]


def _entry(risk: str, number: int, told: tuple[datetime, str, IssueEvent | None]) -> Part:
    at, what, event = told
    part = {
        "uuid": identifier("oscal", "entry", risk, str(number), what, machine(at)),
        "title": what,
        "description": clip(event.text, TEXT) if event else "",
        "start": machine(at.astimezone(UTC)),
        "props": own(by=event.by, run=event.run) if event else [],
        "status-change": _EVENT_STATUSES.get(what, ""),
    }
    return without_empty(part)
