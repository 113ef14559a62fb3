"""The daily and the final report: told from data alone, whole in both languages, and safe in any renderer."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from html import unescape
from importlib import resources
from typing import TYPE_CHECKING

import pytest
from jsonschema import Draft202012Validator

from signoff.decision.expiring import Expiry
from signoff.decision.next_steps import way_to_go
from signoff.model import (
    Change,
    IssueEvent,
    IssueStatus,
    Outcome,
    Person,
    RollbackDecision,
    RollbackValue,
    RollbackVerdict,
    State,
    Text,
    Verdict,
)
from signoff.reports.daily_markdown import Day, render_daily
from signoff.reports.final.markdown import Completion, Deliverable, render_final
from signoff.reports.messages import catalogue
from signoff.reports.page import render_page
from signoff.reports.readiness_json import render_json
from signoff.reports.terminal import render_verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from signoff.model import Language, Signoff
    from signoff.reports.background import Background

LANGUAGES: tuple[Language, ...] = ("ko", "en")
BEGAN = datetime(2025, 6, 22, 15, tzinfo=UTC)
STAGES = {
    1: Text(ko="준비 및 사전 점검", en="Preparation"),
    2: Text(ko="인프라 및 보안 점검", en="Infrastructure and security"),
    3: Text(ko="애플리케이션 및 성능 점검", en="Application and performance"),
    5: Text(ko="통합 및 최종 검증", en="Integration and final verification"),
}
FINAL = (
    *("summary", "scope", "deviations", "results", "blocked", "measures"),
    *("outlook", "records", "rollback", "deliverables", "lessons", "approvals"),
)


@pytest.fixture
def team(background: Background) -> Background:
    """Return the background with the plan's stages and a roster."""
    roster = (
        Person(name="박지우", roles=frozenset({"infra", "executive"})),
        Person(name="최다은", roles=frozenset({"qa"})),
    )
    assert background.rollback is not None
    rule = replace(background.rollback, deciders=("devops",))
    return replace(background, stages=STAGES, roster=roster, rollback=rule)


@pytest.fixture
def decisions(make: SimpleNamespace) -> tuple[RollbackDecision, ...]:
    """Return an automatic rollback and its lifting by hand."""
    automatic = RollbackDecision(
        environment="production",
        release="1.0.0",
        verdict=RollbackVerdict.ROLL_BACK,
        automatic=True,
        at=make.now - timedelta(minutes=20),
        by="cd@ci-1",
        reasons=(Text(ko="shop: 오류율 6 %, 한도 5 %", en="shop: error rate 6 %, limit 5 %"),),
        services=("shop",),
        started=make.now - timedelta(minutes=40),
        window_seconds=300,
        values=(
            RollbackValue(service="shop", name="requests", value=Decimal("3000.5"), limit=Decimal(100)),
            RollbackValue(service="shop", name="error-ratio", value=Decimal("0.06"), limit=Decimal("0.05")),
            RollbackValue(service="shop", name="response-mean", value=Decimal("0.212345"), limit=Decimal("1.0")),
        ),
        overrides=("min_samples=500",),
        command="deploy/rollback.sh | tee <log>",
    )
    by_hand = replace(
        automatic,
        verdict=RollbackVerdict.KEEP,
        automatic=False,
        at=make.now - timedelta(minutes=5),
        by="박지우",
        role="tech",
        reasons=(Text(ko=make.xss, en=make.xss),),
        values=(),
        overrides=(),
        command="",
    )
    return automatic, by_hand


@pytest.fixture
def whole(small: Signoff, make: SimpleNamespace, decisions: tuple[RollbackDecision, ...]) -> Signoff:
    """Return the small decision with an issue found today, an item outside of the release's way, and a rollback."""
    again = make.issue(
        "ISS-SEC-CFG-4-99aabbcc",
        "SEC-CFG-4",
        IssueStatus.REOPENED,
        owner="security",
        summary=make.xss,
        opened=make.now - timedelta(hours=3),
        planned=("키를 교체합니다. | <b>", "이력에서 지웁니다."),
        reopen_count=2,
        history=(IssueEvent(at=make.now - timedelta(hours=3), what="opened", run=make.run_id),),
    )
    return replace(
        small,
        issues=(*small.issues, again),
        rollback=decisions[-1],
        rollbacks=decisions,
        inputs={"checklist": make.sha("c"), "inventory": make.sha("i"), "policy": make.sha("p")},
    )


@pytest.fixture
def day(whole: Signoff, make: SimpleNamespace) -> Day:
    """Return the day of the decision."""
    return Day(
        date=date(2025, 6, 23),
        began=BEGAN,
        ended=BEGAN + timedelta(days=1),
        signoff=whole,
        changes=(
            Change(item="INF-SVC-1", before=State.PASS, after=State.FAIL, cause="regressed"),
            Change(item="INT-SYS-1", before=State.FAIL, after=State.PASS, cause="fixed"),
        ),
        results={make.run_id: {Outcome.PASS: 211, Outcome.FAIL: 1}},
    )


@pytest.fixture
def completion(whole: Signoff, make: SimpleNamespace) -> Completion:
    """Return the end of the check."""
    return Completion(
        signoff=whole,
        way=way_to_go(whole, full_recheck=True),
        soon=(Expiry(at=make.now + timedelta(days=2), kind="waiver", name="W-3", item="SW-WEB-4", owner="frontend"),),
        results={make.run_id: {Outcome.PASS: 211, Outcome.FAIL: 1}},
        deliverables=(Deliverable(name="readiness_check_20250623_140000.json", sha256=make.sha("json")),),
    )


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_daily_report_is_as_agreed(
    day: Day, team: Background, golden: Callable[[str, str], None], language: Language
) -> None:
    golden(f"daily.{language}.md", render_daily(day, language, team))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_final_report_is_as_agreed(
    completion: Completion, team: Background, golden: Callable[[str, str], None], language: Language
) -> None:
    golden(f"final.{language}.md", render_final(completion, language, team))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_section_of_the_final_report_is_there_even_if_there_is_nothing_to_tell(
    make: SimpleNamespace, language: Language
) -> None:
    empty = replace(make.signoff(()), approvals=(), runs=(), checkpoints=(), verdict=Verdict.INCOMPLETE)
    for text in (render_final(Completion(signoff=empty), language),):
        titles = re.findall(r"^## \d+\. (.*)$", text, re.MULTILINE)
        assert titles == [catalogue()[f"final.{name}"][language] for name in FINAL]
        assert text.count(str(catalogue()["final.nothing"][language])) >= 5


def test_every_stage_of_the_plan_is_reported(day: Day, team: Background) -> None:
    text = render_daily(day, "en", team)
    assert re.findall(r"^## (Stage \d)", text, re.MULTILINE) == ["Stage 1", "Stage 2", "Stage 3", "Stage 5"]


def test_one_stage_alone(day: Day, team: Background) -> None:
    text = render_daily(day, "en", team, stage=2)
    assert re.findall(r"^## (Stage \d)", text, re.MULTILINE) == ["Stage 2"]
    assert "INT-SYS-1" not in text.replace("ISS-INT-SYS-1", "")


def test_the_first_stage_tells_who_takes_part_and_what_is_ready(day: Day, team: Background) -> None:
    text = render_daily(day, "ko", team, stage=1)
    assert "| 인프라 담당자 | 박지우 |" in text
    assert "| 프론트엔드 개발자 | 명부에 없음 |" in text
    assert "응답을 확인한 대상" in text


def test_an_issue_is_told_on_the_day_it_was_found_and_on_the_day_it_was_solved(day: Day, team: Background) -> None:
    def told(on: Day) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        heading = ""
        for line in render_daily(on, "en", team).splitlines():
            heading = line.removeprefix("### ") if line.startswith("#") else heading
            found.setdefault(heading, []).extend(re.findall(r"\*\*(ISS-[A-Z0-9-]+?-\d)-", line))
        return {name: keys for name, keys in found.items() if keys}

    today = told(day)
    assert today["Issues found today, and the plan"] == ["ISS-SEC-CFG-4"]
    assert today["Issues solved today"] == ["ISS-INT-SYS-1"]
    assert today["Issues that go on"] == ["ISS-INF-SVC-1"]
    before = told(replace(day, began=BEGAN - timedelta(days=2), ended=BEGAN - timedelta(days=1)))
    assert before["Issues found today, and the plan"] == ["ISS-INF-SVC-1", "ISS-INT-SYS-1"]
    assert "Issues solved today" not in before


def test_an_interrupted_run_is_named(day: Day, completion: Completion, team: Background, make: SimpleNamespace) -> None:
    assert "| interrupted |" in render_daily(day, "en", team)
    blocked = render_final(completion, "en", team).partition("Factors that blocked")[2].partition("\n## ")[0]
    assert f"run {make.run_id[:-1]}B" in blocked
    assert "db2" in blocked


def test_decisions_after_the_release_are_told_that_day(day: Day, team: Background) -> None:
    assert "Decisions after the release" in render_daily(day, "en", team)
    assert "Decisions after the release" not in render_daily(replace(day, ended=BEGAN + timedelta(hours=1)), "en", team)


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_from_outside_becomes_markup(
    day: Day, completion: Completion, team: Background, language: Language
) -> None:
    for text in (render_daily(day, language, team), render_final(completion, language, team)):
        assert "<script" not in text
        assert "<img" not in text
        assert "<b>" not in text
        assert "<log>" not in text
        # A pipe from outside would add a column to its table.
        for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
            assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1
        assert not re.search(r"^#+ owned", text, re.MULTILINE)


@pytest.mark.parametrize(("language", "other"), [("ko", "en"), ("en", "ko")])
def test_a_report_is_in_one_language(
    day: Day, completion: Completion, team: Background, language: Language, other: Language
) -> None:
    text = render_daily(day, language, team) + render_final(completion, language, team)
    strange = [
        sentence
        for key, entry in catalogue().items()
        if key.startswith(("daily.", "final.", "prepare.", "rollback."))
        and isinstance(sentence := entry[other], str)
        and len(sentence) > 12
        and "{" not in sentence
        and sentence in text
    ]
    assert strange == []


@pytest.mark.parametrize(
    ("language", "says"), [("ko", "배포 후 감시: 유지 (2025-06-23 13:55 +09:00)"), ("en", "After the release: Keep")]
)
def test_what_stands_after_the_release_is_on_the_page_and_in_the_terminal(
    whole: Signoff, team: Background, language: Language, says: str
) -> None:
    assert says in render_verdict(whole, language, colour=False, background=team)
    page = unescape(re.sub(r"<[^>]+>", "", render_page(whole, language, team)))
    assert says in " ".join(page.split())
    before = replace(whole, rollback=None)
    assert says not in render_verdict(before, language, colour=False, background=team)


def test_a_mean_with_a_limit_of_its_own_is_told(whole: Signoff, completion: Completion, team: Background) -> None:
    assert team.rollback is not None
    own = replace(team, rollback=replace(team.rollback, mean_seconds=0.3))
    assert "mean response time over 0.3 s" in render_final(completion, "en", own)
    assert "mean response time over 0.3 s" in render_page(whole, "en", own)


def test_machines_are_told_what_stands(whole: Signoff, decisions: tuple[RollbackDecision, ...]) -> None:
    schema = json.loads(resources.files("signoff.reports").joinpath("readiness.schema.json").read_text("utf-8"))
    for one in decisions:
        document = json.loads(render_json(replace(whole, rollback=one)))
        assert list(Draft202012Validator(schema).iter_errors(document)) == []
        assert document["rollback"]["verdict"] == one.verdict
    assert json.loads(render_json(replace(whole, rollback=decisions[0])))["rollback"]["values"][1] == {
        "service": "shop",
        "name": "error-ratio",
        "value": "0.06",
        "limit": "0.05",
    }
    assert json.loads(render_json(replace(whole, rollback=None)))["rollback"] is None
