"""What was seen, as OSCAL observations: one for each cell that was observed, one for each attestation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.model import NO_TARGET, Method, State
from signoff.reports.exports.identity import identifier
from signoff.reports.exports.oscal_parts import own, target_id, without_empty
from signoff.reports.exports.wording import LINE, TEXT, name_of
from signoff.reports.instants import machine
from signoff.reports.plaintext import clip, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from signoff.model import Attestation, CellResult, ItemResult, Observation
    from signoff.reports.exports.oscal_parts import Part
    from signoff.reports.exports.wording import Wording

_AGES = frozenset({State.PASS, State.STALE, State.WAIVED})


def observations(result: ItemResult, wording: Wording) -> Iterator[Part]:
    """Yield what the item rests on. What was never seen is no observation."""
    for cell in result.cells:
        if cell.observation is not None:
            yield _observed(result, cell, cell.observation, wording)
    if result.attestation is not None:
        yield _stated(result, result.attestation, wording)


def _observed(result: ItemResult, cell: CellResult, seen: Observation, wording: Wording) -> Part:
    signoff, target = wording.signoff, cell.cell.target
    subject = {"subject-uuid": target_id(signoff, target), "type": "inventory-item", "title": one_line(target, LINE)}
    part = {
        "uuid": identifier("oscal", "observation", signoff.environment, seen.run, str(seen.seq), str(cell.cell)),
        "title": one_line(f"{result.item.id} {name_of(cell)}", LINE),
        "description": wording.fact(cell) or cell.state.value,
        "props": own(
            state=cell.state.value,
            outcome=seen.outcome.value,
            run=seen.run,
            observed=seen.observed,
            expected=seen.expected,
            fingerprint=seen.fingerprint,
            flaky="yes" if cell.flaky else "",
            waiver=cell.waiver,
        ),
        "methods": ["TEST"],
        "types": ["control-objective"],
        "subjects": [] if target == NO_TARGET else [subject],
        "relevant-evidence": [
            {"description": "Record of the observation in the run's journal", "props": own(sha256=seen.evidence_sha256)}
        ]
        if seen.evidence_sha256
        else [],
        "collected": machine(seen.finished),
        "expires": _expires(result, cell, seen, wording),
    }
    return without_empty(part)


def _expires(result: ItemResult, cell: CellResult, seen: Observation, wording: Wording) -> str:
    """Return until when it counts: a failure counts until it is proven mended, stale evidence no longer."""
    if cell.state not in _AGES:
        return ""
    ends: list[datetime] = [seen.finished + result.item.max_age]
    if cell.state is State.STALE:  # the policy's window may be shorter, or the check has changed
        ends.append(wording.signoff.evaluated_at)
    elif result.valid_until is not None:
        ends.append(result.valid_until)
    return machine(min(ends))


def _stated(result: ItemResult, made: Attestation, wording: Wording) -> Part:
    method = "INTERVIEW" if result.item.method is Method.INTERVIEW else "EXAMINE"
    return {
        "uuid": identifier("oscal", "attestation", wording.signoff.environment, made.item, made.by, machine(made.at)),
        "title": one_line(f"{result.item.id}: {made.by} ({made.role})", LINE),
        "description": clip(made.statement, TEXT) or made.by,
        "props": own(
            passed="yes" if made.passed else "no",
            by=made.by,
            role=made.role,
            signed="yes" if made.signed else "no",
            envelope_sha256=made.envelope_sha256,
        ),
        "methods": [method],
        "types": ["control-objective"],
        "collected": machine(made.at),
        "expires": machine(made.expires),
        **(
            {"relevant-evidence": [{"description": e.name, "props": own(sha256=e.sha256)} for e in made.evidence]}
            if made.evidence
            else {}
        ),
    }
