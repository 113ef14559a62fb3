"""The cells of one item as table rows: every failure on its own row, a thousand passes on one."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from signoff.model import NO_TARGET, State
from signoff.reports.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from signoff.model import CellResult

ROW_LIMIT = 20
"""Rows of their own for failing cells of one item: more would be read by nobody, and JSON has them all."""
PASSED_LIMIT = 3
"""Passing cells of one check that still get their own rows."""
NAMES_LIMIT = 1_000
"""Characters of target names on one collapsed row."""
_NAME_LIMIT = 80


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """One or many cells of one check in one state."""

    check: str
    state: State
    cell: CellResult
    """The cell, or the first of many as an example."""
    targets: str
    count: int
    unnamed: int
    """How many of `count` targets the names leave out."""


def rows(cells: Sequence[CellResult]) -> tuple[Row, ...]:
    """Return the rows, worst state first and by check and target within it."""
    ordered = sorted(cells, key=lambda result: (result.state.rank, result.cell.check, result.cell.target))
    bad = [cell for cell in ordered if cell.state.rank < State.PASS.rank]
    good = ordered[len(bad) :]
    return (*_single(bad[:ROW_LIMIT]), *_collapsed(bad[ROW_LIMIT:], 0), *_collapsed(good, PASSED_LIMIT))


def _single(cells: Iterable[CellResult]) -> list[Row]:
    return [_row([cell]) for cell in cells]


def _collapsed(cells: Iterable[CellResult], own_rows: int) -> list[Row]:
    found: list[Row] = []
    for _, group in groupby(cells, key=lambda result: (result.state, result.cell.check)):
        members = list(group)
        found += _single(members) if len(members) <= own_rows else [_row(members)]
    return found


def _row(cells: Sequence[CellResult]) -> Row:
    first = cells[0]
    names: list[str] = []
    length = 0
    for cell in cells:
        name = "" if cell.cell.target == NO_TARGET else one_line(cell.cell.target, _NAME_LIMIT)
        if names and length + len(name) > NAMES_LIMIT:
            break
        names.append(name)
        length += len(name) + 2
    return Row(
        check=first.cell.check,
        state=first.state,
        cell=first,
        targets=", ".join(names),
        count=len(cells),
        unnamed=len(cells) - len(names),
    )
