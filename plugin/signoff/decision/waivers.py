"""Decides whether a waiver counts, and which cells it covers. The evidence stays as it is; only the state changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.decision import roster
from signoff.model import CellResult, State, Waiver

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from signoff.model import Item, Person

LONGEST = timedelta(days=90)
COVERABLE = frozenset({State.FAIL, State.ERROR, State.NOT_VERIFIED})
EVERY_TARGET = "*"
_SEPARATOR = ", "


def why_invalid(waiver: Waiver, item: Item, people: Sequence[Person], now: datetime) -> str:
    """Return the first rule that the waiver breaks, in words; empty if it is valid at `now`."""
    return _why_people(waiver, item, people) or _why_time(waiver, now) or _why_scope(waiver)


def _why_people(waiver: Waiver, item: Item, people: Sequence[Person]) -> str:
    if waiver.approver == waiver.requested_by:
        return f"{waiver.approver} approved their own request"
    approver = roster.find(people, waiver.approver)
    if item.owner == waiver.approver or (approver is not None and item.owner in approver.roles):
        return f"{waiver.approver} owns the item"
    return roster.why_not(people, waiver.approver, waiver.role, waiver.created)


def _why_time(waiver: Waiver, now: datetime) -> str:
    if waiver.created > now:
        return f"it begins only at {waiver.created.isoformat()}"
    if now >= waiver.expires:
        return f"it expired at {waiver.expires.isoformat()}"
    if waiver.expires - waiver.created > LONGEST:
        return f"it lasts longer than {LONGEST.days} days"
    return ""


def _why_scope(waiver: Waiver) -> str:
    if not waiver.covers or waiver.covers - COVERABLE:
        return "it may cover FAIL, ERROR and NOT_VERIFIED only"
    if not waiver.targets or (EVERY_TARGET in waiver.targets and len(waiver.targets) > 1):
        return "its targets are neither names nor * alone"
    return ""


def waive(result: CellResult, failures: frozenset[str], valid: Sequence[Waiver]) -> CellResult:
    """Return the cell as WAIVED if valid waivers of its item accept everything that is wrong with it.

    Args:
        result: the cell as the evidence has it.
        failures: fingerprints of all failures of the deciding run on the cell; each must be accepted.
        valid: waivers of the cell's item that `why_invalid` had nothing against.
    """
    covering = [waiver for waiver in valid if _covers(waiver, result)]
    if not covering:
        return result
    if result.state is State.NOT_VERIFIED:
        return replace(result, state=State.WAIVED, waiver=min(waiver.id for waiver in covering))
    by_fingerprint = {
        fingerprint: min(ids)
        for fingerprint in failures
        if fingerprint and (ids := [waiver.id for waiver in covering if fingerprint in waiver.fingerprints])
    }
    if not failures or set(by_fingerprint) != failures:
        return result
    return replace(result, state=State.WAIVED, waiver=_SEPARATOR.join(sorted(set(by_fingerprint.values()))))


def ids(result: CellResult) -> tuple[str, ...]:
    """Return the waivers that the cell rests on: several if it fails in several ways."""
    return tuple(result.waiver.split(_SEPARATOR)) if result.waiver else ()


def names(waiver: Waiver, target: str) -> bool:
    """Return whether the waiver is about the target."""
    return waiver.targets == (EVERY_TARGET,) or target in waiver.targets


def _covers(waiver: Waiver, result: CellResult) -> bool:
    return names(waiver, result.cell.target) and waiver.item == result.cell.item and result.state in waiver.covers
