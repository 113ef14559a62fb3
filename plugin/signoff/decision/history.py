"""Orders what was seen of one cell: which observations count, and what each run's attempts say.

Rules that keep bad news from getting lost: within one attempt the worst outcome counts; a run that failed once did
not pass, however often it retried; at equal times of two runs the worse comes last.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from signoff.model import Cell, CellResult, Observation

CLOCK_TOLERANCE = timedelta(minutes=5)
"""How far in the future an observation may lie before its clock is not believed."""

_BADNESS = {outcome: outcome.badness for outcome in Outcome}


@dataclass(frozen=True, slots=True)
class Step:
    """What one run said of a cell at one instant: pass, error or fail, never skip."""

    finished: datetime
    outcome: Outcome
    observation: Observation
    """The one that decided."""
    flaky: bool = False
    """Failed and passed in one run."""


def group(observations: Iterable[Observation], *, environment: str, release: str) -> dict[Cell, list[Observation]]:
    """Return the observations of this environment and release, by cell."""
    cells: dict[Cell, list[Observation]] = {}
    for seen in observations:
        if seen.environment == environment and seen.release == release:
            cells.setdefault(seen.cell, []).append(seen)
    return cells


def is_in_future(instant: datetime, now: datetime) -> bool:
    """Return whether the instant lies so far ahead that its clock is not believed."""
    return instant > now + CLOCK_TOLERANCE


def effective(seen: Observation) -> Outcome:
    """Return the outcome, where a pass that looked at nothing is no evidence."""
    return Outcome.SKIP if seen.outcome is Outcome.PASS and seen.inspected == 0 else seen.outcome


def deciding(cell: CellResult) -> Observation | None:
    """Return the observation that the cell's state rests on; a skip decides nothing, however often it is repeated."""
    seen = cell.observation
    return None if seen is None or effective(seen) is Outcome.SKIP else seen


def steps(observations: Iterable[Observation], *, flaky_allowed: bool) -> list[Step]:
    """Return the decisive steps of one cell in the order in which they count. The order of the input is irrelevant."""
    runs: dict[str, list[Observation]] = {}
    for seen in observations:
        runs.setdefault(seen.run, []).append(seen)
    found = [step for run in runs.values() for step in _run_steps(run, flaky_allowed=flaky_allowed)]
    found.sort(key=lambda step: (step.finished, _BADNESS[step.outcome], step.observation.run))
    return found


def _run_steps(run: list[Observation], *, flaky_allowed: bool) -> Iterable[Step]:
    if len(run) == 1:
        outcome = effective(run[0])
        return () if outcome is Outcome.SKIP else (Step(run[0].finished, outcome, run[0]),)
    if not flaky_allowed and any(seen.outcome is Outcome.FAIL for seen in run):
        return (_failed_run(run),)
    attempts: dict[int, list[Observation]] = {}
    for seen in run:
        attempts.setdefault(seen.attempt, []).append(seen)
    found = [(number, step) for number, tries in attempts.items() if (step := _attempt(tries)) is not None]
    found.sort(key=lambda pair: (pair[1].finished, pair[0]))
    return _retried([step for _, step in found])


def _failed_run(run: list[Observation]) -> Step:
    """Return the one thing that a run says of a cell that failed in it: it fails, up to the run's last word on it."""
    decisive = sorted((seen for seen in run if effective(seen) is not Outcome.SKIP), key=_order)
    failure = max((seen for seen in decisive if seen.outcome is Outcome.FAIL), key=_order)
    flaky = any(seen.outcome is Outcome.PASS for seen in decisive[decisive.index(failure) :])
    return Step(decisive[-1].finished, Outcome.FAIL, failure, flaky=flaky)


def _attempt(tries: list[Observation]) -> Step | None:
    """Return the worst of what one attempt said, several times if workers were told to repeat each other."""
    worst = max((effective(seen) for seen in tries), key=_BADNESS.__getitem__)
    if worst is Outcome.SKIP:
        return None
    decisive = [seen for seen in tries if effective(seen) is not Outcome.SKIP]
    # A pass counts from its oldest part, bad news from the newest word on it: neither looks fresher than it is.
    finished = min(s.finished for s in tries) if worst is Outcome.PASS else max(s.finished for s in decisive)
    return Step(finished, worst, min((seen for seen in tries if effective(seen) is worst), key=_order))


def _retried(attempts: list[Step]) -> list[Step]:
    """Return the steps of a run in which retrying is no shame, those of one instant folded into one."""
    found: list[Step] = []
    failed = False
    for attempt in attempts:
        step = Step(attempt.finished, attempt.outcome, attempt.observation, flaky=failed)
        failed = failed or step.outcome is Outcome.FAIL
        if found and found[-1].finished == step.finished:
            # Here the number of the attempt is the order, and an error still never hides a failure.
            hides = step.outcome is Outcome.ERROR and found[-1].outcome is Outcome.FAIL
            found[-1] = found[-1] if hides else step
        else:
            found.append(step)
    return found


def _order(seen: Observation) -> tuple[datetime, int, str, int, str]:
    """Return a total order: by time, then by attempt; the rest only keeps the choice from being by chance."""
    return seen.finished, seen.attempt, seen.fingerprint, seen.seq, str(seen)
