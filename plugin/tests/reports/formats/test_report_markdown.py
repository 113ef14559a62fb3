"""The issue list and the checklist in Markdown: the shape teams know, with nothing from outside taking effect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from signoff.model import Verdict
from signoff.reports.checklist_markdown import render_checklist
from signoff.reports.issues_markdown import render_issues
from signoff.reports.markdown import inline
from signoff.reports.register import sentences

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import Language, Signoff
    from signoff.reports.background import Background

LANGUAGES: tuple[Language, ...] = ("ko", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_issue_list_is_as_agreed(
    small: Signoff, background: Background, golden: Callable[[str, str], None], language: Language
) -> None:
    golden(f"issues.{language}.md", render_issues(small, language, background))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_checklist_is_as_agreed(
    small: Signoff, background: Background, golden: Callable[[str, str], None], language: Language
) -> None:
    golden(f"checklist.{language}.md", render_checklist(small, language, background))


def test_an_issue_keeps_the_fields_of_the_known_list(small: Signoff, background: Background) -> None:
    text = render_issues(small, "ko", background)
    for field in ("예상 원인", "담당자", "해결 기한", "해결 방법", "해결 완료일", "조치 내용", "검증"):
        assert text.count(f"  - {field}:") == 2
    assert "## 인프라 이슈" in text
    assert "예상 원인: 원인 미기재" in text


def test_without_issues_the_list_says_so(small: Signoff) -> None:
    text = render_issues(replace(small, issues=()), "en")
    assert "No issue was found." in text


def test_an_issue_of_an_item_that_is_gone_is_not_lost(small: Signoff) -> None:
    orphan = replace(small, items=small.items[1:])
    assert "ISS-INF-SVC-1-1a2b3c4d" in render_issues(orphan, "en")


def test_the_last_step_of_the_plan_is_ticked_only_on_go(small: Signoff) -> None:
    go = replace(small, verdict=Verdict.GO)
    assert "4. [ ] The release goes live" in render_issues(small, "en")
    assert "4. [x] The release goes live" in render_issues(go, "en")
    assert "4. [ ] The release goes live" in render_issues(replace(small, verdict=Verdict.READY), "en")


def test_boxes_are_ticked_by_evidence(small: Signoff) -> None:
    lines = [line for line in render_checklist(small, "en").splitlines() if line.startswith("  - [")]
    ticked = {line.split("**")[1] for line in lines if line.startswith("  - [x]")}
    assert ticked == {result.item.id for result in small.items if result.state.satisfied}


def test_items_outside_a_selection_are_not_ticked(partial: Signoff) -> None:
    text = render_checklist(partial, "en")
    assert "Partial check 2/8" in text
    assert "- [ ] **SW-WEB-4**" in text
    assert "outside this judgement" in text


@pytest.mark.parametrize("hostile", ["<script>x</script>", "[a](javascript:x)", "a | b", "`x`", "**b**", "![i](u)"])
def test_markup_from_outside_is_literal(hostile: str) -> None:
    shown = inline(hostile)
    assert "<" not in shown
    assert all(shown[at - 1] == "\\" for at, letter in enumerate(shown) if letter in "[]`*|!")


def test_a_line_break_cannot_start_a_heading() -> None:
    assert inline("x\n# owned") == "x \\# owned"


def test_a_remediation_is_split_into_steps() -> None:
    assert sentences("설정을 고칩니다. 다시 점검합니다.") == ("설정을 고칩니다.", "다시 점검합니다.")
    assert sentences("- one\n- two") == ("one", "two")
    assert sentences("pin psutil 5.9.5 now") == ("pin psutil 5.9.5 now",)
