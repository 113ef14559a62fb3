"""What each of the last runs said of each item it asked about: a chart of it, and nothing that counts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from signoff.decision import history
from signoff.model import Outcome, RunTold

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from signoff.model import Cell, Observation, Run

LAST = 14
"""How many runs are told of: two weeks of nights."""


def told(
    runs: Sequence[Run],
    observations: Iterable[Observation],
    left_out: Mapping[str, Mapping[str, int]],
    flaky_allowed: Collection[str] = (),
) -> tuple[RunTold, ...]:
    """Return what the last runs said, oldest first.

    Args:
        runs: those of one release, oldest first.
        observations: of these runs, and of others.
        left_out: of a run, how many passes of an item are not among the observations.
        flaky_allowed: ids of items that may fail and pass within one run.
    """
    seen: dict[str, dict[Cell, list[Observation]]] = {run.id: {} for run in runs[-LAST:]}
    for each in observations:
        if each.run in seen:
            seen[each.run].setdefault(each.cell, []).append(each)
    plans: dict[int, Counter[str]] = {}
    return tuple(
        RunTold(run=run.id, items=_said(run, seen[run.id], left_out.get(run.id, {}), flaky_allowed, plans))
        for run in runs[-LAST:]
    )


def _said(
    run: Run,
    seen: Mapping[Cell, Sequence[Observation]],
    left_out: Mapping[str, int],
    flaky_allowed: Collection[str],
    plans: dict[int, Counter[str]],
) -> Mapping[str, Outcome]:
    if id(run.planned) not in plans:  # nightly runs share one plan
        plans[id(run.planned)] = Counter(cell.item for cell in run.planned)
    planned = plans[id(run.planned)]
    answered = Counter(left_out)
    said = dict.fromkeys(left_out, Outcome.PASS)
    for cell, each in seen.items():
        answered[cell.item] += 1
        outcome = _outcome(each, flaky_allowed=cell.item in flaky_allowed)
        said[cell.item] = _worse(said.get(cell.item, outcome), outcome)
    for item, count in planned.items():
        if answered[item] < count:
            said[item] = _worse(said.get(item, Outcome.SKIP), Outcome.SKIP)
    return said


def _outcome(seen: Sequence[Observation], *, flaky_allowed: bool) -> Outcome:
    """Return what one run said of one cell."""
    if len(seen) == 1:
        return history.effective(seen[0])
    steps = history.steps(seen, flaky_allowed=flaky_allowed)
    return steps[-1].outcome if steps else Outcome.SKIP


def _worse(one: Outcome, other: Outcome) -> Outcome:
    return one if one.badness >= other.badness else other
