"""What was known at an earlier instant: the same evidence and records, without what came later.

The checklist and the inventory are today's, as far as the runs of that time do not say otherwise: a run names the
cells that it planned, and an observation the check and the target's definition that it saw. A test that was changed
since has therefore not changed back then, a host that came later is not missed, and one that is gone is still there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from signoff.model import NO_TARGET, PlannedCell, Records, Source, Target

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime

    from signoff.model import Cell, IssueAction, Observation, Policy, Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Known:
    """Everything that a decision at that instant could rest on."""

    observations: tuple[Observation, ...]
    runs: tuple[Run, ...]
    records: Records
    actions: tuple[IssueAction, ...]
    planned: tuple[PlannedCell, ...]


def known_at(  # noqa: PLR0913, PLR0917 - the same things as a decision rests on
    instant: datetime,
    planned: Sequence[PlannedCell],
    policy: Policy,
    observations: Iterable[Observation],
    runs: Sequence[Run],
    records: Records,
    actions: Iterable[IssueAction],
) -> Known:
    """Return what was known at the instant; of a run that was still going on, what it had seen by then."""
    seen = tuple(each for each in observations if each.finished <= instant)
    begun = tuple(_as_of(run, instant) for run in runs if run.started <= instant)
    return Known(
        observations=seen,
        runs=begun,
        records=Records(
            waivers=tuple(waiver for waiver in records.waivers if waiver.created <= instant),
            attestations=tuple(made for made in records.attestations if made.at <= instant),
            approvals=tuple(signed for signed in records.approvals if signed.created <= instant),
        ),
        actions=tuple(action for action in actions if (action.recorded or action.at) <= instant),
        planned=_planned(planned, policy, seen, begun),
    )


def signed_at(records: Records, policy: Policy) -> datetime | None:
    """Return when the release was last signed by every role in its order; None if it never was."""
    last = policy.approval_roles[-1] if policy.approval_roles else ""
    by_envelope = {a.envelope_sha256: a for a in records.approvals if a.decision.startswith("approve")}
    mine = [
        a
        for a in by_envelope.values()
        if a.role == last and a.environment == policy.environment and a.release == policy.release
    ]
    found = []
    for signed in mine:
        step, roles = signed, [signed.role]
        while step.previous in by_envelope and len(roles) <= len(policy.approval_roles):
            step = by_envelope[step.previous]
            roles.insert(0, step.role)
        if tuple(roles) == policy.approval_roles:
            found.append(signed.created)
    return max(found, default=None)


def _as_of(run: Run, instant: datetime) -> Run:
    return run if run.ended is None or run.ended <= instant else replace(run, ended=None)


def _planned(
    planned: Sequence[PlannedCell], policy: Policy, seen: Sequence[Observation], runs: Sequence[Run]
) -> tuple[PlannedCell, ...]:
    newest: dict[Cell, Observation] = {}
    for each in seen:
        if each.environment == policy.environment and each.release == policy.release:
            known = newest.get(each.cell)
            if known is None or (each.finished, each.seq, each.run) > (known.finished, known.seq, known.run):
                newest[each.cell] = each
    there = _cells_then(policy, runs)
    places = {place.cell: place for place in planned}
    if there is None:
        return tuple(_as_seen(place, newest.get(place.cell)) for place in planned)
    asked = {(cell.item, cell.check) for cell in there}
    kept = []
    for cell, place in places.items():
        if cell in there or place.source is None:
            kept.append(_as_seen(place, newest.get(cell)))
        elif (cell.item, cell.check) not in asked:  # written since: back then nobody could have run it
            kept.append(replace(place, source=None))
    gone = [_bygone(cell, newest[cell]) for cell in sorted(there) if cell not in places and cell in newest]
    return (*kept, *gone)


def _cells_then(policy: Policy, runs: Sequence[Run]) -> set[Cell] | None:
    """Return the cells of the newest full run and of all runs after it; None if no full run tells."""
    mine = sorted(
        (run for run in runs if run.environment == policy.environment and run.release == policy.release),
        key=lambda run: (run.started, run.id),
    )
    full = [number for number, run in enumerate(mine) if run.is_full and run.planned]
    return {cell for run in mine[full[-1] :] for cell in run.planned} if full else None


def _as_seen(place: PlannedCell, seen: Observation | None) -> PlannedCell:
    """Return the cell with the check and the definition that the last run saw."""
    if seen is None:
        return place
    known = place.source or Source(path="", line=1, sha256="")
    return replace(
        place,
        source=replace(known, sha256=seen.code_sha256),
        target=replace(place.target, sha256=seen.target_sha256),
    )


def _bygone(cell: Cell, seen: Observation) -> PlannedCell:
    target = Target(name=cell.target, kind=NO_TARGET if cell.target == NO_TARGET else "host", sha256=seen.target_sha256)
    return PlannedCell(cell=cell, target=target, source=Source(path="", line=1, sha256=seen.code_sha256))
