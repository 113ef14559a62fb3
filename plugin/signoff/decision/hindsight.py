"""The decision as it stood at an earlier instant, and the instant that a decision of today is best compared with."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.decision import history
from signoff.decision.evaluate import evaluate
from signoff.decision.fold import fold_admissible
from signoff.decision.past import known_at, signed_at
from signoff.decision.snapshot import CellShot, ItemShot, Snapshot, snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from signoff.decision.past import Known
    from signoff.decision.snapshot import SnapshotKind
    from signoff.model import (
        CellResult,
        Checklist,
        Checkpoint,
        IssueAction,
        Observation,
        PlannedCell,
        Policy,
        Records,
        RollbackDecision,
        Run,
        Signoff,
    )

_EVER = timedelta(days=36_500)
_MOMENT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """Everything that decisions of one environment rest on, whatever the instant."""

    checklist: Checklist
    planned: Sequence[PlannedCell]
    policy: Policy
    observations: Sequence[Observation]
    runs: Sequence[Run]
    records: Records
    actions: Sequence[IssueAction]
    checkpoints: Sequence[Checkpoint] = ()
    inventory_sha256: str = ""
    rollbacks: Sequence[RollbackDecision] = ()


def as_of(world: World, instant: datetime, kind: SnapshotKind = "instant") -> Snapshot:
    """Return what the decision was at the instant, from what was known then, by today's checklist and policy."""
    known, signoff = _judged(world, instant)
    taken = snapshot(signoff, kind)
    return replace(taken, items={**taken.items, **_bygone(world, known, instant)})


def signoff_at(world: World, instant: datetime) -> Signoff:
    """Return the whole decision at the instant, likewise."""
    return _judged(world, instant)[1]


def baseline(world: World, now: datetime) -> Snapshot | None:
    """Return the decision to compare that of today with; None if there is none yet."""
    signed = _signed(world.records, world.policy, now)
    instant = baseline_instant(world.records, world.policy, world.runs, now)
    return None if instant is None else as_of(world, instant, "run" if signed is None else "sign-off")


def baseline_instant(records: Records, policy: Policy, runs: Sequence[Run], now: datetime) -> datetime | None:
    """Return when the decision was made that today's is best compared with; None if there is none yet.

    It is the last one that every role signed, else the one after the full run before the newest run.
    """
    signed = _signed(records, policy, now)
    if signed is not None:
        return signed
    kind = (policy.environment, policy.release, "recorded")
    mine = [run for run in runs if (run.environment, run.release, run.stream) == kind and run.started <= now]
    newest = max(mine, key=lambda run: (run.started, run.id), default=None)
    full = [run for run in mine if run.is_full and newest is not None and run.started < newest.started]
    last = max(full, key=lambda run: (run.started, run.id), default=None)
    return last.ended + _MOMENT if last is not None and last.ended is not None else None


def _signed(records: Records, policy: Policy, now: datetime) -> datetime | None:
    signed = signed_at(records, policy)
    return signed if signed is not None and signed <= now else None


def end_of(run: Run, observations: Sequence[Observation]) -> datetime:
    """Return the instant at which everything that the run saw was known."""
    seen = [each.finished for each in observations if each.run == run.id]
    return max([run.ended or run.started, *seen]) + _MOMENT


def _judged(world: World, instant: datetime) -> tuple[Known, Signoff]:
    known = known_at(instant, world.planned, world.policy, world.observations, world.runs, world.records, world.actions)
    signoff = evaluate(
        world.checklist,
        known.planned,
        world.policy,
        known.observations,
        known.runs,
        known.records,
        known.actions,
        instant,
        checkpoints=world.checkpoints,
        inventory_sha256=world.inventory_sha256,
        rollbacks=[decided for decided in world.rollbacks if decided.at <= instant],
    )
    return known, signoff


def _bygone(world: World, known: Known, instant: datetime) -> Mapping[str, ItemShot]:
    """Return items that today's checklist has no more, by what their checks said."""
    there = {item.id for item in world.checklist.items}
    seen = history.group(known.observations, environment=world.policy.environment, release=world.policy.release)
    folded: dict[str, list[CellResult]] = {}
    for place in known.planned:
        if place.cell.item not in there:
            mine = seen.get(place.cell, ())
            result = fold_admissible(place, mine, max_age=_EVER, flaky_allowed=False, now=instant)
            folded.setdefault(place.cell.item, []).append(result)
    return {item: _shot(cells) for item, cells in folded.items()}


def _shot(cells: Sequence[CellResult]) -> ItemShot:
    return ItemShot(
        state=min((cell.state for cell in cells), key=lambda state: state.rank),
        cells={(cell.cell.check, cell.cell.target): CellShot(state=cell.state, note=cell.note) for cell in cells},
    )
