"""Says whether somebody may attest an item now, before they do: the same rules by which it will be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision import attestations, roster
from signoff.errors import RecordError

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.model import Attestation, Item, Person, Policy


def role_of(person: Person, item: Item, policy: Policy, asked: str) -> str:
    """Return the role in which the person attests the item: the one asked for, or the only one that may.

    Raises:
        RecordError: none of their roles may, or several do.
    """
    may = attestations.roles(item, policy)
    if asked:
        return asked
    mine = sorted(person.roles & may)
    if len(mine) == 1:
        return mine[0]
    if not mine:
        raise RecordError(
            f"{person.name} holds no role that may attest {item.id}; those who may: {', '.join(sorted(may))}"
        )
    raise RecordError(f"{person.name} may attest {item.id} as {' or '.join(mine)}: say which with --role")


def check_may_attest(attestation: Attestation, item: Item, policy: Policy, now: datetime) -> None:
    """Return if the statement, made and signed now, will count.

    Raises:
        RecordError: names the rule that it breaks, and what to do.
    """
    if not item.method.needs_attestation:
        raise RecordError(
            f"{item.id} is measured (method {item.method}): a statement cannot stand in for its checks; run them"
        )
    if not attestation.statement.strip():
        raise RecordError("the statement is empty: write what was looked at, and what was found")
    why = roster.why_absent(policy.roster, attestation.by, now) or attestations.why_invalid(attestation, item, policy)
    if not why and attestation.expires <= now:
        why = f"it would expire at {attestation.expires.isoformat()}, which has passed"
    if not why and attestation.passed:
        why = attestations.why_evidence(attestation)
    if why:
        raise RecordError(f"{item.id} cannot be attested so: {why}")
