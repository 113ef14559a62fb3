"""Checklist and inventory multiplied: every cell that must be known, whatever pytest collects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.model import NO_TARGET, Cell, PlannedCell, Target

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.config.inventory import Inventory
    from signoff.model import Check, Checklist, Source


def plan(
    checklist: Checklist, inventory: Inventory, sources: Mapping[tuple[str, str], Source]
) -> tuple[PlannedCell, ...]:
    """Return all required cells in the checklist's order."""
    return tuple(
        PlannedCell(
            cell=Cell(item=item.id, check=check.name, target=target.name),
            target=target,
            source=sources.get((item.id, check.name)),
        )
        for item in checklist.items
        for check in item.checks
        for target in targets_of(check, inventory)
    )


def targets_of(check: Check, inventory: Inventory) -> tuple[Target, ...]:
    """Return the targets that the check's selector picks from the inventory; may be none."""
    selector = check.targets
    if selector.scope == NO_TARGET:
        return (Target(name=NO_TARGET, kind=NO_TARGET),)
    if selector.scope == "hosts":
        hosts = inventory.group(selector.name) if selector.name else tuple(inventory.hosts.values())
        return tuple(inventory.target(host.name) for host in hosts)
    kinds = selector.name.split(",")
    return tuple(inventory.target(name) for kind in kinds for name in inventory.services_of(kind))
