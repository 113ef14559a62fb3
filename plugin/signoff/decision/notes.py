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

    def __call__(self, **places: object) -> str:
        """Return the English sentence with its places filled."""
        return self.value.en.format(**places)


def duration(value: timedelta) -> str:
    """Return the duration in its largest whole unit, as the checklist writes it: `7d`, `36h`, `90s`."""
    seconds = int(value.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


_SEPARATOR = "; "
_PATTERNS = [
    (re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(note.value.en)), re.DOTALL), note) for note in Note
]


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
            return kind.value.ko.format(**match.groupdict())
    return None
