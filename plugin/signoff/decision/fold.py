"""Folds everything that was ever seen of one cell into its state. Its input is a set: order does not matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision import history
from signoff.decision.notes import Note, duration, joined
from signoff.model import CellResult, Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import datetime, timedelta

    from signoff.model import Observation, PlannedCell


def fold_cell(  # noqa: PLR0913 - each is one rule of the fold, named
    planned: PlannedCell,
    observations: Iterable[Observation],
    *,
    max_age: timedelta,
    flaky_allowed: bool,
    now: datetime,
    release: str,
    environment: str,
) -> CellResult:
    """Return the state of the cell at `now`, before waivers; observations that do not belong to it are ignored."""
    mine = [
        seen
        for seen in observations
        if seen.cell == planned.cell and seen.release == release and seen.environment == environment
    ]
    return fold_admissible(planned, mine, max_age=max_age, flaky_allowed=flaky_allowed, now=now)


def fold_admissible(
    planned: PlannedCell,
    mine: Sequence[Observation],
    *,
    max_age: timedelta,
    flaky_allowed: bool,
    now: datetime,
) -> CellResult:
    """Return the state, given observations that are known to be of this cell, environment and release."""
    counted = [seen for seen in mine if not history.is_in_future(seen.finished, now)]
    clock = ""
    if len(counted) < len(mine):
        latest = max(seen.finished for seen in mine)
        clock = Note.CLOCK(finished=latest.isoformat(timespec="seconds"))
    deciding = _deciding(history.steps(counted, flaky_allowed=flaky_allowed))
    if deciding is None:
        return CellResult(
            cell=planned.cell,
            state=State.NOT_VERIFIED,
            target=planned.target,
            observation=_latest(counted),
            note=joined(clock, _why_no_evidence(planned, counted, clock)),
        )
    state, note = _aged(planned, deciding, max_age=max_age, now=now)
    return CellResult(
        cell=planned.cell,
        state=state,
        target=planned.target,
        observation=deciding.observation,
        flaky=deciding.flaky,
        note=joined(clock, note),
    )


def _deciding(steps: Iterable[history.Step]) -> history.Step | None:
    deciding: history.Step | None = None
    for step in steps:
        # An error withdraws a pass but never clears a failure.
        if step.outcome is Outcome.ERROR and deciding is not None and deciding.outcome is Outcome.FAIL:
            continue
        deciding = step
    return deciding


def _aged(planned: PlannedCell, step: history.Step, *, max_age: timedelta, now: datetime) -> tuple[State, str]:
    flaky = Note.FLAKY() if step.flaky else ""
    if step.outcome is Outcome.FAIL:
        return State.FAIL, flaky
    if step.outcome is Outcome.ERROR:
        return State.ERROR, ""
    why = _why_stale(planned, step, max_age=max_age, now=now)
    return (State.STALE if why else State.PASS), joined(why, flaky)


def _why_stale(planned: PlannedCell, step: history.Step, *, max_age: timedelta, now: datetime) -> str:
    if planned.source is None:
        return Note.CHECK_GONE()
    if step.observation.code_sha256 != planned.source.sha256:
        return Note.CHECK_CHANGED()
    if step.observation.target_sha256 != planned.target.sha256:
        return Note.TARGET_CHANGED()
    if now >= step.finished + max_age:
        return Note.TOO_OLD(max_age=duration(max_age))
    return ""


def _latest(counted: Sequence[Observation]) -> Observation | None:
    newest = max((seen.finished for seen in counted), default=None)
    # Among equally new ones any will do, as long as it is always the same one.
    return max((seen for seen in counted if seen.finished == newest), key=str, default=None)


def _why_no_evidence(planned: PlannedCell, counted: Sequence[Observation], clock: str) -> str:
    latest = _latest(counted)
    if latest is not None:
        return Note.ZERO_INSPECTED() if latest.outcome is Outcome.PASS else (latest.reason or Note.NOT_RUN())
    if planned.source is None:
        return Note.NO_IMPLEMENTATION()
    return "" if clock else Note.NOT_RUN()
