"""Says whether somebody may sign now, before they do: the same rules by which the signature will be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision import roster
from signoff.decision.separation import involved, why_involved
from signoff.errors import ApprovalError
from signoff.model import ApprovalStatus, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.model import Approval, Policy, Records, Signoff


def check_may_approve(  # noqa: PLR0913 - who, as what, with which key, what, by which rules, when
    signoff: Signoff,
    policy: Policy,
    records: Records,
    *,
    role: str,
    approver: str,
    key_id: str,
    now: datetime,
    rejecting: bool = False,
) -> Approval | None:
    """Return the approval that the new one must follow (None for the first role), if it may be given.

    A refusal needs the role and the key only: bad news is always welcome.

    Raises:
        ApprovalError: names the rule that forbids it, and what to do.
    """
    place = _place(policy, role)
    _check_signer(policy, role, approver, key_id, now)
    before = signoff.approvals[:place]
    if not rejecting:
        _check_readiness(signoff)
        if signoff.approvals[place].status is ApprovalStatus.VALID:
            raise ApprovalError(f"{role} has already approved {signoff.digest[:8]}; there is nothing to add")
        for step in before:
            if step.status is not ApprovalStatus.VALID:
                raise ApprovalError(
                    f"out of order: the approval by {step.role} is {step.status}; it comes before {role}"
                )
        if place == len(policy.approval_roles) - 1:
            _check_actions(signoff)
        hands = involved(signoff.items, signoff.issues, records.waivers, policy.relaxed)
        given = [step.approval for step in before if step.approval is not None]
        approvers = {who: approval.role for approval in given for who in (approval.approver, approval.key_id)}
        why = why_involved(approver, key_id, approvers, hands, policy.relaxed)
        if why:
            raise ApprovalError(f"{why}; somebody else with the role {role} must approve")
    return before[-1].approval if before else None


def check_may_revoke(  # noqa: PLR0913 - who, as what, with which key, what, by which rules, when
    signoff: Signoff, policy: Policy, *, role: str, approver: str, key_id: str, now: datetime
) -> Approval:
    """Return the approval or refusal of the role that the person may take back.

    Raises:
        ApprovalError: names the rule that forbids it, and what to do.
    """
    place = _place(policy, role)
    _check_signer(policy, role, approver, key_id, now)
    step = signoff.approvals[place]
    if step.approval is None:
        raise ApprovalError(f"there is no approval by {role} to take back")
    if step.status is ApprovalStatus.REVOKED:
        raise ApprovalError(f"the approval by {role} has been taken back already")
    if step.approval.decision == "reject" and step.approval.approver != approver:
        raise ApprovalError(f"only {step.approval.approver} can take this refusal back")
    return step.approval


def _place(policy: Policy, role: str) -> int:
    if role not in policy.approval_roles:
        raise ApprovalError(f"{role} is not an approval role; the policy has {', '.join(policy.approval_roles)}")
    return policy.approval_roles.index(role)


def _check_signer(policy: Policy, role: str, approver: str, key_id: str, now: datetime) -> None:
    why = roster.why_not(policy.roster, approver, role, now)
    if why:
        raise ApprovalError(f"{why}; change the roster in the policy, or let somebody else approve")
    person = roster.find(policy.roster, approver)
    known = roster.key_id(person.public_key) if person is not None else ""
    if not known:
        raise ApprovalError(f"the roster has no public key for {approver}; add it to the policy")
    if known != key_id:
        raise ApprovalError(f"this key is not the one that the roster has for {approver}; sign with that one")


def _check_actions(signoff: Signoff) -> None:
    """Refuse the last approval while the register does not say what was done about every issue."""
    lacking = [issue.key for issue in signoff.issues if issue.lacks_action]
    if lacking:
        raise ApprovalError(
            f"nobody wrote down what was done about {', '.join(lacking)}; before the final approval: "
            f"signoff issues note {lacking[0]} --by NAME --action TEXT"
        )


def _check_readiness(signoff: Signoff) -> None:
    if signoff.scope is not None:
        raise ApprovalError("a selection cannot be approved; evaluate the whole checklist")
    if signoff.verdict not in {Verdict.READY, Verdict.GO}:
        first = f": {signoff.reasons[0].text.en}" if signoff.reasons else ""
        raise ApprovalError(f"the verdict is {signoff.verdict}, not READY{first}")
