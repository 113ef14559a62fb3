"""The register as an OSCAL plan of action and milestones: one item and one risk for each issue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import ExportError
from signoff.model import Verdict
from signoff.reports.exports.identity import identifier
from signoff.reports.exports.oscal_observations import observations
from signoff.reports.exports.oscal_parts import (
    back_matter,
    document_id,
    inventory,
    metadata,
    own,
    references,
    without_empty,
)
from signoff.reports.exports.oscal_risks import issue_risk, risk_id
from signoff.reports.exports.wording import LINE, TEXT
from signoff.reports.instants import machine
from signoff.reports.layout import dumps
from signoff.reports.plaintext import clip, one_line

if TYPE_CHECKING:
    from signoff.model import Issue, ItemResult, Signoff
    from signoff.reports.exports.oscal_parts import Part
    from signoff.reports.exports.wording import Wording

_UUID_SCHEME = "http://ietf.org/rfc/rfc4122"
_ONE_LINE_PER_PART = 3


def render_oscal_poam(wording: Wording) -> str:
    """Return the document.

    Raises:
        ExportError: there is no issue, and OSCAL knows no plan without one; or the register cannot be trusted.
    """
    signoff = wording.signoff
    if signoff.verdict is Verdict.INVALID:
        raise ExportError("the register rests on stored records that cannot be trusted; see `signoff verify`")
    if not signoff.issues:
        raise ExportError("the register is empty, and OSCAL knows no plan of action without an entry: none is written")
    results = {result.item.id: result for result in signoff.items}
    seen = {item: list(observations(results[item], wording)) for item in _items(signoff, results)}
    found = inventory(signoff)
    document = {
        "uuid": document_id(signoff, "poam"),
        "metadata": metadata(signoff, "Plan of action and milestones"),
        "system-id": {"identifier-type": _UUID_SCHEME, "id": _system(signoff)},
        "local-definitions": {"inventory-items": found} if found else None,
        "observations": [each for item in seen.values() for each in item],
        "risks": [
            issue_risk(issue, results.get(issue.item), wording, _uuids(seen.get(issue.item, ())))
            for issue in signoff.issues
        ],
        "poam-items": [_entry(issue, signoff, _uuids(seen.get(issue.item, ()))) for issue in signoff.issues],
        "back-matter": back_matter(signoff),
    }
    return dumps({"plan-of-action-and-milestones": without_empty(document)}, _ONE_LINE_PER_PART)


def _items(signoff: Signoff, results: dict[str, ItemResult]) -> list[str]:
    """Return the items that have issues, each once."""
    return list(dict.fromkeys(issue.item for issue in signoff.issues if issue.item in results))


def _uuids(seen: list[Part] | tuple[()]) -> list[str]:
    return [each["uuid"] for each in seen]


def _system(signoff: Signoff) -> str:
    return identifier("oscal", "system", signoff.product, signoff.environment)


def _entry(issue: Issue, signoff: Signoff, seen: list[str]) -> Part:
    part = {
        "uuid": identifier("oscal", "poam-item", signoff.environment, signoff.release, issue.key),
        "title": one_line(f"{issue.item}: {issue.summary}", LINE),
        "description": clip(issue.summary, TEXT) or issue.key,
        "props": own(
            issue=issue.key,
            item=issue.item,
            status=issue.status.value,
            owner=issue.owner,
            targets=" ".join(issue.targets),
            due=issue.due.isoformat(),
            overdue="yes" if issue.overdue else "",
            late_days=str(issue.late_days) if issue.late_days else "",
            reopened=str(issue.reopen_count) if issue.reopen_count else "",
            resolved_by=issue.resolved_by,
            resolved_at=machine(issue.resolved_at) if issue.resolved_at else "",
            verified_run=issue.verified_run,
        ),
        "related-risks": references("risk-uuid", [risk_id(issue, signoff)]),
        "related-observations": references("observation-uuid", seen),
    }
    return without_empty(part)
