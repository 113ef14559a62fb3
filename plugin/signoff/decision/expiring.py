"""What stops to hold soon although nothing happens: evidence, waivers, attestations, signatures, and keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Literal

from signoff.decision.approvals import ends
from signoff.decision.items import window
from signoff.model import ApprovalStatus, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from signoff.model import Policy, Records, Signoff

SOON = timedelta(days=7)


@dataclass(frozen=True, kw_only=True, slots=True)
class Expiry:
    """One thing and its end."""

    at: datetime
    kind: Literal["evidence", "waiver", "attestation", "approval", "key"]
    name: str
    """Item id, waiver id, role or person."""
    item: str = ""
    """The item that is affected; empty: the whole release."""
    owner: str
    """Who can renew it: the item's owner, or the person."""


def expiring(signoff: Signoff, policy: Policy, records: Records, within: timedelta = SOON) -> tuple[Expiry, ...]:
    """Return what holds now and ends within the span, first what ends first."""
    limit = signoff.evaluated_at + within
    found = [*_items(signoff, policy, records), *_signatures(signoff, policy), *_keys(policy)]
    soon = [expiry for expiry in found if signoff.evaluated_at < expiry.at <= limit]
    return tuple(sorted(soon, key=lambda expiry: (expiry.at, expiry.kind, expiry.name)))


def _items(signoff: Signoff, policy: Policy, records: Records) -> Iterator[Expiry]:
    waivers = {waiver.id: waiver for waiver in records.waivers}
    for result in signoff.judged:
        item = result.item
        passed = [c.observation.finished for c in result.cells if c.state is State.PASS and c.observation is not None]
        if passed:
            yield Expiry(
                at=min(passed) + window(item, policy), kind="evidence", name=item.id, item=item.id, owner=item.owner
            )
        made = result.attestation
        if made is not None and made.passed:
            yield Expiry(at=made.expires, kind="attestation", name=made.by, item=item.id, owner=made.by)
        for name in result.waivers:
            yield Expiry(at=waivers[name].expires, kind="waiver", name=name, item=item.id, owner=item.owner)


def _signatures(signoff: Signoff, policy: Policy) -> Iterator[Expiry]:
    for step in signoff.approvals:
        if step.status is ApprovalStatus.VALID and step.approval is not None:
            until = ends(step.approval, policy)
            yield Expiry(at=until, kind="approval", name=step.role, owner=step.approval.approver)


def _keys(policy: Policy) -> Iterator[Expiry]:
    for person in policy.roster:
        if person.valid_until is not None:
            yield Expiry(at=person.valid_until, kind="key", name=person.name, owner=person.name)
