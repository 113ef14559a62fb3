"""Judges what people stated about an item: bound to one release, by somebody who may, until it expires.

The newest statement counts, but nobody outvotes bad news: a statement that the item is bad stands until its author, or
somebody else in the same role, takes it back with a newer one, or until it expires.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.decision import roster
from signoff.decision.notes import Note, Why
from signoff.model import Attestation, State

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from signoff.model import Item, Policy


@dataclass(frozen=True, slots=True)
class Attested:
    """What the attestations of one item amount to."""

    state: State
    """ATTESTED, FAIL, STALE or NOT_VERIFIED."""
    attestation: Attestation | None = None
    note: str = ""


def judge(
    item: Item,
    attestations: Sequence[Attestation],
    policy: Policy,
    now: datetime,
    *,
    failed_at: datetime | None = None,
) -> Attested:
    """Return the attested part of the item.

    Args:
        item: what is attested.
        attestations: of any item and release.
        policy: the release, the roster and who may attest.
        now: the instant of judgement.
        failed_at: when a check of the item failed last: a statement made before that has been proven wrong.
    """
    mine = [a for a in attestations if a.item == item.id and a.release == policy.release]
    made = [a for a in mine if a.at <= now]
    if not made:
        return Attested(State.NOT_VERIFIED, note=_why_none(mine))
    newest = max(made, key=age)
    refusal = standing_refusal(made, item, policy, now)
    if refusal is not None:
        note = "" if refusal is newest else Note.ATTESTATION_STANDING(by=refusal.by, role=refusal.role)
        return Attested(State.FAIL, refusal, note)
    why = why_invalid(newest, item, policy) or (why_evidence(newest) if newest.passed else "")
    if why:
        return Attested(State.NOT_VERIFIED, newest, _invalid(newest, why))
    if not newest.passed:
        return Attested(State.FAIL, newest)
    return _passed(newest, now, failed_at)


def _passed(newest: Attestation, now: datetime, failed_at: datetime | None) -> Attested:
    """Return what a statement that the item is good is worth by now."""
    if now >= newest.expires:
        note = Note.ATTESTATION_EXPIRED(by=newest.by, expires=newest.expires.isoformat(timespec="seconds"))
        return Attested(State.STALE, newest, note)
    if failed_at is not None and failed_at >= newest.at:
        note = Note.ATTESTATION_VOIDED(by=newest.by, at=failed_at.isoformat(timespec="seconds"))
        return Attested(State.NOT_VERIFIED, newest, note)
    return Attested(State.ATTESTED, newest)


def why_invalid(attestation: Attestation, item: Item, policy: Policy) -> str:
    """Return why nobody may rely on the statement, whatever it says; empty if they may."""
    why = roster.why_not(policy.roster, attestation.by, attestation.role, attestation.at)
    if why:
        return why
    may = roles(item, policy)
    if attestation.role not in may:
        return Why.MAY_NOT_ATTEST(role=attestation.role, item=item.id, roles=", ".join(sorted(may)))
    if attestation.expires <= attestation.at:
        return Why.EXPIRES_BEFORE_MADE()
    if attestation.expires - attestation.at > timedelta(days=policy.attestation_days):
        return Why.ATTESTED_TOO_LONG(days=policy.attestation_days)
    return Why.UNSIGNED() if policy.attestations_signed and not attestation.signed else ""


def why_not_counted(attestation: Attestation, item: Item, policy: Policy, now: datetime) -> str:
    """Return the first rule that the statement breaks at `now`, failures of checks aside; empty if it counts."""
    if attestation.at > now:
        return Why.FUTURE(at=attestation.at.isoformat())
    why = why_invalid(attestation, item, policy) or (why_evidence(attestation) if attestation.passed else "")
    return why or (Why.EXPIRED(at=attestation.expires.isoformat()) if now >= attestation.expires else "")


def why_evidence(attestation: Attestation) -> str:
    """Return which file does not back the statement any more; empty if all do."""
    for file in attestation.evidence:
        if not file.actual_sha256:
            return Why.EVIDENCE_UNREADABLE(name=file.name)
        if file.actual_sha256 != file.sha256:
            return Why.EVIDENCE_CHANGED(name=file.name)
    return ""


def roles(item: Item, policy: Policy) -> frozenset[str]:
    """Return the roles that may attest the item: those that the policy names for it, or its owner and the general ones.

    Roles named for an item replace the general rule: that is how a policy keeps an owner from attesting their own work.
    """
    own = policy.attesting.get(item.id)
    return policy.attesting_roles | {item.owner} if own is None else own


def standing_refusal(made: Sequence[Attestation], item: Item, policy: Policy, now: datetime) -> Attestation | None:
    """Return the newest valid statement that the item is bad, which nobody who may has taken back."""
    valid = [a for a in made if not why_invalid(a, item, policy)]
    standing = [
        bad
        for bad in valid
        if not bad.passed
        and now < bad.expires
        and not any(a.passed and a.at > bad.at and (a.by == bad.by or a.role == bad.role) for a in valid)
    ]
    return max(standing, key=age, default=None)


def age(a: Attestation) -> tuple[datetime, bool, float, str, str, str]:
    """Return what makes a statement newer; of equally new ones, the failed one counts."""
    return a.at, not a.passed, -a.expires.timestamp(), a.by, a.statement, a.envelope_sha256


def _why_none(future: Sequence[Attestation]) -> str:
    if not future:
        return Note.NO_ATTESTATION()
    first = min(future, key=age)
    return _invalid(first, Why.FUTURE(at=first.at.isoformat()))


def _invalid(attestation: Attestation, why: str) -> str:
    return Note.ATTESTATION_INVALID(by=attestation.by, why=why)
