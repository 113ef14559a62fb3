"""Bodies in storage format: well-formed whatever stands in the evidence, and the decision is in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signoff.model import IssueStatus, State, Text
from signoff.publish.confluence_body import render_day, render_signoff
from signoff.reports.daily_markdown import Day
from tests.publish import vendor_fakes as fakes
from tests.reports import conftest as factories

if TYPE_CHECKING:
    from signoff.model import Language

AC = "{http://atlassian.com/content}"
RI = "{http://atlassian.com/resource/identifier}"


def signoff_with(kit: SimpleNamespace, text: str) -> Any:
    make = kit.make
    cells = [make.cell("INF-SRV-1", text or "-", State.FAIL, text or "x", reason=text, expected=text)]
    results = [
        make.result("INF-SRV-1", State.FAIL, cells, title=Text(ko=text or "-", en=text or "-"), owner=text or "-")
    ]
    results += [make.result(f"INF-SRV-{n}", state, []) for n, state in enumerate(State, 2)]
    issue = make.issue("ISS-1", "INF-SRV-1", IssueStatus.OPEN, summary=text, action=text, owner=text)
    return make.signoff(tuple(results), product=text or "-", issues=(issue,))


def day_of(signoff: Any) -> Day:
    began = signoff.evaluated_at - timedelta(hours=5)
    return Day(date=date(2025, 6, 23), began=began, ended=began + timedelta(days=1), signoff=signoff)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_decision_is_in_the_body_and_evidence_is_linked(kit: SimpleNamespace, language: Language) -> None:
    signoff = signoff_with(kit, "2 cores")
    body = kit.storage(render_signoff(signoff, language, files=[("signoff.html", "link.page")]))
    titles = [one.text for one in body.iter(f"{AC}parameter") if one.get(f"{AC}name") == "title"]
    assert titles[0] == "✖ NO-GO"
    assert [one.get(f"{RI}filename") for one in body.iter(f"{RI}attachment")] == ["signoff.html"]
    text = "".join(body.itertext())
    assert "2 cores" in text
    assert "ISS-1" in text
    assert ("배포를 막는 항목" if language == "ko" else "What blocks the release") in text
    assert signoff.digest in text


@pytest.mark.parametrize("language", ["ko", "en"])
def test_hostile_text_stays_text(kit: SimpleNamespace, language: Language) -> None:
    hostile = f'{kit.xss}<ac:structured-macro ac:name="html"/>]]>&nbsp;\x00\x1b\ufffe\ud800'
    for body in (
        render_signoff(signoff_with(kit, hostile), language),
        render_day(day_of(signoff_with(kit, hostile)), language),
    ):
        parsed = kit.storage(body)
        assert list(parsed.iter("script")) == []
        names = {one.get(f"{AC}name") for one in parsed.iter(f"{AC}structured-macro")}
        assert names <= {"status", "expand"}


@settings(max_examples=25, deadline=None)
@given(text=st.text(max_size=30))
def test_any_text_gives_well_formed_xml(text: str) -> None:
    make = SimpleNamespace(
        cell=factories.make_cell,
        result=factories.make_result,
        issue=factories.make_issue,
        signoff=factories.make_signoff,
    )
    signoff = signoff_with(SimpleNamespace(make=make), text)
    fakes.storage(render_signoff(signoff, "en"))
    fakes.storage(render_day(day_of(signoff), "ko"))


def test_the_parser_of_these_tests_refuses_what_confluence_refuses(kit: SimpleNamespace) -> None:
    with pytest.raises(ET.ParseError):
        kit.storage("<p>a & b</p>")


def test_a_register_of_thousands_is_cut_and_says_so(kit: SimpleNamespace) -> None:
    signoff = signoff_with(kit, "x")
    many = tuple(kit.make.issue(f"ISS-{n}", "INF-SRV-1", IssueStatus.OPEN) for n in range(2_000))
    body = render_signoff(replace(signoff, issues=many), "en")
    assert "and 1700 more" in body
    assert len(body) < 1_000_000
