"""The groups of an inventory: which hosts are in them, and in which order their variables apply, as in Ansible."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from signoff.config.layers import Layer

ALL = "all"
UNGROUPED = "ungrouped"
"""Ansible's group of the hosts that are in no other group."""


@dataclass(slots=True)
class Group:
    """One group as the inventory writes it: what is directly below it, in order."""

    name: str
    hosts: dict[str, None] = field(default_factory=dict)
    children: dict[str, None] = field(default_factory=dict)
    parents: dict[str, None] = field(default_factory=dict)
    priority: int = 1
    """`ansible_group_priority`: among groups of one depth the greater one wins."""
    layers: list[Layer] = field(default_factory=list)
    """Its variables, at every place where the inventory itself gives it some."""


class Groups:
    """All groups in the order in which they were named; `all` and `ungrouped` are always there.

    First everything is added, then `settle` is called, and only then the questions are asked.
    """

    def __init__(self) -> None:
        self._groups: dict[str, Group] = {}
        self.add(ALL)
        self.add(UNGROUPED, inside=ALL)

    def __contains__(self, name: str) -> bool:
        """Return whether there is a group of that name."""
        return name in self._groups

    def __iter__(self) -> Iterator[Group]:
        """Yield every group."""
        return iter(self._groups.values())

    def __getitem__(self, name: str) -> Group:
        """Return the group; KeyError if there is none."""
        return self._groups[name]

    def add(self, name: str, *, inside: str = "") -> Group:
        """Return the group of that name, made if need be; `inside` names the group that contains it."""
        group = self._groups.setdefault(name, Group(name))
        if inside:
            self._groups[inside].children[name] = None
            group.parents[inside] = None
        return group

    def circular(self) -> tuple[str, ...]:
        """Return the groups that contain themselves, by whatever way."""
        return tuple(name for name, group in self._groups.items() if name in self._reach(group.parents, "parents"))

    def settle(self, hosts: Iterable[str]) -> None:
        """Put groups that stand alone below `all`, and hosts that are in no group into `ungrouped`."""
        for name, group in self._groups.items():
            if name != ALL and not group.parents:
                self.add(name, inside=ALL)
        grouped = {host for group in self for host in group.hosts if group.name not in {ALL, UNGROUPED}}
        ungrouped = self._groups[UNGROUPED]
        ungrouped.hosts = {host: None for host in (*ungrouped.hosts, *hosts) if host not in grouped}

    @cached_property
    def direct(self) -> Mapping[str, tuple[str, ...]]:
        """Host to the groups that name it themselves."""
        found: dict[str, list[str]] = {}
        for group in self:
            for host in group.hosts:
                found.setdefault(host, []).append(group.name)
        return {host: tuple(names) for host, names in found.items()}

    def order(self, direct: Iterable[str]) -> tuple[str, ...]:
        """Return all groups of a host that stands directly in `direct`, outermost first: later ones win.

        By depth, then `ansible_group_priority`, then name; `all` is always the first.
        """
        names = self._reach([ALL, *direct], "parents")
        return tuple(sorted(names, key=lambda name: (self._depths[name], self._groups[name].priority, name)))

    def members(self) -> dict[str, tuple[str, ...]]:
        """Return the hosts of every group with those of the groups below: its own first, then level by level."""
        return {
            name: tuple(dict.fromkeys(host for below in self._reach([name], "children") for host in self[below].hosts))
            for name in self._groups
        }

    def _reach(self, start: Iterable[str], way: str) -> dict[str, None]:
        """Return the groups themselves and all that they lead to, nearest first."""
        found = dict.fromkeys(start)
        queue = list(found)
        for name in queue:
            for further in getattr(self._groups[name], way):
                if further not in found:
                    found[further] = None
                    queue.append(further)
        return found

    @cached_property
    def _depths(self) -> Mapping[str, int]:
        """Return the length of each group's longest way from a group without parents."""
        depth: dict[str, int] = {}
        waiting = {name: len(group.parents) for name, group in self._groups.items()}
        queue = [name for name, parents in waiting.items() if not parents]
        for name in queue:
            group = self._groups[name]
            depth[name] = max((depth[parent] + 1 for parent in group.parents), default=0)
            for child in group.children:
                waiting[child] -= 1
                if not waiting[child]:
                    queue.append(child)
        return {name: depth.get(name, 0) for name in self._groups}  # circles are noted elsewhere; they have no depth
