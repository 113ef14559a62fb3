"""Decides whether a waiver counts, and which cells it covers. The evidence stays as it is; only the state changes."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.decision import roster
from signoff.decision.notes import Why
from signoff.model import CellResult, Severity, State, Waiver

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from signoff.model import Item, Policy

LONGEST = timedelta(days=90)
"""What no policy can exceed."""
LONGEST_DAYS: Mapping[Severity, int] = {
    Severity.CRITICAL: 14,
    Severity.HIGH: 30,
    Severity.MEDIUM: 60,
    Severity.LOW: 90,
}
"""How long a waiver may last where the policy does not say: the worse the failure, the sooner it is looked at again."""
COVERABLE = frozenset({State.FAIL, State.ERROR, State.NOT_VERIFIED})
EVERY_TARGET = "*"
_SEPARATOR = ", "


def why_invalid(waiver: Waiver, item: Item, policy: Policy, now: datetime) -> str:
    """Return the first rule that the waiver breaks, in words; empty if it is valid at `now`."""
    return (
        _why_item(item, policy)
        or _why_people(waiver, item, policy)
        or _why_time(waiver, item, policy, now)
        or _why_scope(waiver)
    )


def longest(severity: Severity, policy: Policy) -> timedelta:
    """Return how long a waiver of an item of the severity may last."""
    return min(LONGEST, timedelta(days=policy.waiver_days.get(severity, LONGEST_DAYS[severity])))


def begins(waiver: Waiver) -> datetime:
    """Return from when the waiver counts."""
    return waiver.created if waiver.starts is None else waiver.starts


def _why_item(item: Item, policy: Policy) -> str:
    return Why.NOT_WAIVABLE(item=item.id) if item.id in policy.not_waivable else ""


def _why_people(waiver: Waiver, item: Item, policy: Policy) -> str:
    if roster.is_same(waiver.approver, waiver.requested_by):
        return Why.OWN_REQUEST(who=waiver.approver)
    approver = roster.find(policy.roster, waiver.approver)
    if item.owner == waiver.approver or (approver is not None and item.owner in approver.roles):
        return Why.OWNS_ITEM(who=waiver.approver)
    return roster.why_not(policy.roster, waiver.approver, waiver.role, waiver.created)


def _why_time(waiver: Waiver, item: Item, policy: Policy, now: datetime) -> str:
    start, most = begins(waiver), longest(item.severity, policy)
    if start < waiver.created:
        return Why.BEGINS_BEFORE_MADE()
    if waiver.expires <= start:
        return Why.ENDS_BEFORE_IT_BEGINS()
    if now < start:
        return Why.NOT_BEGUN(at=start.isoformat())
    if now >= waiver.expires:
        return Why.EXPIRED(at=waiver.expires.isoformat())
    if waiver.expires - waiver.created > most:
        return Why.WAIVED_TOO_LONG(days=most.days, severity=item.severity)
    return ""


def _why_scope(waiver: Waiver) -> str:
    if not waiver.covers or waiver.covers - COVERABLE:
        return Why.COVERS()
    if not waiver.targets or (EVERY_TARGET in waiver.targets and len(waiver.targets) > 1):
        return Why.TARGETS()
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
