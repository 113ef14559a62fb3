"""Evaluates the chain of approvals: each in its order, each for exactly this evidence, by different people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.decision import history, roster
from signoff.decision.notes import Note
from signoff.decision.separation import why_involved
from signoff.model import Approval, ApprovalStatus, ApprovalStep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from signoff.model import Policy

LONGEST = timedelta(days=14)
"""How long an approval lasts at most, whatever it says itself."""

_APPROVING = frozenset({"approve", "approve-with-conditions"})
_VOIDING = frozenset(
    {ApprovalStatus.REJECTED, ApprovalStatus.SUPERSEDED, ApprovalStatus.EXPIRED, ApprovalStatus.REVOKED}
)
"""What became of an approval that did count: whatever was built on it falls with it."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is approved, and who has had a hand in it and so may not approve it."""

    digest: str
    involved: Mapping[str, str]
    """Name of a person to what they did."""
    broken_at: datetime | None = None
    """The newest bad news since, from runs that are not part of the evidence set."""
    broken_by: str = ""
    newest: datetime | None = None
    """The newest instant in the evidence: nobody can have signed it before."""
    undescribed: tuple[str, ...] = ()
    """Issues that were proven fixed and of which nobody wrote down what was done: the last role cannot sign so."""


@dataclass(slots=True)
class _Chain:
    """The steps so far, while the roles are gone through in order."""

    steps: list[ApprovalStep] = field(default_factory=list)
    approvers: dict[str, str] = field(default_factory=dict)
    """Name and key of everybody who validly approved, with the role."""


@dataclass(frozen=True, slots=True)
class _Court:
    """What one approval is judged by."""

    mine: Sequence[Approval]
    """Everything signed for this release in this environment."""
    revocations: Sequence[Approval]
    """Those that count, oldest first."""
    policy: Policy
    subject: Subject
    now: datetime


def chain(approvals: Sequence[Approval], policy: Policy, subject: Subject, now: datetime) -> tuple[ApprovalStep, ...]:
    """Return one step for each role of the policy, in its order, as it stands at `now`."""
    mine = [a for a in approvals if a.environment == policy.environment and a.release == policy.release]
    back = sorted((a for a in mine if a.decision == "revoke" and not why_unsigned(a, policy, now)), key=_age)
    court = _Court(mine, back, policy, subject, now)
    found = _Chain()
    for role in policy.approval_roles:
        step = _step(role, found, court)
        found.steps.append(step)
        if step.status is ApprovalStatus.VALID and step.approval is not None:
            found.approvers |= {step.approval.approver: role, step.approval.key_id: role}
    return tuple(found.steps)


def why_unsigned(approval: Approval, policy: Policy, now: datetime) -> str:
    """Return why nobody who may decide for the role stands behind the approval; empty if somebody does."""
    if history.is_in_future(approval.created, now):
        return Note.SIGNED_IN_FUTURE(created=approval.created.isoformat(timespec="seconds"))
    why = roster.why_not(policy.roster, approval.approver, approval.role, approval.created)
    person = roster.find(policy.roster, approval.approver)
    if not why and (person is None or not approval.key_id or roster.key_id(person.public_key) != approval.key_id):
        why = Note.OTHER_KEY(name=approval.approver)
    return why


def ends(approval: Approval, policy: Policy) -> datetime:
    """Return when the approval stops to hold: by its own word, after 14 days, or with the right to give it."""
    person = roster.find(policy.roster, approval.approver)
    until = person.valid_until if person is not None else None
    own = min(approval.valid_until, approval.created + LONGEST)
    return own if until is None else min(own, until)


def _step(role: str, found: _Chain, court: _Court) -> ApprovalStep:
    of_role = [a for a in court.mine if a.role == role and a.decision != "revoke"]
    signed = [a for a in of_role if not why_unsigned(a, court.policy, court.now)]
    if not signed:
        newest = max(of_role, key=_age, default=None)
        note = why_unsigned(newest, court.policy, court.now) if newest is not None else ""
        return ApprovalStep(role=role, status=ApprovalStatus.MISSING, note=note)
    approval = _standing_refusal(signed, court) or max(signed, key=_age)
    status, note = _status(approval, court)
    if status is ApprovalStatus.VALID:
        status, note = _in_chain(approval, found, court)
    return ApprovalStep(role=role, status=status, approval=approval, note=note)


def _standing_refusal(signed: Sequence[Approval], court: _Court) -> Approval | None:
    """Return a refusal of this evidence that its author has not taken back; nobody else can outvote it."""
    digest = court.subject.digest
    for refusal in sorted((a for a in signed if a.decision == "reject" and a.digest == digest), key=_age):
        later = any(
            a.approver == refusal.approver
            and a.decision in _APPROVING
            and a.digest == digest
            and a.created > refusal.created
            for a in signed
        )
        if not later and _revocation(refusal, court) is None:
            return refusal
    return None


def _status(approval: Approval, court: _Court) -> tuple[ApprovalStatus, str]:
    """Return what the approval is worth, whatever the other roles said."""
    subject = court.subject
    back = _revocation(approval, court)
    if back is not None:
        return ApprovalStatus.REVOKED, back.comment
    if approval.decision == "reject" and approval.digest == subject.digest:
        return ApprovalStatus.REJECTED, approval.comment
    until = ends(approval, court.policy)
    if court.now >= until:
        return ApprovalStatus.EXPIRED, Note.APPROVAL_ENDED(ended=until.isoformat(timespec="seconds"))
    if approval.digest != subject.digest:
        return ApprovalStatus.SUPERSEDED, ""
    return _against(approval, subject)


def _against(approval: Approval, subject: Subject) -> tuple[ApprovalStatus, str]:
    """Return what an approval of exactly this evidence is worth, given when it was signed."""
    if subject.broken_at is not None and subject.broken_at >= approval.created:
        return ApprovalStatus.SUPERSEDED, subject.broken_by
    if subject.newest is not None and history.is_in_future(subject.newest, approval.created):
        return ApprovalStatus.MISSING, Note.SIGNED_BEFORE_EVIDENCE()
    return ApprovalStatus.VALID, ""


def _in_chain(approval: Approval, found: _Chain, court: _Court) -> tuple[ApprovalStatus, str]:
    """Return whether the approval continues the chain, and why not."""
    last = found.steps[-1] if found.steps else None
    before = last.approval if last is not None else None
    if last is not None and (last.status is not ApprovalStatus.VALID or before is None):
        if last.status in _VOIDING and before is not None and approval.previous == before.envelope_sha256:
            return ApprovalStatus.SUPERSEDED, Note.RESTS_ON_VOID(role=last.role, status=last.status)
        return ApprovalStatus.MISSING, Note.OUT_OF_ORDER(role=last.role, status=last.status)
    if approval.previous != (before.envelope_sha256 if before is not None else ""):
        return ApprovalStatus.MISSING, Note.OUT_OF_CHAIN()
    if before is not None and approval.created < before.created:
        return ApprovalStatus.MISSING, Note.OUT_OF_TIME()
    why = why_involved(
        approval.approver, approval.key_id, found.approvers, court.subject.involved, court.policy.relaxed
    )
    lacking = court.subject.undescribed
    if not why and lacking and len(found.steps) == len(court.policy.approval_roles) - 1:
        why = Note.UNDESCRIBED(issues=", ".join(lacking))
    return (ApprovalStatus.MISSING, why) if why else (ApprovalStatus.VALID, "")


def _revocation(approval: Approval, court: _Court) -> Approval | None:
    """Return what takes the approval back: a word of the same role or, for a refusal, of the same person."""
    if not approval.envelope_sha256:
        return None
    of_role = (a for a in court.revocations if a.previous == approval.envelope_sha256 and a.role == approval.role)
    return next((a for a in of_role if approval.decision != "reject" or a.approver == approval.approver), None)


def _age(approval: Approval) -> tuple[datetime, bool, str]:
    return approval.created, approval.decision == "reject", approval.envelope_sha256
