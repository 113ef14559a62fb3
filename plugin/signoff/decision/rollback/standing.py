"""What stands of all that was ever decided on keeping a live release, and what it means for the gate."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.decision.roster import find, why_absent
from signoff.model import Reason, RollbackVerdict, Text, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from signoff.model import Policy, RollbackDecision

_TOLERANCE = timedelta(minutes=5)
"""A machine's clock may be ahead by this much; what is dated later is not counted yet."""


def of_release(decisions: Iterable[RollbackDecision], policy: Policy, now: datetime) -> tuple[RollbackDecision, ...]:
    """Return the decisions on the policy's release and environment, oldest first, of one instant the worst last."""
    mine = {
        one
        for one in decisions
        if (one.environment, one.release) == (policy.environment, policy.release) and one.at <= now + _TOLERANCE
    }
    return tuple(sorted(mine, key=lambda one: (one.at, one.verdict.badness, str(one))))


def standing(decisions: Iterable[RollbackDecision], policy: Policy) -> RollbackDecision | None:
    """Return the decision that stands after these, in their order; None if there is none.

    The last one stands, but what was rolled back stays so until somebody with the authority decides otherwise: after a
    rollback the metrics are those of the release before, and would keep anything. Who lacks the authority never makes
    a decision better.
    """
    stands: RollbackDecision | None = None
    for one in decisions:
        if _counts(one, stands, policy):
            stands = one
    return stands


def _counts(one: RollbackDecision, stands: RollbackDecision | None, policy: Policy) -> bool:
    before = RollbackVerdict.KEEP if stands is None else stands.verdict
    if one.automatic:
        return before is not RollbackVerdict.ROLL_BACK or one.verdict is RollbackVerdict.ROLL_BACK
    return not why_not(policy, one.by, one.role, one.at) or one.verdict.badness > before.badness


def why_not(policy: Policy, by: str, role: str, at: datetime) -> str:
    """Return why the person may not decide by hand as this role at the instant; empty if they may."""
    deciders = policy.rollback.deciders if policy.rollback else ()
    if role not in deciders:
        return (
            f"{role!r} may not decide on a rollback; rollback.deciders in policy.yaml: {', '.join(deciders) or 'none'}"
        )
    person = find(policy.roster, by)
    if person is not None and role not in person.roles:
        return f"{by} is not {role!r} on the roster in policy.yaml, but {', '.join(sorted(person.roles))}"
    return why_absent(policy.roster, by, at)


def reasons(stands: RollbackDecision | None) -> tuple[Reason, ...]:
    """Return what the standing decision says against the release."""
    if stands is None or stands.verdict is RollbackVerdict.KEEP:
        return ()
    why = stands.reasons[0] if stands.reasons else Text(ko="사유 없음", en="no reason given")
    if stands.verdict is RollbackVerdict.ROLL_BACK:
        text = Text(ko=f"롤백 기준 초과: {why.ko}", en=f"the rollback gate was breached: {why.en}")
        return (Reason(verdict=Verdict.NO_GO, item="", text=text),)
    text = Text(
        ko=f"배포 후 감시가 판정되지 않음: {why.ko}", en=f"the watch after the release is not decided: {why.en}"
    )
    return (Reason(verdict=Verdict.INCOMPLETE, item="", text=text),)
