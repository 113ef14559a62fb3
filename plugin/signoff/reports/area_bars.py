"""One bar an area: how its items stand, as segments of an inline SVG that carry symbol and number."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from signoff.model import State

if TYPE_CHECKING:
    from signoff.model import ItemResult, Signoff

_NARROWEST = 10.0
"""Percent of the bar that a symbol and a two-digit number need on a phone."""
_GAP = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Segment:
    """Items of one state; positions are percent of the bar."""

    state: State
    count: int
    left: float
    width: float

    @property
    def middle(self) -> float:
        """Return where the label is centred."""
        return round(self.left + self.width / 2, 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class AreaBar:
    """How one area stands."""

    area: str
    total: int
    satisfied: int
    segments: tuple[Segment, ...]


def area_bars(signoff: Signoff) -> tuple[AreaBar, ...]:
    """Return a bar for each area that has judged items, in the checklist's order."""
    areas = groupby(signoff.judged, key=lambda result: result.item.area)
    return tuple(_bar(area, list(results)) for area, results in areas)


def _bar(area: str, results: list[ItemResult]) -> AreaBar:
    counts = [(state, sum(result.state is state for result in results)) for state in State]
    return AreaBar(
        area=area,
        total=len(results),
        satisfied=sum(result.state.satisfied for result in results),
        segments=_segments([(state, count) for state, count in counts if count]),
    )


def _segments(counts: list[tuple[State, int]]) -> tuple[Segment, ...]:
    """Share the bar out by count, but give every segment room for its label."""
    total = sum(count for _, count in counts)
    spare = 100 - _NARROWEST * len(counts)
    segments = []
    left = 0.0
    for state, count in counts:
        width = _NARROWEST + spare * count / total
        segments.append(Segment(state=state, count=count, left=round(left, 2), width=round(width - _GAP, 2)))
        left += width
    return tuple(segments)
