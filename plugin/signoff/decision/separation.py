"""Separation of duties: nobody approves twice, or approves what they had a hand in, unless the policy says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision.notes import Note
from signoff.model import Separation

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from signoff.model import Issue, ItemResult, Waiver


def involved(
    results: Sequence[ItemResult],
    issues: Sequence[Issue],
    waivers: Sequence[Waiver],
    relaxed: Collection[Separation] = (),
) -> dict[str, str]:
    """Return everybody whose own work is in the evidence set, with what it is; rules that are relaxed find nobody."""
    people: dict[str, str] = {}
    for rule, name, deed in _deeds(results, issues, waivers):
        if rule not in relaxed:
            people.setdefault(name, deed)
    return people


def why_involved(
    name: str,
    key_id: str,
    approvers: Mapping[str, str],
    people: Mapping[str, str],
    relaxed: Collection[Separation] = (),
) -> str:
    """Return what keeps the person from approving although they hold the role; empty if nothing does.

    `approvers` holds names and key ids: one key under two names is one person.
    """
    role = approvers.get(name) or approvers.get(key_id)
    if role and Separation.ONE_PERSON_ONE_STAGE not in relaxed:
        return Note.SEPARATION(name=name, deed=f"approved as {role}")
    if name in people:
        return Note.SEPARATION(name=name, deed=people[name])
    return ""


def _deeds(
    results: Sequence[ItemResult], issues: Sequence[Issue], waivers: Sequence[Waiver]
) -> Iterator[tuple[Separation, str, str]]:
    used = {waiver for result in results for waiver in result.waivers}
    for waiver in waivers:
        if waiver.id in used:
            yield Separation.WAIVER_REQUESTER, waiver.requested_by, f"requested waiver {waiver.id}"
            yield Separation.WAIVER_APPROVER, waiver.approver, f"approved waiver {waiver.id}"
    for result in results:
        if result.attestation is not None:
            yield Separation.ATTESTER, result.attestation.by, f"attested {result.item.id}"
    for issue in issues:
        # Whoever ever claimed a fix had a hand in it, also if the claim was taken back or did not hold.
        claimed = [issue.resolved_by, *(event.by for event in issue.history if event.what == "resolved")]
        for name in dict.fromkeys(filter(None, claimed)):
            yield Separation.ISSUE_RESOLVER, name, f"resolved {issue.key}"
