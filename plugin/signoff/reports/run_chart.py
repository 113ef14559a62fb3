"""What the last runs said, as columns of an inline SVG: worst at the bottom, so that heights can be compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.model import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from signoff.model import Run, RunTold, Signoff

STATES: Mapping[Outcome, State] = {
    Outcome.FAIL: State.FAIL,
    Outcome.ERROR: State.ERROR,
    Outcome.SKIP: State.NOT_VERIFIED,
    Outcome.PASS: State.PASS,
}
"""The state whose word, symbol and colours an outcome wears; worst first."""
HEIGHT = 168
"""Pixels of the column of a run that asked about everything."""
LINE_HEIGHT = 36
"""Pixels of the small line in the verdict box."""
_LOWEST = 16.0
"""Pixels that a segment needs for its label."""
_FEWEST = 8
"""Columns that there is room for, however few there are: one run alone is no wall."""
_SHARE = 0.82
"""Of its place, how much a column fills."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """Items of one outcome; `top` and `height` in pixels from the upper edge."""

    state: State
    count: int
    top: float
    height: float

    @property
    def middle(self) -> float:
        """Return the base line of the label."""
        return round(self.top + self.height / 2 + 4, 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """One run; `left` and `width` in percent of the chart."""

    run: Run
    counts: Mapping[State, int]
    """Items by the worst that the run said of them, of every state that a run can say."""
    parts: tuple[Part, ...]
    left: float
    width: float

    @property
    def total(self) -> int:
        """Return how many items the run asked about."""
        return sum(self.counts.values())

    @property
    def open(self) -> int:
        """Return how many of them did not pass."""
        return self.total - self.counts[State.PASS]

    @property
    def middle(self) -> float:
        """Return where labels are centred."""
        return round(self.left + self.width / 2, 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class LinePart:
    """One whole run in the small line of the verdict box; `left` and `width` in percent, `height` in pixels."""

    open: int
    left: float
    width: float
    height: float


def run_chart(signoff: Signoff) -> tuple[Column, ...]:
    """Return a column for each of the last runs, oldest first, of the items that this judgement is about."""
    judged = {result.item.id for result in signoff.judged}
    runs = {run.id: run for run in signoff.runs}
    shown = [(runs[told.run], _counts(told, judged)) for told in signoff.told if told.run in runs]
    shown = [(run, counts) for run, counts in shown if any(counts.values())]
    most = max((sum(counts.values()) for _, counts in shown), default=1)
    return tuple(
        Column(run=run, counts=counts, parts=_parts(counts, most), left=left, width=width)
        for (run, counts), (left, width) in zip(shown, _places(len(shown)), strict=True)
    )


def run_line(chart: Sequence[Column]) -> tuple[LinePart, ...]:
    """Return what did not pass in each whole run; others asked too little to be compared. One alone is no line."""
    whole = [column.open for column in chart if column.run.is_full]
    worst = max([*whole, 1])
    return tuple(
        LinePart(open=count, left=left, width=width, height=round((LINE_HEIGHT - 2) * count / worst + 2, 1))
        for count, (left, width) in zip(whole, _places(len(whole)), strict=True)
        if len(whole) > 1
    )


def _places(count: int) -> Iterator[tuple[float, float]]:
    """Yield left edge and width of each of so many columns, in percent."""
    place = 100 / max(count, _FEWEST)
    for number in range(count):
        yield round(place * (number + (1 - _SHARE) / 2), 2), round(place * _SHARE, 2)


def said_of(item: str, told: Sequence[RunTold]) -> tuple[State | None, ...]:
    """Return what each run said of the item; None: it did not ask."""
    return tuple(STATES[each.items[item]] if item in each.items else None for each in told)


def _counts(told: RunTold, judged: set[str]) -> Mapping[State, int]:
    found = Counter(STATES[outcome] for item, outcome in told.items.items() if item in judged)
    return {state: found[state] for state in STATES.values()}


def _parts(counts: Mapping[State, int], most: int) -> tuple[Part, ...]:
    """Stack the column up, worst first, and give every part room for its label."""
    there = [(state, count) for state, count in counts.items() if count]
    total = sum(counts.values())
    spare = max(HEIGHT * total / most - _LOWEST * len(there), 0)
    found, bottom = [], float(HEIGHT)
    for state, count in there:
        height = _LOWEST + spare * count / total
        bottom -= height
        found.append(Part(state=state, count=count, top=round(bottom, 1), height=round(height - 1, 1)))
    return tuple(found)
