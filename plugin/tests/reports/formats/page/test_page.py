"""The sign-off page as text: complete, self-contained, escaped, and small."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from signoff.model import ApprovalStatus, State, Verdict
from signoff.reports.background import Link
from signoff.reports.heat_map import ROW_LIMIT, heat_map
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
        if not self._open or self._open[-1] not in {"style", "script"}:
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


def test_the_page_loads_nothing_and_runs_only_its_own_script(hostile: Signoff, background: Background) -> None:
    page = render_page(hostile, "ko", background, [Link(label="x", href="javascript:alert(1)")])
    found = outline(page)
    assert {tag for tag, _ in found.tags} & {"link", "img", "iframe", "object", "form", "base"} == set()
    assert [attributes for tag, attributes in found.tags if tag == "script"] == [{}]
    assert not [name for _, attributes in found.tags for name in attributes if name.startswith("on") or name == "style"]
    assert not [each for _, each in found.tags if "javascript:" in str(each.get("href", each.get("src", "")))]
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("tag", ["style", "script"])
def test_the_policy_allows_only_this_style_and_script(small: Signoff, tag: str) -> None:
    page = render_page(small, "en")
    content = re.search(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
    policy = re.search(r"Content-Security-Policy\" content=\"(.*?)\"", page)
    assert content
    assert policy
    digest = base64.b64encode(hashlib.sha256(content[1].encode()).digest()).decode()
    assert policy[1].startswith("default-src 'none'; ")
    assert re.findall(rf"{tag}-src ([^;]*);", policy[1]) == [f"'sha256-{digest}'"]


def test_hostile_text_stays_text(hostile: Signoff, background: Background, make: SimpleNamespace) -> None:
    found = outline(render_page(hostile, "ko", background))
    assert make.xss in found.words()
    assert [tag for tag, _ in found.tags].count("script") == 1


def test_the_executive_comes_first_and_the_auditor_last(storied: Signoff, background: Background) -> None:
    found = outline(render_page(storied, "ko", background))
    sections = [str(attributes.get("aria-labelledby")) for tag, attributes in found.tags if tag == "section"]
    names = ["blockers", "areas", "rollback", "records", "changes", "issues", "items", "matrix", "history", "approvals"]
    assert sections == ["verdict", "None", *(f"h-{name}" for name in [*names, "runs", "definitions"])]


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_picture_says_in_words_what_it_shows(
    storied: Signoff, background: Background, language: Language
) -> None:
    found = outline(render_page(storied, language, background))
    pictures = [attributes for tag, attributes in found.tags if tag == "svg"]
    told = [attributes for attributes in pictures if "aria-hidden" not in attributes]
    assert len(told) == len(pictures) - 1, "only the small line has its words beside it"
    assert all(attributes.get("role") == "img" and attributes.get("aria-label") for attributes in told)


def test_an_issue_names_its_ticket(storied: Signoff, hostile: Signoff, background: Background) -> None:
    addresses = {attributes.get("href") for _, attributes in outline(render_page(storied, "en", background)).tags}
    assert "https://jira.example.test/browse/OPS-117" in addresses
    hostile_tags = outline(render_page(hostile, "en", background)).tags
    assert not [attributes for _, attributes in hostile_tags if str(attributes.get("href")).startswith("javascript:")]


def test_what_became_of_a_live_release_is_shown_with_its_values(hostile: Signoff, background: Background) -> None:
    words = outline(render_page(hostile, "en", background)).words()
    gate = words[words.index("After the release: Hold") :]
    assert "errors 6 %, limit 5 %" in gate
    assert "errors 6 %5 %" in gate
    assert "response time (percentile) 1.2 s1 s" in gate


def test_nothing_to_compare_with_is_said(storied: Signoff, background: Background) -> None:
    alone = replace(storied, changes=(), changes_since=None, changes_from="")
    assert "no earlier decision to compare with" in outline(render_page(alone, "en", background)).words()
    same = replace(storied, changes=())
    assert (
        "0 changes since the full run before, 2025-06-22 14:00 +09:00"
        in outline(render_page(same, "en", background)).words()
    )


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


def test_go_says_what_it_rests_on(small: Signoff, background: Background) -> None:
    """A waiver that ends soon and a condition of a signature are for the first screen."""
    signed = replace(small.approvals[0], status=ApprovalStatus.VALID)
    good = replace(small, items=small.items[4:], issues=(), reasons=(), verdict=Verdict.GO, approvals=(signed,))
    words = outline(render_page(good, "en", background)).words()
    first = words[: words.index("Nothing blocks the release")]
    assert "Rests on 1 waiver, which ends 2025-07-12." in first
    assert "Approved on condition: 배포 당일 캐시 사용량을 다시 확인할 것" in first
    assert "until 2025-06-29" in first


def test_a_decision_without_anything_is_still_a_page(small: Signoff) -> None:
    empty = replace(small, items=(), issues=(), approvals=(), runs=(), changes=(), reasons=(), valid_until=None)
    assert "판정 보류" in outline(render_page(replace(empty, verdict=Verdict.INCOMPLETE), "ko")).words()


def test_evidence_is_bounded(make: SimpleNamespace) -> None:
    cell = make.cell("A-B-1", "db1", State.FAIL, "x" * 1_000_000, expected="y" * 1_000_000, reason="z" * 1_000_000)
    page = render_page(make.signoff((make.result("A-B-1", State.FAIL, [cell]),)), "en")
    assert len(page) < 60_000


@pytest.mark.parametrize("fact", ["91 %", "캐시 서버의 사용량이 기준을 넘었습니다. " * 100], ids=["short", "long"])
def test_many_hosts_make_a_page_that_still_opens(make: SimpleNamespace, fact: str) -> None:
    """83 items on 1,000 hosts: a tenth fails everywhere, fifty differ from all others, and each says so at length."""
    hosts = [f"host{number:04}.example.test" for number in range(1000)]
    results = []
    for number in range(83):
        item = f"A-B-{number}"
        bad = {
            host for place, host in enumerate(hosts) if place % 10 == 0 or (place % 20 == 1 and place // 20 == number)
        }
        said = {"observed": fact, "expected": fact, "reason": fact}
        known = {state: make.cell(item, "host", state, **said) for state in (State.FAIL, State.PASS)}
        kinds = ((host, known[State.FAIL if host in bad else State.PASS]) for host in hosts)
        cells = [replace(cell, cell=replace(cell.cell, target=host)) for host, cell in kinds]
        results.append(make.result(item, State.FAIL, cells))
    signoff = make.signoff(tuple(results))
    page = render_page(signoff, "ko")
    assert len(page.encode()) < 5_000_000
    found = outline(page)
    assert len(found.tags) < 60_000
    assert [tag for tag, _ in found.tags].count("option") == 1000 + len(("FAIL", "PASS")) + 2 + 3
    rows = heat_map(signoff).rows
    assert len(rows) == ROW_LIMIT + 2
    assert sum(row.count for row in rows) == 1000
    assert (rows[-1].count, rows[-1].bad) == (850, {})
    assert (rows[0].count, rows[0].counts) == (100, {State.FAIL: 83})
