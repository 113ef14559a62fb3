"""Evaluates the chain of approvals: each in its order, each for exactly this evidence, by different people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.decision import history, roster
from signoff.model import Approval, ApprovalStatus, ApprovalStep

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from signoff.model import Issue, ItemResult, Policy, Waiver

LONGEST = timedelta(days=14)
"""How long an approval lasts at most, whatever it says itself."""

_APPROVING = frozenset({"approve", "approve-with-conditions"})


@dataclass(frozen=True, slots=True)
class Subject:
    """What is approved, and who has had a hand in it and so may not approve it."""

    digest: str
    involved: Mapping[str, str]
    """Name of a person to what they did."""
    broken_at: datetime | None = None
    """The newest bad news since, from runs that are not part of the evidence set."""
    broken_by: str = ""


@dataclass(slots=True)
class _Chain:
    """The steps so far, while the roles are gone through in order."""

    steps: list[ApprovalStep] = field(default_factory=list)
    approvers: dict[str, str] = field(default_factory=dict)
    """Name and key of everybody who validly approved, with the role."""


def involved(results: Sequence[ItemResult], issues: Sequence[Issue], waivers: Sequence[Waiver]) -> dict[str, str]:
    """Return everybody whose own work is in the evidence set, with what it is."""
    used = {waiver for result in results for waiver in result.waivers}
    people: dict[str, str] = {}
    for waiver in waivers:
        if waiver.id in used:
            people.setdefault(waiver.requested_by, f"requested waiver {waiver.id}")
            people.setdefault(waiver.approver, f"approved waiver {waiver.id}")
    for result in results:
        if result.attestation is not None:
            people.setdefault(result.attestation.by, f"attested {result.item.id}")
    for issue in issues:
        if issue.resolved_by:
            people.setdefault(issue.resolved_by, f"resolved {issue.key}")
    return people


def chain(approvals: Sequence[Approval], policy: Policy, subject: Subject, now: datetime) -> tuple[ApprovalStep, ...]:
    """Return one step for each role of the policy, in its order, as it stands at `now`."""
    mine = [a for a in approvals if a.environment == policy.environment and a.release == policy.release]
    revoked = {a.previous: a for a in mine if a.decision == "revoke" and not _why_unsigned(a, policy, now)}
    found = _Chain()
    for role in policy.approval_roles:
        step = _step(role, mine, revoked, found, policy, subject, now)
        found.steps.append(step)
        if step.status is ApprovalStatus.VALID and step.approval is not None:
            found.approvers |= {step.approval.approver: role, step.approval.key_id: role}
    return tuple(found.steps)


def _step(  # noqa: PLR0913, PLR0917 - private, one caller
    role: str,
    mine: Sequence[Approval],
    revoked: Mapping[str, Approval],
    found: _Chain,
    policy: Policy,
    subject: Subject,
    now: datetime,
) -> ApprovalStep:
    of_role = [a for a in mine if a.role == role and a.decision != "revoke"]
    signed = [a for a in of_role if not _why_unsigned(a, policy, now)]
    if not signed:
        newest = max(of_role, key=_age, default=None)
        note = _why_unsigned(newest, policy, now) if newest is not None else ""
        return ApprovalStep(role=role, status=ApprovalStatus.MISSING, note=note)
    refusal = _standing_refusal(signed, revoked, subject.digest)
    approval = refusal or max(signed, key=_age)
    status, note = _status(approval, revoked, subject, now)
    if status is ApprovalStatus.VALID:
        note = _why_not_next(approval, found, subject)
        status = ApprovalStatus.MISSING if note else status
    return ApprovalStep(role=role, status=status, approval=approval, note=note)


def _why_unsigned(approval: Approval, policy: Policy, now: datetime) -> str:
    """Return why nobody who may decide for the role stands behind the approval; empty if somebody does."""
    if history.is_in_future(approval.created, now):
        return f"it is dated in the future, {approval.created.isoformat()}"
    why = roster.why_not(policy.roster, approval.approver, approval.role, approval.created)
    person = roster.find(policy.roster, approval.approver)
    if not why and (person is None or not approval.key_id or roster.key_id(person.public_key) != approval.key_id):
        why = f"its key is not the one that the roster has for {approval.approver}"
    return why


def _standing_refusal(signed: Sequence[Approval], revoked: Mapping[str, Approval], digest: str) -> Approval | None:
    """Return a refusal of this evidence that its author has not taken back; nobody else can outvote it."""
    for refusal in sorted((a for a in signed if a.decision == "reject" and a.digest == digest), key=_age):
        later = any(
            a.approver == refusal.approver
            and a.decision in _APPROVING
            and a.digest == digest
            and a.created > refusal.created
            for a in signed
        )
        if not later and not _is_revoked(refusal, revoked):
            return refusal
    return None


def _status(
    approval: Approval, revoked: Mapping[str, Approval], subject: Subject, now: datetime
) -> tuple[ApprovalStatus, str]:
    if _is_revoked(approval, revoked):
        return ApprovalStatus.REVOKED, revoked[approval.envelope_sha256].comment
    if approval.decision == "reject" and approval.digest == subject.digest:
        return ApprovalStatus.REJECTED, approval.comment
    ends = min(approval.valid_until, approval.created + LONGEST)
    if now >= ends:
        return ApprovalStatus.EXPIRED, f"at {ends.isoformat(timespec='seconds')}"
    if approval.digest != subject.digest or approval.decision == "reject":
        return ApprovalStatus.SUPERSEDED, ""
    if subject.broken_at is not None and subject.broken_at > approval.created:
        return ApprovalStatus.SUPERSEDED, subject.broken_by
    return ApprovalStatus.VALID, ""


def _why_not_next(approval: Approval, found: _Chain, subject: Subject) -> str:
    """Return why the approval does not continue the chain; empty if it does."""
    last = found.steps[-1] if found.steps else None
    if last is not None and (last.status is not ApprovalStatus.VALID or last.approval is None):
        return f"out of order: the approval by {last.role} is {last.status}"
    before = last.approval.envelope_sha256 if last is not None and last.approval is not None else ""
    if approval.previous != before:
        return "out of order: it does not follow the approval before it"
    if last is not None and last.approval is not None and approval.created < last.approval.created:
        return "out of order: it is older than the approval before it"
    return why_involved(approval.approver, approval.key_id, found.approvers, subject.involved)


def why_involved(name: str, key_id: str, approvers: Mapping[str, str], people: Mapping[str, str]) -> str:
    """Return what keeps the person from approving although they hold the role; empty if nothing does.

    `approvers` holds names and key ids: one key under two names is one person.
    """
    role = approvers.get(name) or approvers.get(key_id)
    if role:
        return f"separation of duties: {name} approved as {role}"
    if name in people:
        return f"separation of duties: {name} {people[name]}"
    return ""


def _is_revoked(approval: Approval, revoked: Mapping[str, Approval]) -> bool:
    by = revoked.get(approval.envelope_sha256) if approval.envelope_sha256 else None
    return by is not None and by.role == approval.role


def _age(approval: Approval) -> tuple[datetime, bool, str]:
    return approval.created, approval.decision == "reject", approval.envelope_sha256
