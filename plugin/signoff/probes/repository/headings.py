"""Whether a document has the headings that it needs, whichever of the usual words, Korean or English, they use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

SYNONYMS: tuple[tuple[str, ...], ...] = (
    ("RTO", "recovery time objective", "복구 시간 목표", "목표 복구 시간", "복구 목표 시간"),
    ("RPO", "recovery point objective", "복구 지점 목표", "복구 시점 목표", "목표 복구 시점", "복구 목표 시점"),
    ("contacts", "contact list", "call tree", "연락처", "연락망", "비상 연락"),
    ("steps", "procedure", "runbook", "recovery process", "복구 절차", "복구 단계", "절차", "단계"),
    ("rollback", "roll back", "failback", "fail back", "롤백", "원복", "되돌리기", "복귀"),
    ("scope", "적용 범위", "대상 범위", "범위"),
    ("roles", "responsibilities", "역할", "담당"),
    ("automatic criteria", "rollback criteria", "자동 롤백 기준", "롤백 기준"),
    ("manual decision", "decision authority", "수동 결정", "수동 롤백 결정", "결정 권한"),
    ("traffic", "트래픽"),
    ("database", "데이터베이스"),
    ("downtime", "가동 중단", "중단 시간"),
)
"""Each line is one idea; any of its words stands for all of them."""


def missing(headings: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    """Return those of the wanted ideas that no heading names, by themselves or by a synonym."""
    own = [_plain(heading) for heading in headings]
    return tuple(one for one in wanted if not any(_says(heading, word) for heading in own for word in _words(one)))


def _words(wanted: str) -> tuple[str, ...]:
    name = _plain(wanted)
    return next((line for line in SYNONYMS if name in map(_plain, line)), (wanted,))


def _says(heading: str, word: str) -> bool:
    wanted = _plain(word)
    if wanted.isascii() and wanted.isalpha():
        # A short word must stand for itself: `RTO` is not in `cartoon`; a plural is as good.
        return re.search(rf"(?<![a-z0-9]){wanted}(?:s|es)?(?![a-z0-9])", heading) is not None
    return wanted in heading


def _plain(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text).strip().casefold()
