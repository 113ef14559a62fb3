"""What each run said of each item, and which items keep changing their mind: their evidence is not to be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from signoff.decision import history
from signoff.model import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import timedelta

    from signoff.model import Cell, Checklist, Item, Observation, Policy, Run

WINDOW = 10
"""How many of a cell's last decisive runs are looked at."""
TURNS = 3
"""How often it must have turned in them, from good to bad or back, to be called flapping."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFacts:
    """What a run was, in figures."""

    run: Run
    planned: int
    observed: int
    """Planned cells that the run said something about."""

    @property
    def interrupted(self) -> bool:
        """Whether it did not come to its end."""
        return self.run.interrupted or self.run.ended is None

    @property
    def took(self) -> timedelta | None:
        """How long it took; None if it has no end."""
        return self.run.ended - self.run.started if self.run.ended is not None else None


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemLine:
    """One item over the runs."""

    item: str
    outcomes: tuple[Outcome | None, ...]
    """The worst that each run said, oldest run first; None: the run did not look."""
    flapping: tuple[Cell, ...] = ()
    """Cells that turned too often."""
    flaky: tuple[Cell, ...] = ()
    """Cells that failed and passed within one run."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunHistory:
    """The whole history, as far as it is shown."""

    runs: tuple[RunFacts, ...]
    """Oldest first; monitoring runs too."""
    items: tuple[ItemLine, ...]
    """In the checklist's order."""
    window: int
    turns: int


def run_history(  # noqa: PLR0913 - what was seen, and how much of it is looked at
    checklist: Checklist,
    policy: Policy,
    observations: Iterable[Observation],
    runs: Sequence[Run],
    *,
    last: int = 14,
    window: int = WINDOW,
    turns: int = TURNS,
) -> RunHistory:
    """Return what the runs of the policy's release said.

    Args:
        checklist: its items are listed, seen or not.
        policy: environment and release.
        observations: everything ever seen.
        runs: the runs behind them.
        last: how many of the newest runs are listed; flapping is judged over all.
        window: of how many of a cell's last decisive runs turns are counted.
        turns: how many of them make it flapping.
    """
    mine = sorted(
        (run for run in runs if (run.environment, run.release) == (policy.environment, policy.release)),
        key=lambda run: (run.started, run.id),
    )
    seen = history.group(observations, environment=policy.environment, release=policy.release)
    by_item: dict[str, dict[Cell, Sequence[Observation]]] = {}
    for cell, each in seen.items():
        by_item.setdefault(cell.item, {})[cell] = each
    listed = mine[-last:]
    lines = _Lines({run.id: number for number, run in enumerate(mine)}, window, turns)
    items = tuple(lines.of(item, by_item.get(item.id, {}), listed) for item in checklist.items)
    return RunHistory(runs=_facts(listed, seen), items=items, window=window, turns=turns)


def _facts(listed: Sequence[Run], seen: Mapping[Cell, Sequence[Observation]]) -> tuple[RunFacts, ...]:
    spoken = {(each.run, cell) for cell, mine in seen.items() for each in mine}
    return tuple(
        RunFacts(run=run, planned=len(run.planned), observed=sum((run.id, cell) in spoken for cell in run.planned))
        for run in listed
    )


@dataclass(slots=True)
class _Lines:
    """What is needed to judge the line of one item."""

    place: Mapping[str, int]
    """Id of each run to its place in time."""
    window: int
    turns: int

    def of(self, item: Item, cells: Mapping[Cell, Sequence[Observation]], listed: Sequence[Run]) -> ItemLine:
        worst: dict[str, Outcome] = {}
        flapping, flaky = [], []
        for cell in sorted(cells):
            # A run that only skipped the cell has said that much.
            said = {each.run: Outcome.SKIP for each in cells[cell]}
            for step in history.steps(cells[cell], flaky_allowed=item.flaky_allowed):
                said[step.observation.run] = step.outcome
                if step.flaky and cell not in flaky:
                    flaky.append(cell)
            for run, outcome in said.items():
                worst[run] = max(worst.get(run, outcome), outcome, key=lambda one: one.badness)
            if self._turns(said) >= self.turns:
                flapping.append(cell)
        return ItemLine(
            item=item.id,
            outcomes=tuple(worst.get(run.id) for run in listed),
            flapping=tuple(flapping),
            flaky=tuple(flaky),
        )

    def _turns(self, said: Mapping[str, Outcome]) -> int:
        decisive = [run for run, outcome in said.items() if outcome is not Outcome.SKIP and run in self.place]
        line = [said[run] is Outcome.PASS for run in sorted(decisive, key=self.place.__getitem__)][-self.window :]
        return sum(before is not after for before, after in pairwise(line))
