"""The sign-off page as text: complete, self-contained, escaped, and small."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from signoff.model import State, Verdict
from signoff.reports.background import Link
from signoff.reports.page import render_page

if TYPE_CHECKING:
    from types import SimpleNamespace

    from signoff.model import Language, Signoff
    from signoff.reports.background import Background

VOID = {"meta", "br", "link", "img", "input", "hr", "rect"}


class Outline(HTMLParser):
    """Collect tags and text, and refuse a page whose tags do not match."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self._open or self._open[-1] != "style":
            self.text.append(data)

    def words(self) -> str:
        assert self._open == []
        return " ".join("".join(self.text).split())


def outline(page: str) -> Outline:
    parser = Outline()
    parser.feed(page)
    parser.close()
    return parser


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_item_and_section_is_on_the_page(realistic: Signoff, background: Background, language: Language) -> None:
    found = outline(render_page(realistic, language, background))
    words = found.words()
    ids = [attributes["id"] for _, attributes in found.tags if attributes.get("id")]
    assert len(ids) == len(set(ids))
    assert {f"i-{result.item.id}" for result in realistic.items} <= set(ids)
    for result in realistic.items:
        assert result.item.title.get(language) in words
    assert ("배포 불가" if language == "ko" else "Do not release") in words


def test_links_within_the_page_lead_somewhere(realistic: Signoff, background: Background) -> None:
    found = outline(render_page(realistic, "ko", background))
    ids = {attributes.get("id") for _, attributes in found.tags}
    anchors = {str(attributes["href"])[1:] for tag, attributes in found.tags if tag == "a"}
    assert anchors <= ids


def test_the_page_loads_and_runs_nothing(small: Signoff, background: Background) -> None:
    page = render_page(small, "ko", background, [Link(label="x", href="javascript:alert(1)")])
    found = outline(page)
    assert {tag for tag, _ in found.tags} & {"script", "link", "img", "iframe", "object", "form", "base"} == set()
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on") or name == "style"]
    assert "javascript:" not in page
    assert "url(" not in page
    assert "@import" not in page


def test_the_policy_allows_only_this_style(small: Signoff) -> None:
    page = render_page(small, "en")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    policy = re.search(r"Content-Security-Policy\" content=\"(.*?)\"", page)
    assert style
    assert policy
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert policy[1].startswith("default-src 'none'; ")
    assert f"style-src 'sha256-{digest}';" in policy[1]


def test_hostile_text_stays_text(small: Signoff, background: Background, make: SimpleNamespace) -> None:
    found = outline(render_page(small, "ko", background))
    assert make.xss in found.words()
    assert "script" not in {tag for tag, _ in found.tags}


def test_a_selection_is_labelled_and_shows_only_its_items(partial: Signoff, background: Background) -> None:
    words = outline(render_page(partial, "ko", background)).words()
    assert words.count("부분 점검 2/8") >= 1
    assert "배포 전체에 대한 판정이 아닙니다" in words
    assert "SW-WEB-4 점검" not in words
    assert "READY" not in words.split("상태와 판정의 뜻")[1].split("승인 대기")[0]


def test_ready_and_go_are_told_apart(small: Signoff, background: Background) -> None:
    good = replace(small, items=small.items[4:], issues=(), reasons=())
    ready = outline(render_page(replace(good, verdict=Verdict.READY), "ko", background)).words()
    go = outline(render_page(replace(good, verdict=Verdict.GO), "ko", background)).words()
    assert "승인 대기 READY 배포를 막는 점검 항목이 없습니다." in ready
    assert "배포 승인 GO 모든 점검과 승인이 끝났습니다." in go
    assert "배포를 막는 항목이 없습니다." in go


def test_a_decision_without_anything_is_still_a_page(small: Signoff) -> None:
    empty = replace(small, items=(), issues=(), approvals=(), runs=(), changes=(), reasons=(), valid_until=None)
    assert "판정 보류" in outline(render_page(replace(empty, verdict=Verdict.INCOMPLETE), "ko")).words()


def test_evidence_is_bounded(make: SimpleNamespace) -> None:
    cell = make.cell("A-B-1", "db1", State.FAIL, "x" * 1_000_000, expected="y" * 1_000_000, reason="z" * 1_000_000)
    page = render_page(make.signoff((make.result("A-B-1", State.FAIL, [cell]),)), "en")
    assert len(page) < 60_000


@pytest.mark.parametrize("fact", ["91 %", "캐시 서버의 사용량이 기준을 넘었습니다. " * 100], ids=["short", "long"])
def test_many_hosts_make_a_page_that_still_opens(make: SimpleNamespace, fact: str) -> None:
    """83 items on 1,000 hosts, every tenth of which fails everywhere and says so at any length."""
    hosts = [(f"host{number:04}.example.test", State.PASS if number % 10 else State.FAIL) for number in range(1000)]
    results = []
    for number in range(83):
        item = f"A-B-{number}"
        cells = [make.cell(item, host, state, fact, expected=fact, reason=fact) for host, state in hosts]
        results.append(make.result(item, State.FAIL, cells))
    assert len(render_page(make.signoff(tuple(results)), "ko").encode()) < 5_000_000
