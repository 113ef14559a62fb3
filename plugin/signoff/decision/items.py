"""Judges one item from its cells, its attestation and its rule: worst wins, and no parts is never a pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.decision import attestations, history, waivers
from signoff.decision.fold import fold_admissible
from signoff.decision.notes import Note, joined
from signoff.model import CellResult, ItemResult, Method, Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from signoff.model import (
        Attestation,
        Cell,
        Check,
        Item,
        NotApplicable,
        Observation,
        PlannedCell,
        Policy,
        Records,
        Waiver,
    )

WHOLE_ITEM = "*"
_NEEDS_CELLS = frozenset({Method.TEST, Method.HYBRID})


@dataclass(frozen=True, slots=True)
class Derived:
    """What a rule says of an item, from the rest of the sign-off."""

    state: State
    note: str = ""


def judge_item(  # noqa: PLR0913, PLR0917 - what is asked, what was seen, what people recorded, and when
    item: Item,
    planned: Sequence[PlannedCell],
    seen: Mapping[Cell, Sequence[Observation]],
    policy: Policy,
    records: Records,
    now: datetime,
    *,
    derived: Derived | None = None,
) -> ItemResult:
    """Return the state of the item at `now`.

    Args:
        item: what is asked.
        planned: the cells of this item that checklist and inventory require.
        seen: observations of the policy's environment and release, by cell.
        policy: not-applicable declarations, freshness windows, roster, release.
        records: waivers and attestations, of any item.
        now: the instant of judgement.
        derived: what the item's rule says, for an item that is computed.
    """
    declared = [d for d in policy.not_applicable if d.item == item.id and d.approver.strip()]
    for declaration in declared:
        if declaration.target == WHOLE_ITEM:
            note = Note.CELL_NOT_APPLICABLE(reason=declaration.reason, approver=declaration.approver)
            return ItemResult(item=item, state=State.NOT_APPLICABLE, not_applicable=declaration, note=note)
    recorded = sorted((waiver for waiver in records.waivers if waiver.item == item.id), key=lambda waiver: waiver.id)
    rejected = {waiver.id: waivers.why_invalid(waiver, item, policy, now) for waiver in recorded}
    valid = [waiver for waiver in recorded if not rejected[waiver.id]]
    cells = _cells(item, planned, seen, policy, now, valid, {d.target: d for d in declared})
    attested = _attested(item, planned, seen, records, policy, now)
    parts = [cell.state for cell in cells if cell.state is not State.NOT_APPLICABLE]
    others = [part.state for part in (attested, derived) if part is not None]
    gap = _why_no_parts(item, cells) if not parts and (item.method in _NEEDS_CELLS or not others) else ""
    gap = gap or _empty_groups(item, cells)
    state = State.NOT_VERIFIED if gap else State.PASS
    state = min((state, *parts, *others), key=lambda part: part.rank)
    measured = derived is not None or any(cell.state is State.PASS for cell in cells)
    used = tuple(sorted({waiver for cell in cells for waiver in waivers.ids(cell)}))
    return ItemResult(
        item=item,
        # A measured pass says more than a statement.
        state=State.PASS if state is State.ATTESTED and measured else state,
        cells=tuple(sorted(cells, key=lambda cell: (cell.state.rank, cell.cell))),
        attestation=attested.attestation if attested else None,
        waivers=used,
        note=joined(
            gap or _unasked(item, cells),
            derived.note if derived else "",
            attested.note if attested else _why_not_asked(item, records.attestations, policy.release),
            *(_waiver_note(waiver, rejected[waiver.id], used, cells) for waiver in recorded),
        ),
        valid_until=_valid_until(cells, attested, valid, window(item, policy)) if state.satisfied else None,
    )


def window(item: Item, policy: Policy) -> timedelta:
    """Return how long evidence of the item stays fresh: a policy may shorten the checklist's window only."""
    return min(item.max_age, policy.max_age.get(item.id, item.max_age))


def last_failure(
    item: Item, planned: Iterable[PlannedCell], seen: Mapping[Cell, Sequence[Observation]], now: datetime
) -> datetime | None:
    """Return when a check of the item failed last, on a target that is still there; None if none ever did."""
    failures = (
        step.finished
        for place in planned
        if place.cell.item == item.id
        for step in history.steps(seen.get(place.cell, ()), flaky_allowed=item.flaky_allowed)
        if step.outcome is Outcome.FAIL and not history.is_in_future(step.finished, now)
    )
    return max(failures, default=None)


def _cells(  # noqa: PLR0913, PLR0917 - private, one caller
    item: Item,
    planned: Sequence[PlannedCell],
    seen: Mapping[Cell, Sequence[Observation]],
    policy: Policy,
    now: datetime,
    valid: Sequence[Waiver],
    dropped: Mapping[str, NotApplicable],
) -> list[CellResult]:
    found = []
    for place in planned:
        declaration = dropped.get(place.cell.target)
        if declaration is not None:
            note = Note.CELL_NOT_APPLICABLE(reason=declaration.reason, approver=declaration.approver)
            found.append(CellResult(cell=place.cell, state=State.NOT_APPLICABLE, target=place.target, note=note))
            continue
        mine = seen.get(place.cell, ())
        result = fold_admissible(place, mine, max_age=window(item, policy), flaky_allowed=item.flaky_allowed, now=now)
        found.append(waivers.waive(result, _failures(result, mine), valid) if valid else result)
    return found


def _failures(result: CellResult, mine: Sequence[Observation]) -> frozenset[str]:
    deciding = result.observation
    if deciding is None:
        return frozenset()
    return frozenset(s.fingerprint for s in mine if s.run == deciding.run and s.outcome is deciding.outcome)


def _attested(  # noqa: PLR0913, PLR0917 - private, one caller
    item: Item,
    planned: Sequence[PlannedCell],
    seen: Mapping[Cell, Sequence[Observation]],
    records: Records,
    policy: Policy,
    now: datetime,
) -> attestations.Attested | None:
    if not item.method.needs_attestation:
        return None
    failed_at = last_failure(item, planned, seen, now)
    return attestations.judge(item, records.attestations, policy, now, failed_at=failed_at)


def _why_not_asked(item: Item, made: Sequence[Attestation], release: str) -> str:
    return Note.ATTESTATION_NOT_ASKED() if any(a.item == item.id and a.release == release for a in made) else ""


def _why_no_parts(item: Item, cells: Sequence[CellResult]) -> str:
    """Return why there is nothing to measure."""
    if cells:
        return Note.ALL_DROPPED()
    if not item.checks:
        return joined(Note.NO_CHECKS(), Note.NO_IMPLEMENTATION())
    return _unasked(item, cells)


def _unasked(item: Item, cells: Sequence[CellResult]) -> str:
    """Return which checks have no target at all.

    For services that alone is no gap: an item may list checks for several technologies, and an environment has one of
    them. It is said all the same.
    """
    return joined(*(Note.MATCHED_NOTHING(selector=check.targets, check=check.name) for check in _lost(item, cells)))


def _empty_groups(item: Item, cells: Sequence[CellResult]) -> str:
    """Return which checks name a group that has no host: a typing error, or servers that nobody asked."""
    return (
        _unasked(item, cells) if any(c.targets.scope == "hosts" and c.targets.name for c in _lost(item, cells)) else ""
    )


def _lost(item: Item, cells: Sequence[CellResult]) -> list[Check]:
    asked = {cell.cell.check for cell in cells}
    return [check for check in item.checks if check.name not in asked]


def _waiver_note(waiver: Waiver, why_invalid: str, used: Sequence[str], cells: Sequence[CellResult]) -> str:
    if why_invalid:
        return Note.WAIVER_INVALID(waiver=waiver.id, why=why_invalid)
    if waiver.id in used:
        return ""
    named = [cell for cell in cells if waivers.names(waiver, cell.cell.target)]
    unneeded = all(cell.state in {State.PASS, State.NOT_APPLICABLE} for cell in named)
    return Note.WAIVER_UNNEEDED(waiver=waiver.id) if unneeded else Note.WAIVER_OTHER(waiver=waiver.id)


def _valid_until(
    cells: Sequence[CellResult], attested: attestations.Attested | None, valid: Sequence[Waiver], max_age: timedelta
) -> datetime | None:
    ends = [c.observation.finished + max_age for c in cells if c.state is State.PASS and c.observation is not None]
    used = {waiver for cell in cells for waiver in waivers.ids(cell)}
    ends += [waiver.expires for waiver in valid if waiver.id in used]
    if attested is not None and attested.attestation is not None:
        ends.append(attested.attestation.expires)
    return min(ends, default=None)
