"""What the page's filter needs of each item, short: who, where, and which target is in which state."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from signoff.model import NO_TARGET, State
from signoff.reports.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from signoff.model import ItemResult, Signoff

_NAME_LIMIT = 120


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemFilter:
    """The choices that the filter offers."""

    owners: tuple[str, ...]
    areas: tuple[str, ...]
    states: tuple[State, ...]
    targets: tuple[str, ...]
    """By name; `places` counts in this order."""
    index: Mapping[str, int]

    def places(self, result: ItemResult) -> str:
        """Return the item's targets as `FAIL:3,7-9;PASS:0-2`: places in `targets`, by the worst state there."""
        worst: dict[int, State] = {}
        for each in result.cells:
            place = self.index.get(each.cell.target)
            if place is not None and (place not in worst or each.state.rank < worst[place].rank):
                worst[place] = each.state
        by_state: dict[State, list[int]] = {}
        for place, state in sorted(worst.items()):
            by_state.setdefault(state, []).append(place)
        return ";".join(f"{state}:{_ranges(places)}" for state, places in by_state.items())


def item_filter(signoff: Signoff) -> ItemFilter:
    """Return the choices that the judged items leave."""
    judged = signoff.judged
    targets = sorted({each.cell.target for result in judged for each in result.cells} - {NO_TARGET})
    present = {result.state for result in judged} | {each.state for result in judged for each in result.cells}
    return ItemFilter(
        owners=_once(result.item.owner for result in judged),
        areas=_once(result.item.area for result in judged),
        states=tuple(state for state in State if state in present),
        targets=tuple(one_line(target, _NAME_LIMIT) for target in targets),
        index={target: place for place, target in enumerate(targets)},
    )


def _once(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def _ranges(places: Sequence[int]) -> str:
    """Return `0-2,7` for 0, 1, 2 and 7."""
    found = []
    for _, group in groupby(enumerate(places), key=lambda pair: pair[1] - pair[0]):
        members = [place for _, place in group]
        found.append(str(members[0]) if len(members) == 1 else f"{members[0]}-{members[-1]}")
    return ",".join(found)
