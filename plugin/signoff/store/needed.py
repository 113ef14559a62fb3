"""Reads of a long history only what a decision can still rest on.

Left out is a pass that nobody needs any more: its cell never had anything but plain passes, and a later run, begun when
this one was over, passed the cell again. Every byte of every journal is proven all the same, and whatever a decision
says is the same with the whole history.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import TYPE_CHECKING

from signoff.canonical import canonical
from signoff.errors import IntegrityError
from signoff.store.glance import read_at
from signoff.store.journal import SUFFIX, Journals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

    from signoff.model import Observation, Run
    from signoff.store.glance import Glance
    from signoff.store.remembered import Looked

COUNTED_RUNS = 14
"""Of how many runs of a release the passes that nobody needs are still counted, for a chart of the last nights."""


def read_needed(
    folder: Path,
    until: datetime,
    look: Callable[[Sequence[Path]], Mapping[Path, Looked]],
    earlier: Callable[[Sequence[Run]], Iterable[datetime]] | None = None,
) -> Journals:
    """Return what decisions at some instants can rest on, the broken journals named; an absent folder holds nothing.

    Args:
        folder: holds the journals.
        until: how far in the future a record may lie before its clock is not believed; such a journal is kept whole.
        look: looks at journals, or remembers having looked at the same bytes.
        earlier: given all runs, the instants of which it will also be asked what was known then. None: nobody asks of
            the past at all, and what is left out is not counted.
    """
    broken: list[str] = []
    found, others = _sort(look(sorted(folder.glob(f"*{SUFFIX}"))), broken)
    runs = tuple(each.run for each in found.values() if each.run is not None)
    needed = _needed(found, others, until)
    for instant in earlier(runs) if earlier is not None else ():
        then = {path: each for path, each in found.items() if each.earliest <= instant}
        for path, places in _needed(then, others, instant).items():
            needed[path] |= places
    read = [_read(path, sorted(places), broken) for path, places in needed.items()]
    return Journals(
        runs=runs,
        observations=tuple(seen for each in (*others.values(), *read) for seen in each or ()),
        checkpoints=tuple(each.checkpoint for each in found.values() if each.checkpoint is not None),
        torn=tuple(each.torn for each in found.values() if each.torn),
        broken=tuple(broken),
        left_out=_left_out(found, needed) if earlier is not None else {},
    )


def _left_out(found: Mapping[Path, Glance], needed: Mapping[Path, set[int]]) -> Mapping[str, Mapping[str, int]]:
    """Return how many passes of each item are not read, of the last runs of each release."""
    counted: Counter[tuple[str, str]] = Counter()
    counts: dict[str, Mapping[str, int]] = {}
    for path, each in sorted(found.items(), key=lambda pair: pair[1].earliest, reverse=True):
        run, places = each.run, needed.get(path)
        if run is None or places is None or counted[run.environment, run.release] == COUNTED_RUNS:
            continue
        counted[run.environment, run.release] += 1
        cells = each.passes.split(b"\n") if each.passes else []  # in the order of their places
        items = [cell[1 : cell.find(b'",')] for cell in cells]
        left = Counter(items)
        left.subtract(items[bisect_left(each.places, place)] for place in places)
        counts[run.id] = {item.decode(): count for item, count in left.items() if count}
    return counts


def _sort(looked: Mapping[Path, Looked], broken: list[str]) -> tuple[dict[Path, Glance], dict[Path, list[Observation]]]:
    """Return what can be trusted, and of each journal everything that is no plain pass; note what is broken."""
    found: dict[Path, Glance] = {}
    others: dict[Path, list[Observation]] = {}
    for path, seen in looked.items():
        if isinstance(seen, IntegrityError):
            broken.append(str(seen))
        elif isinstance(seen, OSError):
            broken.append(f"{path}: cannot be read: {seen.strerror}")
        elif (exceptions := _read(path, seen.others, broken)) is not None:
            found[path], others[path] = seen, exceptions
    return found, others


class _Confirmed:
    """Which cells passed again, and when the newest run began that says so."""

    def __init__(self) -> None:
        self._by_any: dict[bytes, datetime] = {}
        self._by_full: dict[bytes, datetime] = {}

    def after(self, run: Run) -> Mapping[bytes, datetime]:
        """Return when the newest run began that makes a cell's pass in `run` idle.

        A full run's pass also proves that everything was looked at again: only another full run takes its place.
        """
        return self._by_full if run.is_full else self._by_any

    def add(self, run: Run, cells: Sequence[bytes], began: datetime) -> None:
        """Note the passes of a run. Runs come newest first, so the first word on a cell is the newest."""
        for known in (self._by_any, self._by_full) if run.is_full else (self._by_any,):
            if not known:
                known.update(dict.fromkeys(cells, began))
            for cell in cells:
                if cell not in known:
                    known[cell] = began


def _needed(
    found: Mapping[Path, Glance], others: Mapping[Path, Sequence[Observation]], until: datetime
) -> dict[Path, set[int]]:
    """Return the places of the passes that must be read, by journal, to judge by what was known until an instant.

    A journal that reaches beyond the instant is kept whole, and confirms nothing.
    """
    troubled = {_written(seen) for each in others.values() for seen in each}
    confirmed: dict[tuple[str, str, str], _Confirmed] = {}
    needed: dict[Path, set[int]] = {}
    for path, each in sorted(found.items(), key=lambda pair: pair[1].earliest, reverse=True):
        if each.run is None:
            continue
        cells = each.passes.split(b"\n") if each.passes else []
        known = confirmed.setdefault((each.run.environment, each.run.release, each.run.stream), _Confirmed())
        later, latest = known.after(each.run), each.latest
        believed = latest <= until
        needed[path] = {
            place
            for cell, place in zip(cells, each.places, strict=True)
            if not believed or cell in troubled or (began := later.get(cell)) is None or began <= latest
        }
        if believed:
            known.add(each.run, cells, each.earliest)
    return needed


def _written(seen: Observation) -> bytes:
    """Return the observation's cell as a journal writes it."""
    return canonical([seen.cell.item, seen.cell.check, seen.cell.target])[1:-1]


def _read(path: Path, places: Sequence[int], broken: list[str]) -> list[Observation] | None:
    """Return the observations at the places; None if they cannot be read, which is noted."""
    try:
        return list(read_at(path, places))
    except IntegrityError as error:
        broken.append(str(error))
    except OSError as error:
        broken.append(f"{path}: cannot be read: {error.strerror}")
    return None
