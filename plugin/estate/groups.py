"""Which faults can be broken together, so that one run tells about all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estate.faults.model import Fault


def together(faults: Iterable[Fault], *, most: int = 30) -> list[tuple[Fault, ...]]:
    """Return the faults in as few groups as a greedy choice finds; no two of a group concern the same item."""
    groups: list[list[Fault]] = []
    for fault in sorted(faults, key=lambda one: (one.alone, -len(concerned([one])))):
        fitting = (group for group in groups if len(group) < most and _fits(fault, group))
        group = next(fitting, None)
        if group is None:
            groups.append(group := [])
        group.append(fault)
    # What keeps hosts from answering comes last: other faults still need them to answer.
    return [tuple(sorted(group, key=lambda fault: len(fault.blinds))) for group in groups]


def concerned(faults: Iterable[Fault]) -> frozenset[str]:
    """Return the items that the faults turn red or make unknowable."""
    return frozenset(item for fault in faults for item in (*fault.items, *fault.blinds))


def _fits(fault: Fault, group: list[Fault]) -> bool:
    if fault.alone or any(other.alone for other in group):
        return False
    # What logs and pools show goes through the servers that other faults break: those are measured apart.
    return _is_elsewhere(fault) == _is_elsewhere(group[0]) and concerned([fault]).isdisjoint(concerned(group))


def _is_elsewhere(fault: Fault) -> bool:
    """Whether the fault is about other areas than infrastructure and security."""
    return any(not item.startswith(("INF-", "SEC-")) for item in concerned([fault]))
