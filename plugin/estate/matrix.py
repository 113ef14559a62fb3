"""Every fault against the checklist: which items turn red, compared with those that should."""

from __future__ import annotations

import dataclasses
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from estate import check, faults, groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from estate.check import Found
    from estate.estate import Estate
    from estate.faults.model import Fault

RED = ("FAIL",)
UNKNOWN = ("ERROR", "NOT_VERIFIED", "STALE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What one fault, or several at once, turned red and made unknowable."""

    faults: tuple[Fault, ...]
    red: frozenset[str]
    unknown: frozenset[str]
    """Items that could be judged before and could not while it lasted."""
    lasting: frozenset[str]
    """Items that were not as before after mending."""
    seconds: float

    @property
    def expected(self) -> frozenset[str]:
        """The items that should be red."""
        return frozenset(item for fault in self.faults for item in fault.items)

    @property
    def blinded(self) -> frozenset[str]:
        """The items that should be unknowable."""
        return frozenset(item for fault in self.faults for item in fault.blinds)

    @property
    def exact(self) -> bool:
        """Whether everything was as the catalogue says, and well again afterwards."""
        return self.red == self.expected and self.unknown == self.blinded and not self.lasting


def apart(row: Row) -> tuple[Row, ...]:
    """Return one row for each fault of an exact row: what it concerns, no other fault of the row does."""
    return tuple(
        dataclasses.replace(
            row, faults=(fault,), red=row.red & frozenset(fault.items), unknown=row.unknown & frozenset(fault.blinds)
        )
        for fault in row.faults
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """How well red items tell faults, over all pairs of fault and item."""

    right: int
    wrong: int
    """Red, and should not be."""
    missed: int
    """Not red, and should be."""

    @property
    def precision(self) -> float:
        """Share of the red items that should be red."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 0.0

    @property
    def recall(self) -> float:
        """Share of the items that should be red that are."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0


def score(rows: Iterable[Row]) -> Score:
    """Count over all rows."""
    everything = tuple(rows)
    return Score(
        right=sum(len(row.red & row.expected) for row in everything),
        wrong=sum(len(row.red - row.expected) for row in everything),
        missed=sum(len(row.expected - row.red) for row in everything),
    )


def healthy(estate: Estate) -> Found:
    """Mend everything and return what a run over all items of the areas, and those that faults concern, finds."""
    faults.heal_all(estate)
    with tempfile.TemporaryDirectory(prefix="estate-matrix-") as folder:
        return check.run(estate, Path(folder), also=groups.concerned(faults.CATALOGUE.values()))


def measure(estate: Estate, broken: Sequence[Fault], before: Found, *, again: bool = True) -> Row:
    """Break the faults together, run everything, mend them, and look at the concerned items again.

    Args:
        estate: The running estate.
        broken: Faults that fit together (`groups.together`).
        before: What a run on the healthy estate found.
        again: Look at the concerned items again after mending; without it, whoever measures several looks once at last.
    """
    started, concerned = time.monotonic(), groups.concerned(broken)
    with tempfile.TemporaryDirectory(prefix="estate-matrix-") as folder:
        try:
            faults.inject_all(estate, [fault.name for fault in broken])
            found = check.run(estate, Path(folder) / "broken", also=concerned)
        finally:
            faults.heal_all(estate)
        red = found.in_state(*RED) - before.in_state(*RED)
        unknown = found.in_state(*UNKNOWN) - before.in_state(*UNKNOWN)
        touched = sorted(red | unknown | concerned) if again else []
        after = (
            check.run(estate, Path(folder) / "mended", marks=check.selection(touched), also=touched)
            if touched
            else before
        )
    lasting = frozenset(item for item in touched if after.states[item] != before.states[item])
    return Row(faults=tuple(broken), red=red, unknown=unknown, lasting=lasting, seconds=time.monotonic() - started)


def measure_all(
    estate: Estate, wanted: Sequence[Sequence[Fault]], report: Callable[[Row], None] = lambda _: None
) -> tuple[Row, ...]:
    """Measure one group after the other; `report` hears of each."""
    before = healthy(estate)
    rows = []
    for group in wanted:
        row = measure(estate, group, before)
        rows.append(row)
        report(row)
    return tuple(rows)
