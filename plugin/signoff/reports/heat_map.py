"""Targets by items, small enough for a thousand hosts: those that look the same are one row, worst first, counted."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from signoff.model import NO_TARGET, State
from signoff.reports.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from signoff.model import ItemResult, Signoff

ROW_LIMIT = 40
"""Groups in which something is wrong that have rows of their own: those with the most of it; the others share one."""
FINE_LIMIT = 8
"""The same of groups in which everything is fine: the largest."""
NAMES_LIMIT = 300
"""Characters of target names of one group."""
_NAME_LIMIT = 80
_ITEMS_LIMIT = 12
_WIDEST, _NARROWEST, _FILLS = 22.0, 10.0, 830.0
"""Pixels of a column, and of all of them if that fits."""
_DIGITS = re.compile(r"([0-9]+)")

Pattern = tuple[State | None, ...]
"""What is known of a target, by column; None: the item does not ask it."""
Group = tuple[Pattern, list[str]]
"""Targets that look the same."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Marks:
    """All squares of one state in one row: their columns, for one path and one text."""

    state: State
    columns: tuple[int, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """Targets that look the same, or (`mixed`) those that have no row of their own, by the worst of them."""

    label: str
    names: str
    count: int
    unnamed: int
    """How many of `count` targets the names leave out."""
    patterns: int
    """How many different ways its targets look; more than one only if mixed."""
    marks: tuple[Marks, ...]
    counts: Mapping[State, int]
    """Items by state."""
    bad: Mapping[State, tuple[tuple[str, ...], int]]
    """For each state that needs somebody: some of the items, and how many more."""

    @property
    def mixed(self) -> bool:
        """Whether its targets differ."""
        return self.patterns > 1


@dataclass(frozen=True, kw_only=True, slots=True)
class HeatMap:
    """The whole map."""

    items: tuple[str, ...]
    """Columns, in the checklist's order."""
    areas: tuple[tuple[str, int, int], ...]
    """Area, first column, number of columns."""
    rows: tuple[Row, ...]
    targets: int
    pitch: float
    """Pixels from one column to the next."""

    def left(self, column: int) -> str:
        """Return where the column begins, in pixels right of the labels."""
        return f"{column * self.pitch:g}"

    def squares(self, columns: Sequence[int]) -> str:
        """Return a path of squares, one for each column."""
        side = f"{self.pitch - 1:g}"
        return "".join(f"M{column * self.pitch:g} 0h{side}v15h-{side}z" for column in columns)

    def centres(self, columns: Sequence[int]) -> str:
        """Return where the symbols of the columns are centred, as SVG wants a list."""
        return " ".join(f"{column * self.pitch + (self.pitch - 1) / 2:g}" for column in columns)


def heat_map(signoff: Signoff) -> HeatMap:
    """Return the map of everything that is asked of a target, in the judged scope."""
    results = [r for r in signoff.judged if any(cell.cell.target != NO_TARGET for cell in r.cells)]
    looks = _looks(results)
    groups: dict[Pattern, list[str]] = {}
    for target, pattern in looks.items():
        groups.setdefault(pattern, []).append(target)
    items = [result.item.id for result in results]
    bad = sorted((group for group in groups.items() if _unsatisfied(group[0])), key=_most_to_mend)
    fine = sorted((group for group in groups.items() if not _unsatisfied(group[0])), key=_largest)
    rows = [*_rows(bad, ROW_LIMIT, items), *_rows(fine, FINE_LIMIT, items)]
    return HeatMap(
        items=tuple(items),
        areas=tuple(_areas(results)),
        rows=tuple(rows),
        targets=len(looks),
        pitch=max(_NARROWEST, min(_WIDEST, _FILLS // max(len(items), 1))),
    )


def _looks(results: Sequence[ItemResult]) -> Mapping[str, Pattern]:
    """Return each target's states, by column; of several checks of an item, the worst."""
    found: dict[str, list[State | None]] = {}
    for column, result in enumerate(results):
        for each in result.cells:
            target = each.cell.target
            if target == NO_TARGET:
                continue
            line = found.get(target)
            if line is None:
                line = found[target] = [None] * len(results)
            known = line[column]
            if known is None or each.state.rank < known.rank:
                line[column] = each.state
    return {target: tuple(line) for target, line in found.items()}


def _rows(groups: Sequence[Group], limit: int, items: Sequence[str]) -> Iterator[Row]:
    """Yield the rows of the first groups, worst first, and one for all others."""
    keep = limit if len(groups) > limit + 1 else len(groups)
    for pattern, targets in sorted(groups[:keep], key=_badness):
        yield _row(targets, pattern, 1, items)
    if rest := groups[keep:]:
        names = [target for _, targets in rest for target in targets]
        yield _row(names, _worst([pattern for pattern, _ in rest]), len(rest), items)


def _unsatisfied(pattern: Pattern) -> int:
    return sum(state is not None and not state.satisfied for state in pattern)


def _most_to_mend(group: Group) -> tuple[int, int, object]:
    return -_unsatisfied(group[0]), -len(group[1]), _badness(group)


def _largest(group: Group) -> tuple[int, object]:
    return -len(group[1]), _badness(group)


def _badness(group: Group) -> tuple[tuple[int, ...], object]:
    """Return a key that sorts by how often each state is there, the worst first, and then by name."""
    counts = Counter(group[0])
    return tuple(-counts[state] for state in State), min(map(_natural, group[1]))


def _worst(patterns: Sequence[Pattern]) -> Pattern:
    columns = zip(*patterns, strict=True)
    return tuple(
        min((state for state in column if state is not None), key=lambda state: state.rank, default=None)
        for column in columns
    )


def _row(targets: Sequence[str], pattern: Pattern, patterns: int, items: Sequence[str]) -> Row:
    ordered = sorted(targets, key=_natural)
    names: list[str] = []
    length = 0
    for target in ordered:
        name = one_line(target, _NAME_LIMIT)
        if names and length + len(name) > NAMES_LIMIT:
            break
        names.append(name)
        length += len(name) + 2
    found = {state: tuple(n for n, each in enumerate(pattern) if each is state) for state in State}
    bad = {state: [items[n] for n in columns] for state, columns in found.items() if columns and not state.satisfied}
    return Row(
        label=one_line(ordered[0], _NAME_LIMIT),
        names=", ".join(names),
        count=len(ordered),
        unnamed=len(ordered) - len(names),
        patterns=patterns,
        marks=tuple(Marks(state=state, columns=columns) for state, columns in found.items() if columns),
        counts={state: len(columns) for state, columns in found.items() if columns},
        bad={state: (tuple(ids[:_ITEMS_LIMIT]), len(ids[_ITEMS_LIMIT:])) for state, ids in bad.items()},
    )


def _areas(results: Sequence[ItemResult]) -> Iterator[tuple[str, int, int]]:
    first = 0
    for area, members in groupby(results, key=lambda result: result.item.area):
        count = len(list(members))
        yield area, first, count
        first += count


def _natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return a key that sorts `web-2` before `web-10`."""
    parts = (part.lstrip("0") if part.isdecimal() else part for part in _DIGITS.split(name))
    return tuple((number % 2 == 0, len(part) if number % 2 else 0, part) for number, part in enumerate(parts))
