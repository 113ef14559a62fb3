"""Faults of the embedded environment: break it on purpose, see the checklist notice, mend it.

What is broken is remembered in the copy's state, so that it can be mended later and by another process.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.demo.faults import (
    api,
    application,
    backup,
    backup_jobs,
    configuration,
    database,
    database_work,
    delivery,
    documents,
    installation,
    logs,
    network,
    observability,
    on_call,
    operations,
    pages,
    performance,
    recovery,
    secrets,
)
from signoff.demo.layout import DemoError, change, load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.demo.faults.model import Fault
    from signoff.demo.layout import Layout

__all__ = ["CATALOGUE", "SEED", "heal", "heal_all", "inject"]

_AREAS = (
    network,
    application,
    configuration,
    secrets,
    database,
    database_work,
    observability,
    backup,
    backup_jobs,
    recovery,
    operations,
    on_call,
    logs,
    documents,
    delivery,
    installation,
    api,
    pages,
    performance,
)

CATALOGUE: Mapping[str, Fault] = {fault.name: fault for area in _AREAS for fault in area.FAULTS}
"""Every fault by its name."""

SEED = ("cache-degraded", "psutil-mismatch", "hard-coded-key", "error-tracking-degraded", "restore-test-failed")
"""The five issues that the plan's own first check found."""


def inject(layout: Layout, name: str) -> None:
    """Break something; nothing happens if it is broken already.

    Raises:
        DemoError: there is no such fault.
    """
    fault = _find(name)
    if name not in load(layout).faults:
        memory = fault.break_(layout)
        change(layout, faults={**load(layout).faults, name: memory})


def heal(layout: Layout, name: str) -> None:
    """Mend what `inject` broke; nothing happens if it is not broken.

    Raises:
        DemoError: there is no such fault.
    """
    fault = _find(name)
    broken = load(layout).faults
    if name in broken:
        fault.mend(layout, broken[name])
        change(layout, faults={other: memory for other, memory in load(layout).faults.items() if other != name})


def heal_all(layout: Layout) -> tuple[str, ...]:
    """Mend everything, the newest fault first, and return the names."""
    names = tuple(reversed(list(load(layout).faults)))
    for name in names:
        heal(layout, name)
    return names


def _find(name: str) -> Fault:
    try:
        return CATALOGUE[name]
    except KeyError:
        raise DemoError(f"there is no fault {name!r}; `signoff demo faults` lists them") from None
