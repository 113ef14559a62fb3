"""The security items that are not satisfied, as SARIF 2.1.0 for code scanning: one result a cell."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from signoff.errors import ExportError
from signoff.model import NO_TARGET, Severity, State, Verdict
from signoff.reports.exports.identity import identifier
from signoff.reports.exports.wording import name_of
from signoff.reports.instants import machine
from signoff.reports.layout import dumps

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from signoff.model import CellResult, ItemResult, Waiver
    from signoff.reports.exports.wording import Wording

AREA = "security"
SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
KINDS: Mapping[State, str] = {
    State.FAIL: "fail",
    State.ERROR: "open",
    State.NOT_VERIFIED: "open",
    State.STALE: "review",
    State.WAIVED: "fail",
    State.NOT_APPLICABLE: "notApplicable",
}
"""What passes or is attested is no result."""
LEVELS: Mapping[Severity, str] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
}
SCORES: Mapping[Severity, str] = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "2.0",
}
"""What code scanning ranks alerts by: the middle of each band of its scale."""
_CHECKLIST = "tests/checklist.yaml"
_NODE = re.compile(r"[\w./-]+\.py")
_DEPTH = 5


def render_sarif(wording: Wording) -> str:
    """Return the log.

    Raises:
        ExportError: the decision is INVALID. A log with fewer results would close alerts that nobody has mended.
    """
    signoff = wording.signoff
    if signoff.verdict is Verdict.INVALID:
        raise ExportError("stored records cannot be trusted, and a log would close alerts; see `signoff verify`")
    judged = [result for result in signoff.items if result.item.area == AREA]
    places = {result.item.id: number for number, result in enumerate(judged)}
    driver: dict[str, Any] = {"name": "pytest-signoff", "rules": [_rule(result, wording) for result in judged]}
    if wording.version:
        driver["version"] = wording.version
    run = {
        "tool": {"driver": driver},
        "automationDetails": {
            "id": f"signoff/{quote(signoff.environment)}/",
            "guid": identifier("sarif", signoff.environment, signoff.digest, machine(signoff.evaluated_at)),
        },
        "invocations": [{"executionSuccessful": True, "endTimeUtc": machine(signoff.evaluated_at)}],
        "columnKind": "unicodeCodePoints",
        "results": [
            {**each, "ruleIndex": places[result.item.id]} for result in judged for each in _results(result, wording)
        ],
        "properties": {"verdict": signoff.verdict.value, "digest": signoff.digest, "release": signoff.release},
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, _DEPTH)


def _rule(result: ItemResult, wording: Wording) -> dict[str, Any]:
    item, title = result.item, wording.title(result.item)
    return {
        "id": item.id,
        "shortDescription": {"text": title},
        "fullDescription": {"text": title},
        "help": {"text": wording.remediation(item) or title},
        "defaultConfiguration": {"level": LEVELS[item.severity]},
        "properties": {
            "tags": ["security", item.section],
            "security-severity": SCORES[item.severity],
            "precision": "very-high",
            "owner": item.owner,
            "blocking": item.blocking,
        },
    }


def _results(result: ItemResult, wording: Wording) -> Iterator[dict[str, Any]]:
    """Yield the cells that are not good or, if it is no cell's fault, the item itself."""
    if result.state not in KINDS:
        return
    found = [cell for cell in result.cells if cell.state in KINDS and cell.state is not State.NOT_APPLICABLE]
    for cell in found:
        yield _of_cell(result, cell, wording)
    if not found:
        yield _result(result, result.state, wording.why(result), _CHECKLIST, (result.item.id,))


def _of_cell(result: ItemResult, cell: CellResult, wording: Wording) -> dict[str, Any]:
    seen = cell.observation
    node = _NODE.match(seen.node) if seen else None
    name = (
        *(str(part) for part in (cell.cell.item, cell.cell.check, cell.cell.target)),
        seen.fingerprint if seen else "",
    )
    text = f"{name_of(cell)}: {wording.fact(cell)}"
    found = _result(result, cell.state, text, node[0] if node else _CHECKLIST, name)
    if cell.cell.target != NO_TARGET:
        target = {"name": cell.cell.target, "kind": "resource", "fullyQualifiedName": cell.cell.target}
        found["locations"][0]["logicalLocations"] = [target]
    if cell.state is State.WAIVED:
        found["suppressions"] = [_suppression(cell, wording.waivers(result))]
    return found


def _result(result: ItemResult, state: State, text: str, path: str, name: tuple[str, ...]) -> dict[str, Any]:
    kind = KINDS[state]
    return {
        "ruleId": result.item.id,
        "kind": kind,
        # Only a failure has a level (SARIF 2.1.0, 3.27.10).
        "level": LEVELS[result.item.severity] if kind == "fail" else "none",
        "message": {"text": text or state.value},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": quote(path)}, "region": {"startLine": 1}}}],
        "partialFingerprints": {"signoffFailure/v1": hashlib.sha256("\0".join(name).encode()).hexdigest()},
        "properties": {"state": state.value},
    }


def _suppression(cell: CellResult, waivers: tuple[Waiver, ...]) -> dict[str, Any]:
    mine = [waiver for waiver in waivers if waiver.id in cell.waiver]
    told = [f"{w.id}: {w.reason} ({w.approver}, {w.role}, until {machine(w.expires)})" for w in mine]
    return {"kind": "external", "status": "accepted", "justification": "; ".join(told) or cell.waiver or "waived"}
