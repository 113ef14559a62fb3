"""The decision as OSCAL assessment results: one finding an item, one observation a cell, one risk an open failure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.model import State
from signoff.reports.exports.identity import identifier
from signoff.reports.exports.oscal_observations import observations
from signoff.reports.exports.oscal_parts import (
    ATTESTER,
    NAMESPACE,
    attestations,
    back_matter,
    checklist_id,
    document_id,
    inventory,
    metadata,
    own,
    person,
    references,
    without_empty,
)
from signoff.reports.exports.oscal_risks import item_risk
from signoff.reports.exports.wording import LINE, TEXT
from signoff.reports.instants import machine
from signoff.reports.layout import dumps
from signoff.reports.plaintext import clip, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.model import Attestation, ItemResult, Signoff
    from signoff.reports.exports.oscal_parts import Part
    from signoff.reports.exports.wording import Wording

STATUSES: Mapping[State, tuple[str, str]] = {
    State.FAIL: ("not-satisfied", "fail"),
    State.ERROR: ("not-satisfied", "other"),
    State.NOT_VERIFIED: ("not-satisfied", "other"),
    State.STALE: ("not-satisfied", "other"),
    State.WAIVED: ("not-satisfied", "other"),
    State.ATTESTED: ("satisfied", "other"),
    State.PASS: ("satisfied", "pass"),
    State.NOT_APPLICABLE: ("satisfied", "other"),
}
_ONE_LINE_PER_PART = 5


def render_oscal_results(wording: Wording) -> str:
    """Return the document; which of the eight states an item is in stands in its finding's properties."""
    signoff = wording.signoff
    document = {
        "assessment-results": {
            "uuid": document_id(signoff, "assessment-results"),
            "metadata": metadata(signoff, "Go-live assessment"),
            "import-ap": {"href": f"#{checklist_id(signoff)}"},
            "results": [_result(wording)],
            "back-matter": back_matter(signoff),
        }
    }
    return dumps(document, _ONE_LINE_PER_PART)


def _result(wording: Wording) -> Part:
    signoff = wording.signoff
    seen: list[Part] = []
    risks: list[Part] = []
    findings: list[Part] = []
    for result in signoff.items:
        mine = list(observations(result, wording))
        risk = item_risk(result, wording, [each["uuid"] for each in mine])
        seen += mine
        risks += [risk] if risk else []
        findings.append(_finding(result, wording, mine, risk))
    controls = references("control-id", (result.item.id for result in signoff.items))
    part: Part = {
        "uuid": document_id(signoff, "result"),
        "title": one_line(f"{signoff.product} {signoff.release}: {signoff.verdict}", LINE),
        "description": "\n".join(_told(signoff, wording)) or signoff.verdict.value,
        "start": machine(min((run.started for run in signoff.runs), default=signoff.evaluated_at)),
        "end": machine(signoff.evaluated_at),
        "props": own(verdict=signoff.verdict.value, digest=signoff.digest),
        "local-definitions": {"inventory-items": items} if (items := inventory(signoff)) else None,
        "reviewed-controls": {
            "control-selections": [{"include-controls": controls} if controls else {"include-all": {}}],
        },
        "attestations": [_attestation(made) for made in attestations(signoff)],
        "observations": seen,
        "risks": risks,
        "findings": findings,
    }
    return without_empty(part)


def _told(signoff: Signoff, wording: Wording) -> list[str]:
    return [clip(reason.text.get(wording.language), TEXT) for reason in signoff.reasons]


def _finding(result: ItemResult, wording: Wording, seen: list[Part], risk: Part | None) -> Part:
    signoff, item = wording.signoff, result.item
    state, reason = STATUSES[result.state]
    absent = result.not_applicable
    part = {
        "uuid": identifier("oscal", "finding", document_id(signoff, "result"), item.id),
        "title": f"{item.id} {wording.title(item)}",
        "description": wording.why(result) or result.state.value,
        "props": own(
            state=result.state.value,
            area=item.area,
            section=item.section,
            owner=item.owner,
            stage=str(item.stage),
            severity=item.severity.value,
            blocking="yes" if item.blocking else "no",
            method=item.method.value,
            waivers=" ".join(result.waivers),
            not_applicable_approved_by=absent.approver if absent else "",
            valid_until=machine(result.valid_until) if result.valid_until else "",
        ),
        "target": {
            "type": "objective-id",
            "target-id": item.id,
            "status": {"state": state, "reason": reason},
        },
        "related-observations": references("observation-uuid", (each["uuid"] for each in seen)),
        "related-risks": references("risk-uuid", [risk["uuid"]] if risk else []),
    }
    return without_empty(part)


def _attestation(made: Attestation) -> Part:
    part = {
        "uuid": identifier("oscal", "statement", made.item, made.by, machine(made.at)),
        "name": "statement",
        "ns": NAMESPACE,
        "title": made.item,
        "props": own(item=made.item, passed="yes" if made.passed else "no", role=made.role),
        "prose": clip(made.statement, TEXT) or made.by,
    }
    return {"responsible-parties": [{"role-id": ATTESTER, "party-uuids": [person(made.by)]}], "parts": [part]}
