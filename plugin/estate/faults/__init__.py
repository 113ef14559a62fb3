"""Faults of the estate: break it on purpose, see the checklist notice, mend it.

What is broken is remembered in the estate's state, so that it can be mended later and by another process.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

from estate.faults import (
    access,
    alerting,
    backups,
    cloud,
    edge_cache,
    limits,
    logs,
    network,
    patches,
    pooler,
    recovery,
    rollback,
    scanners,
    secrets,
    servers,
    services,
    tls,
)
from estate.layout import EstateError, change, load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import ModuleType

    from estate.estate import Estate
    from estate.faults.model import Fault
    from estate.layout import State

__all__ = ["CATALOGUE", "find", "heal", "heal_all", "inject", "inject_all"]

_LANES: tuple[tuple[ModuleType, ...], ...] = (
    (access, edge_cache, limits, secrets, services, tls),
    (patches, servers),
    (network,),
    (logs,),
    (pooler,),
    (alerting,),
    (backups, recovery),
    (rollback,),
    (cloud, scanners),
)
"""Areas of one lane change the same programs and files, so their faults are broken and mended one after the other."""

_AREAS = tuple(area for lane in _LANES for area in lane)

CATALOGUE: Mapping[str, Fault] = {fault.name: fault for area in _AREAS for fault in area.FAULTS}
"""Every fault by its name."""


def find(name: str) -> Fault:
    """Return the fault of that name.

    Raises:
        EstateError: there is none.
    """
    try:
        return CATALOGUE[name]
    except KeyError:
        raise EstateError(f"there is no fault {name!r}; `python -m estate faults` lists them") from None


def inject(estate: Estate, name: str) -> None:
    """Break something; nothing happens if it is broken already.

    Raises:
        EstateError: there is no such fault, or it cannot be made.
    """
    fault = find(name)
    if name not in load(estate.layout).faults:
        _begin(estate, name)
        memory = fault.break_(estate)
        change(
            estate.layout,
            lambda state: replace(state, faults={**state.faults, name: memory}, unfinished=_without(state, name)),
        )


def heal(estate: Estate, name: str) -> None:
    """Mend what `inject` broke; nothing happens if it is not broken.

    Raises:
        EstateError: there is no such fault, or it cannot be mended.
    """
    fault = find(name)
    broken = load(estate.layout).faults
    if name in broken:
        _begin(estate, name)
        fault.mend(estate, broken[name])
        change(
            estate.layout,
            lambda state: replace(
                state,
                faults={other: memory for other, memory in state.faults.items() if other != name},
                unfinished=_without(state, name),
            ),
        )


def inject_all(estate: Estate, names: Iterable[str]) -> None:
    """Break several things; areas that do not share programs and files side by side.

    Raises:
        EstateError: there is no such fault, or one cannot be made; others may be broken by then.
    """
    _side_by_side(estate, tuple(names), inject)


def heal_all(estate: Estate) -> tuple[str, ...]:
    """Mend everything, in each area the newest fault first, and return the names.

    Raises:
        EstateError: one cannot be mended, or was left half-made earlier; everything else is mended.
    """
    names = tuple(reversed(list(load(estate.layout).faults)))
    _side_by_side(estate, names, heal)
    if unfinished := load(estate.layout).unfinished:
        raise EstateError(
            f"{', '.join(unfinished)}: interrupted while it was made or mended, so nobody knows what is left of it;"
            " take the estate down and up"
        )
    return names


def _side_by_side(estate: Estate, names: tuple[str, ...], job: Callable[[Estate, str], None]) -> None:
    lanes = [{fault.name for area in lane for fault in area.FAULTS} for lane in _LANES]
    unknown = [name for name in names if name not in CATALOGUE]
    shares = [unknown, *([name for name in names if name in lane] for lane in lanes)]
    with ThreadPoolExecutor(max_workers=len(shares)) as pool:
        working = [pool.submit(_one_after_the_other, estate, share, job) for share in shares if share]
    errors = [error for one in working for error in one.result()]
    if errors:
        raise EstateError("; ".join(str(error) for error in errors))


def _begin(estate: Estate, name: str) -> None:
    change(estate.layout, lambda state: replace(state, unfinished=(*_without(state, name), name)))


def _without(state: State, name: str) -> tuple[str, ...]:
    return tuple(other for other in state.unfinished if other != name)


def _one_after_the_other(estate: Estate, names: Iterable[str], job: Callable[[Estate, str], None]) -> list[EstateError]:
    errors = []
    for name in names:
        try:
            job(estate, name)
        except EstateError as error:
            errors.append(EstateError(f"{name}: {error}"))
    return errors
