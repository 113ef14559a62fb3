"""Lint of the roster: roles that nobody can sign for, rights that end soon, too few people for all approvals."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from signoff.decision.attestations import roles
from signoff.decision.lint.findings import SOON, Finding
from signoff.model import Separation, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from signoff.model import Item, Person, Policy

_ROSTER = Text(ko="정책의 roster를 고치십시오.", en="Correct the roster in the policy.")


def lint(policy: Policy, attested: Sequence[Item], now: datetime) -> Iterator[Finding]:
    """Yield the findings; `attested` are the items that need a person's statement here."""
    for person in policy.roster:
        if person.valid_until is not None and now < person.valid_until <= now + SOON:
            text = Text(
                ko=f"{person.name}의 권한이 {person.valid_until.isoformat()}에 끝남",
                en=f"{person.name} is on the roster only until {person.valid_until.isoformat()}",
            )
            yield _finding(person.place, person.name, text, error=False)
    signers = {role: [p for p in policy.roster if _can_sign(p, role, now)] for role in policy.approval_roles}
    for role, people in signers.items():
        if not people:
            text = Text(
                ko=f"승인 역할 {role}에 서명할 수 있는 사람이 없음 (역할, 키, 유효 기간)",
                en=f"nobody can sign as {role}: no person with the role, a key, and a right that holds now",
            )
            yield _finding("", role, text, error=True)
    if all(signers.values()) and Separation.ONE_PERSON_ONE_STAGE not in policy.relaxed and not _distinct(signers):
        text = Text(
            ko="한 사람이 여러 승인 역할을 맡아, 서로 다른 사람이 모두 승인할 수 없음",
            en="the approval roles cannot all be signed by different people: too few people hold them",
        )
        yield _finding("", ", ".join(signers), text, error=True)
    for item in attested:
        yield from _attesters(item, policy, now)


def _finding(place: str, subject: str, text: Text, *, error: bool) -> Finding:
    return Finding(kind="roster", error=error, place=place or "roster", subject=subject, text=text, step=_ROSTER)


def _is_valid(person: Person, now: datetime) -> bool:
    began = person.valid_from is None or now >= person.valid_from
    return began and (person.valid_until is None or now < person.valid_until)


def _can_sign(person: Person, role: str, now: datetime) -> bool:
    return role in person.roles and bool(person.public_key) and _is_valid(person, now)


def _distinct(signers: dict[str, list[Person]]) -> bool:
    """Return whether every role can be signed by somebody else; one key is one person."""
    choices = ([person.public_key for person in people] for people in signers.values())
    return any(len(set(chosen)) == len(signers) for chosen in product(*choices))


def _attesters(item: Item, policy: Policy, now: datetime) -> Iterator[Finding]:
    """Say that nobody can make the statement that the item needs."""
    signed = policy.attestations_signed
    may = roles(item, policy)
    able = [p for p in policy.roster if p.roles & may and _is_valid(p, now) and (p.public_key or not signed)]
    if not able:
        names, key = ", ".join(sorted(may)), " and a key" if signed else ""
        text = Text(
            ko=f"{item.id}을(를) 증명할 수 있는 사람이 없음: {names} 역할{'과 키' if signed else ''}",
            en=f"nobody on the roster can attest {item.id}: that takes a role of {names}{key}",
        )
        yield _finding("", item.id, text, error=False)
