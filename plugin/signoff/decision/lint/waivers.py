"""Lint of waivers: those that do not count, match nothing, are no longer needed, end soon, or overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision import waivers
from signoff.decision.lint.findings import SOON, Finding
from signoff.decision.notes import in_both
from signoff.model import State, Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from signoff.model import ItemResult, Policy, Waiver

_FIX = Text(ko="waivers.yaml에서 고치거나 삭제하십시오.", en="Correct it in waivers.yaml, or remove it.")
_REMOVE = Text(ko="waivers.yaml에서 삭제하십시오.", en="Remove it from waivers.yaml.")
_GOOD = frozenset({State.PASS, State.NOT_APPLICABLE})


def lint(
    recorded: Sequence[Waiver],
    results: Mapping[str, ItemResult],
    seen: Mapping[str, frozenset[str]],
    policy: Policy,
    now: datetime,
) -> Iterator[Finding]:
    """Yield the findings.

    Args:
        recorded: all waivers.
        results: the judged items, by id.
        seen: fingerprints of every failure ever seen, by item.
        policy: who may waive what, for how long.
        now: the instant of judgement.
    """
    for waiver in recorded:
        result = results.get(waiver.item)
        if result is None:
            continue
        # One that waits for its day is held against the rules as of that day: it is no mistake that it waits.
        judged_at = max(now, waivers.begins(waiver))
        why = waivers.why_invalid(waiver, result.item, policy, judged_at)
        yield from _made_later(waiver) if waiver.created > now else _invalid(waiver, why)
        counts = not why and judged_at == now
        yield from _useless(waiver, result, seen.get(waiver.item, frozenset()), counts=counts)
        if counts and waiver.expires - now <= SOON:
            yield _expiring(waiver)
    yield from _overlaps(recorded, now)


def _finding(waiver: Waiver, **fields: object) -> Finding:
    return Finding(place=waiver.place or waiver.id, subject=waiver.id, **fields)  # type: ignore[arg-type]


def _invalid(waiver: Waiver, why: str) -> Iterator[Finding]:
    if why:
        words = in_both(why)
        text = Text(
            ko=f"면제 {waiver.id}({waiver.item})는 무효: {words.ko}",
            en=f"waiver {waiver.id} of {waiver.item} does not count: {words.en}",
        )
        yield _finding(waiver, kind="invalid", error=True, text=text, step=_FIX)


def _made_later(waiver: Waiver) -> Iterator[Finding]:
    at = waiver.created.isoformat()
    text = Text(
        ko=f"면제 {waiver.id}({waiver.item})의 작성 시각이 미래임: {at}",
        en=f"waiver {waiver.id} of {waiver.item} was made in the future, {at}",
    )
    yield _finding(waiver, kind="invalid", error=True, text=text, step=_FIX)


def _useless(waiver: Waiver, result: ItemResult, seen: frozenset[str], *, counts: bool) -> Iterator[Finding]:
    cells = [cell for cell in result.cells if waivers.names(waiver, cell.cell.target)]
    if not cells:
        text = Text(
            ko=f"면제 {waiver.id}: {waiver.item}에 해당하는 점검 대상이 없음 ({', '.join(waiver.targets)})",
            en=f"waiver {waiver.id}: no check of {waiver.item} concerns its targets ({', '.join(waiver.targets)})",
        )
        yield _finding(waiver, kind="matches-nothing", error=False, text=text, step=_REMOVE)
        return
    unknown = [f for f in waiver.fingerprints if f not in seen]
    if unknown and waiver.covers != {State.NOT_VERIFIED}:
        yield _never_seen(waiver, unknown, seen)
    if counts and all(cell.state in _GOOD for cell in cells):
        text = Text(
            ko=f"면제 {waiver.id}({waiver.item})는 더 이상 필요하지 않음: 점검이 통과함",
            en=f"waiver {waiver.id} of {waiver.item} is no longer needed: its checks pass",
        )
        yield _finding(waiver, kind="not-needed", error=False, text=text, step=_REMOVE)


def _never_seen(waiver: Waiver, unknown: Sequence[str], seen: frozenset[str]) -> Finding:
    near = sorted(full for full in seen for short in unknown if full.startswith(short))
    step = Text(
        ko=f"전체 식별값을 쓰십시오: {', '.join(near)}" if near else _FIX.ko,
        en=f"Write the fingerprint in full: {', '.join(near)}" if near else _FIX.en,
    )
    text = Text(
        ko=f"면제 {waiver.id}: {waiver.item}에서 본 적 없는 실패: {', '.join(unknown)}",
        en=f"waiver {waiver.id}: {waiver.item} never failed so: {', '.join(unknown)}",
    )
    return _finding(waiver, kind="matches-nothing", error=False, text=text, step=step)


def _expiring(waiver: Waiver) -> Finding:
    at = waiver.expires.isoformat()
    text = Text(
        ko=f"면제 {waiver.id}({waiver.item})가 {at}에 끝남", en=f"waiver {waiver.id} of {waiver.item} ends at {at}"
    )
    step = Text(
        ko="그 전에 해결하거나, 새 면제를 요청하십시오.", en="Mend the failure before that, or ask for a new waiver."
    )
    return _finding(waiver, kind="expires-soon", error=False, text=text, step=step)


def _overlaps(recorded: Sequence[Waiver], now: datetime) -> Iterator[Finding]:
    """Two waivers of one failure at one time: which terms hold is anybody's guess."""
    for number, later in enumerate(recorded):
        for earlier in recorded[:number]:
            common = set(later.fingerprints) & set(earlier.fingerprints)
            if later.item != earlier.item or not common or not _same_targets(later, earlier):
                continue
            if max(waivers.begins(later), waivers.begins(earlier)) >= min(later.expires, earlier.expires):
                continue
            if min(later.expires, earlier.expires) <= now:
                continue
            text = Text(
                ko=f"면제 {earlier.id}와 {later.id}가 같은 실패를 서로 다른 조건으로 면제함 ({later.item})",
                en=f"waivers {earlier.id} and {later.id} accept the same failure of {later.item} on different terms",
            )
            step = Text(ko="하나만 남기십시오.", en="Keep one of them.")
            yield _finding(later, kind="overlap", error=False, text=text, step=step)


def _same_targets(one: Waiver, other: Waiver) -> bool:
    every = (waivers.EVERY_TARGET,)
    return every in {one.targets, other.targets} or bool(set(one.targets) & set(other.targets))
