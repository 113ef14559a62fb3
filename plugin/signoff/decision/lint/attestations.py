"""Lint of attestations: those that do not count, end soon, contradict each other, or are for another release."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision import attestations
from signoff.decision.lint.findings import SOON, Finding
from signoff.decision.notes import Note, in_both
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from signoff.model import Attestation, Item, Policy

_ANEW = Text(ko="다시 확인하고 새로 증명하십시오 (signoff attest).", en="Look again and attest anew (signoff attest).")


def lint(
    made: Sequence[Attestation],
    items: Sequence[Item],
    failed: Mapping[str, datetime],
    policy: Policy,
    now: datetime,
) -> Iterator[Finding]:
    """Yield the findings. Statements that newer ones have replaced are history, and not looked at.

    Args:
        made: all attestations.
        items: the checklist's.
        failed: when checks of an item failed last.
        policy: the release, and who may attest.
        now: the instant of judgement.
    """
    for item in items:
        mine = [a for a in made if a.item == item.id]
        current = [a for a in mine if a.release == policy.release]
        if mine and not current and item.method.needs_attestation:
            yield _other_release(max(mine, key=lambda a: a.at), policy)
        if current:
            yield from _newest(max(current, key=attestations.age), item, failed.get(item.id), policy, now)
            yield from _contradiction(current, item, policy, now)


def _finding(a: Attestation, **fields: object) -> Finding:
    return Finding(place=a.place or a.item, subject=a.item, **fields)  # type: ignore[arg-type]


def _newest(a: Attestation, item: Item, failed_at: datetime | None, policy: Policy, now: datetime) -> Iterator[Finding]:
    if not item.method.needs_attestation:
        text = Text(
            ko=f"{item.id}은(는) 측정 항목이라 증명으로 대신할 수 없음",
            en=f"{item.id} is measured: a statement cannot stand in for its checks",
        )
        step = Text(ko="증명을 삭제하고 점검을 실행하십시오.", en="Remove the statement and run the checks.")
        yield _finding(a, kind="invalid", error=True, text=text, step=step)
        return
    why = attestations.why_not_counted(a, item, policy, now)
    if why:
        words = in_both(why)
        text = Text(
            ko=f"{item.id}에 대한 {a.by}의 증명은 무효: {words.ko}",
            en=f"{a.by}'s statement about {item.id} does not count: {words.en}",
        )
        yield _finding(a, kind="invalid", error=True, text=text, step=_ANEW)
    elif failed_at is not None and a.passed and failed_at >= a.at:
        words = in_both(Note.ATTESTATION_VOIDED(by=a.by, at=failed_at.isoformat(timespec="seconds")))
        text = Text(ko=f"{item.id}: {words.ko}", en=f"{item.id}: {words.en}")
        yield _finding(a, kind="contradiction", error=True, text=text, step=_ANEW)
    elif a.expires - now <= SOON:
        text = Text(
            ko=f"{item.id}에 대한 {a.by}의 증명이 {a.expires.isoformat()}에 끝남",
            en=f"{a.by}'s statement about {item.id} ends at {a.expires.isoformat()}",
        )
        yield _finding(a, kind="expires-soon", error=False, text=text, step=_ANEW)
    if a.passed and not any(file.actual_sha256 for file in a.evidence):
        text = Text(
            ko=f"{item.id}에 대한 {a.by}의 증명에 증거 파일이 없음",
            en=f"{a.by}'s statement about {item.id} names no file that backs it",
        )
        step = Text(ko="증거 파일을 붙여 새로 증명하십시오.", en="Attest anew with --evidence FILE.")
        yield _finding(a, kind="no-evidence", error=False, text=text, step=step)


def _contradiction(current: Sequence[Attestation], item: Item, policy: Policy, now: datetime) -> Iterator[Finding]:
    """Good and bad news at one time: the bad counts, and somebody must say so."""
    refusal = attestations.standing_refusal([a for a in current if a.at <= now], item, policy, now)
    if refusal is None:
        return
    for a in current:
        if a.passed and a.at >= refusal.at and not attestations.why_invalid(a, item, policy):
            text = Text(
                ko=f"{a.item}: {a.by}은(는) 합격, {refusal.by}은(는) 불합격으로 진술함, 불합격이 우선함",
                en=f"{a.item}: {a.by} states that it is good, {refusal.by} that it is bad; the bad news counts",
            )
            step = Text(
                ko=f"{refusal.by} 또는 {refusal.role} 역할의 다른 사람이 새로 증명해야 합니다.",
                en=f"{refusal.by}, or somebody else as {refusal.role}, must attest anew.",
            )
            yield _finding(a, kind="contradiction", error=True, text=text, step=step)


def _other_release(a: Attestation, policy: Policy) -> Finding:
    text = Text(
        ko=f"{a.item}에 대한 {a.by}의 증명은 릴리스 {a.release}의 것임, 현재는 {policy.release}",
        en=f"{a.by}'s statement about {a.item} is for release {a.release}, and this is {policy.release}",
    )
    return _finding(a, kind="other-release", error=False, text=text, step=_ANEW)
