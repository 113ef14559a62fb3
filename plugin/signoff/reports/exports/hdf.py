"""The decision as HDF (Heimdall Data Format, InSpec's exec-json): readers derive a control's status from segments.

Heimdall knows no state but derives one: any error segment makes a Profile Error, a waiver or no impact makes it Not
Applicable, any failed segment Failed, any passed segment Passed, and skipped segments alone Not Reviewed. So segments
are written such that this status is the one that the item's state stands for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.model import Severity, State
from signoff.reports.exports.wording import failed_and_waived, name_of
from signoff.reports.instants import machine
from signoff.reports.layout import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.model import Attestation, CellResult, ItemResult
    from signoff.reports.exports.wording import Wording

FORMAT_VERSION = "1.0.0"
IMPACTS: Mapping[Severity, float] = {
    Severity.CRITICAL: 1.0,
    Severity.HIGH: 0.7,
    Severity.MEDIUM: 0.5,
    Severity.LOW: 0.3,
}
_ONE_LINE_PER_CONTROL = 5

Segment = dict[str, Any]


def render_hdf(wording: Wording) -> str:
    """Return the report: one profile, one control an item, one segment a cell."""
    signoff = wording.signoff
    groups: dict[str, list[str]] = {}
    for result in signoff.items:
        groups.setdefault(result.item.area, []).append(result.item.id)
    titles = {result.item.area: wording.area(result.item) for result in signoff.items}
    profile = {
        "name": f"{signoff.product}-{signoff.environment}",
        "title": f"{signoff.product} {signoff.release} ({signoff.environment}): {signoff.verdict}",
        "version": signoff.release,
        "summary": "; ".join(reason.text.get(wording.language) for reason in signoff.reasons) or signoff.verdict.value,
        "sha256": signoff.digest,
        "supports": [],
        "attributes": [],
        "groups": [{"id": area, "title": titles[area], "controls": ids} for area, ids in groups.items()],
        "controls": [_control(result, wording) for result in signoff.items],
        "status": "loaded",
    }
    document = {
        "platform": {"name": signoff.product, "release": signoff.release, "target_id": signoff.environment},
        "version": FORMAT_VERSION,
        "statistics": {},
        "profiles": [profile],
    }
    return dumps(document, _ONE_LINE_PER_CONTROL)


def _control(result: ItemResult, wording: Wording) -> dict[str, Any]:
    item = result.item
    absent = result.state is State.NOT_APPLICABLE
    control = {
        "id": item.id,
        "title": wording.title(item),
        "desc": wording.why(result),
        "descriptions": [{"label": "fix", "data": wording.remediation(item)}],
        "impact": 0.0 if absent else IMPACTS[item.severity],
        "refs": [],
        "code": "",
        "source_location": {},
        "tags": {
            "signoff_state": result.state.value,
            "area": item.area,
            "section": item.section,
            "owner": item.owner,
            "stage": item.stage,
            "blocking": item.blocking,
            "method": item.method.value,
            "checks": [check.name for check in item.checks],
        },
        "results": _segments(result, wording),
    }
    if result.state is State.WAIVED:
        control["waiver_data"] = _waiver(result, wording)
    if result.attestation is not None and (result.state.satisfied or not result.attestation.passed):
        control["attestation_data"] = _attestation(result.attestation)
    return control


def _segments(result: ItemResult, wording: Wording) -> list[Segment]:
    """Return the cells as segments, then what keeps the derived status from being another one than the item's."""
    found = [_segment(cell, result.state, wording) for cell in result.cells]
    if result.attestation is not None:
        found += _statement(result, result.attestation, wording)
    statuses = {segment["status"] for segment in found}
    match result.state:
        case State.FAIL if "failed" not in statuses:
            found.append(_whole(result, wording, "failed"))
        case State.ERROR if "error" not in statuses:
            found.append(_whole(result, wording, "error"))
        case State.NOT_VERIFIED | State.STALE if "passed" in statuses:
            # A passed segment beside skipped ones would be read as Passed.
            found.append(_whole(result, wording, "error"))
        case State.PASS | State.ATTESTED if "passed" not in statuses:
            found.append(_whole(result, wording, "passed"))
        case _:
            pass
    return found or [_whole(result, wording, "skipped")]


def _segment(cell: CellResult, item: State, wording: Wording) -> Segment:
    seen = cell.observation
    start = seen.started if seen else wording.signoff.evaluated_at
    segment: Segment = {"code_desc": name_of(cell), "start_time": machine(start), "status": _status(cell, item)}
    if seen is not None:
        segment["run_time"] = max(0.0, (seen.finished - seen.started).total_seconds())
    return _told(segment, f"{cell.state}: {wording.fact(cell)}")


def _status(cell: CellResult, item: State) -> str:
    """Return the segment's status: one that decides only where the item is in the state that it stands for."""
    if cell.state is State.PASS:
        return "passed"
    if cell.state is State.FAIL or (item is State.WAIVED and failed_and_waived(cell)):
        return "failed"
    return "error" if cell.state is State.ERROR and item is State.ERROR else "skipped"


def _told(segment: Segment, text: str) -> Segment:
    match segment["status"]:
        case "failed":
            segment["message"] = text
        case "error":
            segment |= {"message": text, "exception": "NotVerified", "backtrace": [text]}
        case "skipped":
            segment["skip_message"] = text
        case _:
            pass
    return segment


def _whole(result: ItemResult, wording: Wording, status: str) -> Segment:
    start = machine(wording.signoff.evaluated_at)
    segment = {"code_desc": result.item.id, "start_time": start, "status": status}
    return _told(segment, f"{result.state}: {wording.why(result)}")


def _statement(result: ItemResult, made: Attestation, wording: Wording) -> list[Segment]:
    """Return the attestation as segments: it passes an item that rests on it, and no other."""
    by = f"attestation by {made.by} ({made.role})"
    status = "failed" if not made.passed else "passed" if result.state.satisfied else "skipped"
    said = _told({"code_desc": by, "start_time": machine(made.at), "status": status}, made.statement)
    # As SAF writes it: the check that no program can make is skipped, then the statement passes.
    return [said] if result.cells else [_whole(result, wording, "skipped"), said]


def _waiver(result: ItemResult, wording: Wording) -> dict[str, Any]:
    known = wording.waivers(result)
    ends = min((waiver.expires for waiver in known), default=result.valid_until)
    reasons = [f"{waiver.id}: {waiver.reason} ({waiver.approver}, {waiver.role})" for waiver in known]
    return {
        "skipped_due_to_waiver": True,
        "run": True,
        "justification": "; ".join(reasons or result.waivers),
        "expiration_date": machine(ends) if ends else None,
        "message": ", ".join(result.waivers),
    }


def _attestation(made: Attestation) -> dict[str, str]:
    return {
        "control_id": made.item,
        "explanation": made.statement,
        "frequency": f"until {machine(made.expires)}",
        "status": "passed" if made.passed else "failed",
        "updated": machine(made.at),
        "updated_by": f"{made.by} ({made.role})",
    }
