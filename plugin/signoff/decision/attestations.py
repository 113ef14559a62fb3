"""Judges what a person stated about an item: bound to one release, by somebody on the roster, until it expires."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.decision import roster
from signoff.decision.notes import Note
from signoff.model import Attestation, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from signoff.model import Item, Person


@dataclass(frozen=True, slots=True)
class Attested:
    """What the attestations of one item amount to."""

    state: State
    """ATTESTED, FAIL, STALE or NOT_VERIFIED."""
    attestation: Attestation | None = None
    note: str = ""


def judge(
    item: Item, attestations: Sequence[Attestation], people: Sequence[Person], *, release: str, now: datetime
) -> Attested:
    """Return the attested part of the item. The newest statement counts; of equally new ones, the failed one."""
    mine = [a for a in attestations if a.item == item.id and a.release == release]
    made = [a for a in mine if a.at <= now]
    if not made:
        return Attested(State.NOT_VERIFIED, note=_why_none(mine))
    newest = max(made, key=lambda a: (a.at, not a.passed, -a.expires.timestamp(), a.by, a.statement))
    why = why_invalid(newest, people)
    if why:
        return Attested(State.NOT_VERIFIED, newest, _invalid(newest, why))
    if not newest.passed:
        return Attested(State.FAIL, newest)
    why = _why_evidence(newest)
    if why:
        return Attested(State.NOT_VERIFIED, newest, _invalid(newest, why))
    if now >= newest.expires:
        note = Note.ATTESTATION_EXPIRED(by=newest.by, expires=newest.expires.isoformat(timespec="seconds"))
        return Attested(State.STALE, newest, note)
    return Attested(State.ATTESTED, newest)


def _why_none(future: Sequence[Attestation]) -> str:
    if not future:
        return Note.NO_ATTESTATION()
    first = min(future, key=lambda a: (a.at, a.by))
    return _invalid(first, f"it is dated in the future, {first.at.isoformat()}")


def why_invalid(attestation: Attestation, people: Sequence[Person]) -> str:
    """Return why nobody may rely on the statement, whatever it says; empty if they may."""
    why = roster.why_not(people, attestation.by, attestation.role, attestation.at)
    if not why and attestation.expires <= attestation.at:
        why = "it expires before it was made"
    return why


def _why_evidence(attestation: Attestation) -> str:
    for file in attestation.evidence:
        if not file.actual_sha256:
            return f"its evidence {file.name} cannot be read"
        if file.actual_sha256 != file.sha256:
            return f"its evidence {file.name} has changed"
    return ""


def _invalid(attestation: Attestation, why: str) -> str:
    return Note.ATTESTATION_INVALID(by=attestation.by, why=why)
