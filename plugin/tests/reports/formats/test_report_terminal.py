"""The closing block in the terminal: short, aligned in Korean, and deaf to control characters."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from signoff.model import State, Verdict
from signoff.reports.background import Link
from signoff.reports.plaintext import columns
from signoff.reports.terminal import render_verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from signoff.model import Language, Signoff
    from signoff.reports.background import Background

REPORTS = (Link(label="판정서", href="reports/readiness_check_20250623_140000.html"), Link(label="JSON", href="x.json"))


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_block_is_as_agreed(
    small: Signoff, background: Background, golden: Callable[[str, str], None], language: Language
) -> None:
    text = render_verdict(small, language, colour=False, reports=REPORTS, background=background)
    golden(f"terminal.{language}.txt", f"{text}\n")


@pytest.mark.parametrize("width", [40, 60, 80, 200])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_lines_fit_the_terminal(small: Signoff, language: Language, width: int) -> None:
    text = render_verdict(small, language, colour=False, width=width)
    folded = [line for line in text.splitlines() if "pytest -m" not in line]
    assert max(columns(line) for line in folded) <= width


def test_a_command_stays_on_one_line(small: Signoff) -> None:
    text = render_verdict(small, "ko", colour=False, width=40)
    assert "          pytest -m \"checklist(id='SEC-VUL-1')\" --inventory production" in text.splitlines()


def test_the_number_of_blockers_is_bounded(small: Signoff) -> None:
    text = render_verdict(small, "en", colour=False, limit=1)
    assert "4 items block" in text
    assert "INF-SVC-1" in text
    assert "and 3 more" in text
    assert "INF-NET-3" not in text


def test_colour_adds_nothing_but_colour(small: Signoff) -> None:
    plain, coloured = render_verdict(small, "ko", colour=False), render_verdict(small, "ko", colour=True)
    assert "\x1b" not in plain
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain


def test_evidence_cannot_steer_the_terminal(make: SimpleNamespace) -> None:
    cell = make.cell("A-B-1", "db1\x1b]0;owned\x07", State.FAIL, "\x1b[2J\x1b[1;1Hall is well\rPASS")
    signoff = make.signoff((make.result("A-B-1", State.FAIL, [cell]),), product="p\x1b[31m")
    assert "\x1b" not in render_verdict(signoff, "en", colour=False)
    assert "\r" not in render_verdict(signoff, "en", colour=False)


def test_a_selection_never_sounds_like_the_release(partial: Signoff) -> None:
    text = render_verdict(partial, "ko", colour=False)
    assert text.splitlines()[:2] == ["✔ 선택 항목 충족", "부분 점검 2/8"]
    assert "GO" not in text
    assert "배포 전체에 대한 판정이 아닙니다" in text.replace("\n", " ")
    assert render_verdict(replace(partial, verdict=Verdict.READY), "ko", colour=False) == text


def test_ready_says_who_has_to_sign(small: Signoff) -> None:
    ready = replace(small, verdict=Verdict.READY, items=small.items[4:], reasons=())
    assert "승인 대기: 기술 팀, 품질 보증 팀" in render_verdict(ready, "ko", colour=False)
