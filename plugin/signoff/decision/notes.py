"""The engine's own short explanations ("not run", "no implementation"): written in English, readable in Korean.

A cell's or item's note is one plain text, so that it can be stored and compared. What the engine wrote can be turned
back into both languages by `in_both`; what a check's author wrote is left as it is.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from signoff.model import Text

if TYPE_CHECKING:
    from datetime import timedelta


class Note(Enum):
    """Every explanation that the engine gives, with its places in braces."""

    NO_IMPLEMENTATION = Text(en="no implementation", ko="구현된 점검 없음")
    NOT_RUN = Text(en="not run", ko="실행되지 않음")
    ZERO_INSPECTED = Text(en="zero objects inspected", ko="점검한 대상이 0개")
    CLOCK = Text(
        en="clock: an observation from {finished} lies in the future; check the clocks",
        ko="시계: {finished}의 관측이 미래 시각임, 시계를 확인할 것",
    )
    TOO_OLD = Text(en="older than {max_age}", ko="{max_age}보다 오래됨")
    CHECK_CHANGED = Text(en="the check has changed since", ko="이후 점검 코드가 변경됨")
    CHECK_GONE = Text(en="the check no longer exists", ko="점검 코드가 더 이상 존재하지 않음")
    TARGET_CHANGED = Text(en="the target's definition has changed since", ko="이후 대상 정의가 변경됨")
    FLAKY = Text(en="failed first, passed on a retry", ko="처음에는 실패, 재시도에서 통과")
    CELL_NOT_APPLICABLE = Text(
        en="not applicable: {reason} (approved by {approver})", ko="해당 없음: {reason} (승인: {approver})"
    )
    NO_CHECKS = Text(en="no check is listed for the item", ko="항목에 등록된 점검이 없음")
    MATCHED_NOTHING = Text(
        en="selector {selector} of {check} matched nothing in the inventory",
        ko="{check}의 대상 선택자 {selector}에 해당하는 인벤토리 대상이 없음",
    )
    ALL_DROPPED = Text(
        en="every target is declared not applicable; declare the item instead",
        ko="모든 대상이 해당 없음으로 선언됨, 항목 전체를 선언할 것",
    )
    NO_ATTESTATION = Text(en="no attestation for this release", ko="이 릴리스에 대한 증명이 없음")
    ATTESTATION_INVALID = Text(en="attestation by {by} does not count: {why}", ko="{by}의 증명은 무효: {why}")
    ATTESTATION_EXPIRED = Text(en="attestation by {by} expired at {expires}", ko="{by}의 증명이 {expires}에 만료됨")
    ATTESTATION_VOIDED = Text(
        en="attestation by {by} no longer counts: the item failed after it, at {at}; look again and attest anew",
        ko="{by}의 증명은 무효: 이후 {at}에 항목이 실패함, 다시 확인하고 새로 증명할 것",
    )
    ATTESTATION_STANDING = Text(
        en="{by} ({role}) stated that it is bad; only {by}, or somebody else as {role}, can take that back",
        ko="{by}({role})이(가) 불합격으로 진술함, 본인이나 같은 역할의 사람만 철회할 수 있음",
    )
    UNDESCRIBED = Text(
        en="nobody wrote down what was done about {issues}", ko="조치 내용이 기록되지 않은 이슈: {issues}"
    )
    ATTESTATION_NOT_ASKED = Text(
        en="an attestation cannot stand in for a measured item", ko="측정 항목은 증명으로 대신할 수 없음"
    )
    WAIVER_INVALID = Text(en="waiver {waiver} does not count: {why}", ko="면제 {waiver}는 무효: {why}")
    WAIVER_UNNEEDED = Text(en="waiver {waiver} is no longer needed", ko="면제 {waiver}는 더 이상 필요하지 않음")
    WAIVER_OTHER = Text(en="waiver {waiver} does not cover this", ko="면제 {waiver}의 대상이 아님")
    UNDECIDED = Text(en="{count} items are not decided: {items}", ko="{count}개 항목이 미결정: {items}")
    NO_EVIDENCE = Text(en="there is no evidence at all", ko="증거가 전혀 없음")
    OPEN_CRITICAL = Text(
        en="{count} critical or high issues are open: {issues}", ko="중요 이슈 {count}건이 미해결: {issues}"
    )
    CATEGORY_COVERED = Text(en="{category}: covered by {items}", ko="{category}: {items}에서 확인됨")
    CATEGORY_BROKEN = Text(en="{category}: an open finding of {items}", ko="{category}: {items}에 미해결 결과가 있음")
    CATEGORY_BY_PEOPLE = Text(en="{category}: left to the attestation", ko="{category}: 담당자 증명으로 확인")
    CATEGORY_UNCOVERED = Text(
        en="{category}: no source has passed ({items})", ko="{category}: 통과한 근거가 없음({items})"
    )
    SIGNED_IN_FUTURE = Text(
        en="it is dated in the future, {created}; check the clocks",
        ko="서명 시각이 미래({created})임, 시계를 확인할 것",
    )
    SIGNED_BEFORE_EVIDENCE = Text(
        en="it is dated before the evidence that it signs", ko="서명 시각이 서명한 증거보다 앞섬"
    )
    OTHER_KEY = Text(
        en="its key is not the one that the roster has for {name}", ko="서명한 키가 명부에 있는 {name}의 키가 아님"
    )
    APPROVAL_ENDED = Text(en="it ended at {ended}", ko="{ended}에 끝남")
    MONITOR_BROKE = Text(en="monitoring run {run} saw {outcome} on {cell}", ko="감시 실행 {run}에서 {cell} {outcome}")
    RESTS_ON_VOID = Text(
        en="it rests on the approval by {role}, which is {status}", ko="근거가 된 {role} 승인이 {status} 상태임"
    )
    OUT_OF_ORDER = Text(
        en="out of order: the approval by {role} is {status}", ko="순서 어긋남: {role} 승인이 {status} 상태임"
    )
    OUT_OF_CHAIN = Text(
        en="out of order: it does not follow the approval before it", ko="순서 어긋남: 바로 앞 승인에 이어지지 않음"
    )
    OUT_OF_TIME = Text(
        en="out of order: it is older than the approval before it", ko="순서 어긋남: 바로 앞 승인보다 오래됨"
    )
    SEPARATION = Text(en="separation of duties: {name} {deed}", ko="직무 분리 위반: {name} ({deed})")

    def __call__(self, **places: object) -> str:
        """Return the English sentence with its places filled."""
        return self.value.en.format(**places)


class Why(Enum):
    """Every reason why a person's word does not count, with its places in braces; the end of a note or a message."""

    NOT_ON_ROSTER = Text(en="{who} is not on the roster", ko="{who}: 명부에 없음")
    NOT_YET_ON_ROSTER = Text(en="{who} is on the roster only from {since}", ko="{who}: {since}부터 명부에 있음")
    NO_LONGER_ON_ROSTER = Text(en="{who} was on the roster only until {until}", ko="{who}: {until}까지만 명부에 있었음")
    ROLE_NOT_HELD = Text(en="{who} does not hold the role {role}", ko="{who}: {role} 역할이 아님")
    OWN_REQUEST = Text(en="{who} approved their own request", ko="{who}: 자신의 요청을 스스로 승인함")
    OWNS_ITEM = Text(en="{who} owns the item", ko="{who}: 항목의 담당자임")
    NOT_WAIVABLE = Text(en="the policy lets nobody waive {item}", ko="정책상 {item} 항목은 면제할 수 없음")
    NOT_BEGUN = Text(en="it begins only at {at}", ko="{at}부터 유효함")
    EXPIRED = Text(en="it expired at {at}", ko="{at}에 만료됨")
    BEGINS_BEFORE_MADE = Text(en="it begins before it was made", ko="작성 시각보다 먼저 시작함")
    ENDS_BEFORE_IT_BEGINS = Text(en="it ends before it begins", ko="시작하기 전에 끝남")
    WAIVED_TOO_LONG = Text(
        en="it lasts longer than {days} days, the most for severity {severity}",
        ko="심각도 {severity}의 한도인 {days}일보다 긺",
    )
    COVERS = Text(en="it may cover FAIL, ERROR and NOT_VERIFIED only", ko="FAIL, ERROR, NOT_VERIFIED만 면제할 수 있음")
    TARGETS = Text(en="its targets are neither names nor * alone", ko="대상이 이름도 아니고 * 하나도 아님")
    FUTURE = Text(en="it is dated in the future, {at}", ko="미래 시각({at})으로 기록됨")
    EXPIRES_BEFORE_MADE = Text(en="it expires before it was made", ko="작성되기 전에 만료됨")
    ATTESTED_TOO_LONG = Text(en="it lasts longer than {days} days", ko="{days}일보다 긺")
    UNSIGNED = Text(en="it is not signed, and the policy asks for signatures", ko="정책이 요구하는 서명이 없음")
    MAY_NOT_ATTEST = Text(
        en="the role {role} may not attest {item}; those who may: {roles}",
        ko="{role} 역할은 {item} 항목을 증명할 수 없음, 가능한 역할: {roles}",
    )
    EVIDENCE_UNREADABLE = Text(en="its evidence {name} cannot be read", ko="증거 파일 {name}을(를) 읽을 수 없음")
    EVIDENCE_CHANGED = Text(en="its evidence {name} has changed", ko="증거 파일 {name}이(가) 변경됨")

    def __call__(self, **places: object) -> str:
        """Return the English words with their places filled."""
        return self.value.en.format(**places)


def duration(value: timedelta) -> str:
    """Return the duration in its largest whole unit, as the checklist writes it: `7d`, `36h`, `90s`."""
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


_PLACE = re.compile(r"\\\{(\w+)\\\}")


def _pattern(sentence: str) -> re.Pattern[str]:
    """Return what matches the sentence with its places filled; a place that stands twice is filled alike."""
    known: set[str] = set()

    def place(match: re.Match[str]) -> str:
        name = match[1]
        if name in known:
            return f"(?P={name})"
        known.add(name)
        return f"(?P<{name}>.+?)"

    return re.compile(_PLACE.sub(place, re.escape(sentence)), re.DOTALL)


_SEPARATOR = "; "
_PATTERNS = [(_pattern(note.value.en), note) for note in (*Note, *Why)]


def joined(*notes: str) -> str:
    """Return the notes as one text; empty and repeated ones are left out."""
    return _SEPARATOR.join(dict.fromkeys(note for note in notes if note))


def in_both(note: str) -> Text:
    """Return the note in both languages; words that a check's author wrote stay as they are."""
    whole = _translated(note)
    if whole is not None:
        return Text(ko=whole, en=note)
    parts = note.split(_SEPARATOR)
    return Text(ko=_SEPARATOR.join(_translated(part) or part for part in parts), en=note)


def _translated(note: str) -> str | None:
    for pattern, kind in _PATTERNS:
        match = pattern.fullmatch(note)
        if match is not None:
            places = match.groupdict()
            if "why" in places:
                places["why"] = _translated(places["why"]) or places["why"]
            sentence: Text = kind.value
            return sentence.ko.format(**places)
    return None
