"""The checklist that ships is the plan's: its seven roles, five stages, areas and items, in its words and order."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signoff.cli.init import suite_source
from signoff.config.checklist import load_checklist

if TYPE_CHECKING:
    from signoff.model import Checklist, Item

PLAN = (Path(__file__).parent / "plan.md").read_text(encoding="utf-8")
ADDED = {"INF-SVC-1", "MON-SYS-5"}
"""Items that the plan's list of issues implies, beside the plan's own."""
STAGE_WORDS = {
    "서버, 네트워크, 클라우드 자원 점검": {"infra"},
    "보안 설정 및 취약점 점검": {"security"},
    "백업 및 재해 복구 시스템 점검": {"backup"},
    "API 및 서비스 점검": {"software"},
    "데이터베이스 구성 및 성능 점검": {"software", "performance"},
    "성능 및 안정성 테스트 실행": {"performance"},
    "모니터링 및 로깅 시스템 점검": {"monitoring"},
    "운영 툴 및 프로세스 검증": {"rollback"},
    "장애 대응 시뮬레이션 실행": {"rollback"},
    "전체 시스템 통합 테스트": {"integration"},
}
"""What each line of the plan's schedule is about."""


def part(heading: str, level: int = 2) -> str:
    """Return the plan's text below a heading."""
    mark = "#" * level
    found = re.search(rf"^{mark} {heading}.*?$(.*?)(?=^#{{2,{level}}} |\Z)", PLAN, re.MULTILINE | re.DOTALL)
    assert found, heading
    return found[1]


@pytest.fixture(scope="module")
def shipped() -> Checklist:
    """Return the checklist that `signoff init` hands out."""
    return load_checklist(suite_source() / "tests/checklist.yaml")


def test_owners_are_the_seven_roles_of_the_team(shipped: Checklist) -> None:
    roles = re.findall(r"^- \*\*(.+?)\*\*", part("점검 팀 구성"), re.MULTILINE)
    assert len(roles) == 7
    assert [name.ko for name in shipped.owners.values()] == roles
    assert {item.owner for item in shipped.items} == set(shipped.owners)


def test_stages_are_the_five_of_the_schedule(shipped: Checklist) -> None:
    stages = re.findall(r"^### (\d)단계: (.+?) \(\d일\)$", part("실행 계획 및 일정"), re.MULTILINE)
    assert [(str(number), title.ko) for number, title in shipped.stages.items()] == stages
    assert len(stages) == 5


def test_items_are_checked_in_the_stage_that_the_schedule_says(shipped: Checklist) -> None:
    wanted: dict[str, set[int]] = {}
    for number in range(2, 6):
        for line in re.findall(r"^- (.+)$", part(f"{number}단계", 3), re.MULTILINE):
            for area in STAGE_WORDS.get(line, set()):
                wanted.setdefault(area, set()).add(number)
    actual: dict[str, set[int]] = {}
    for item in shipped.items:
        actual.setdefault(item.area, set()).add(item.stage)
    assert actual == wanted
    # The first stage is preparation: the team, the checks and the access, and no item of the list.
    assert {item.stage for item in shipped.items} == {2, 3, 4, 5}


def planned(heading: str) -> list[tuple[str, list[str]]]:
    """Return the sections below a heading of the plan's list, each with its items."""
    text = part(heading, 3)
    sections = re.split(r"^- \*\*(.+?)\*\*$", text, flags=re.MULTILINE)[1:]
    pairs = zip(sections[::2], sections[1::2], strict=True)
    return [(title, re.findall(r"^\s+- \[ \] (.+)$", body, re.MULTILINE)) for title, body in pairs]


@pytest.mark.parametrize(
    ("number", "area"),
    [*enumerate(["infra", "software", "security", "performance", "monitoring", "backup", "integration"], 1)],
)
def test_every_line_of_the_plan_is_an_item(shipped: Checklist, number: int, area: str) -> None:
    sections = {section.key: section.title.ko for one in shipped.areas if one.key == area for section in one.sections}
    mine: dict[str, list[str]] = {}
    for item in shipped.items:
        if item.area == area and item.id not in ADDED:
            mine.setdefault(sections[item.section], []).append(item.title.ko)
    assert list(mine.items()) == planned(f"{number}. ")


def test_the_rollback_plan_is_there_line_by_line(shipped: Checklist) -> None:
    lines = re.findall(r"^\s+- (.+)$", part("배포 롤백 계획"), re.MULTILINE)
    assert [item.title.ko for item in shipped.items if item.area == "rollback"] == lines


@pytest.mark.parametrize(
    ("prefix", "owner"),
    [
        ("INF-", "infra"),
        ("BAK-", "infra"),
        ("SEC-", "security"),
        ("SW-API-", "backend"),
        ("SW-WEB-", "frontend"),
        ("SW-DEP-", "devops"),
        ("SW-DB-", "dba"),
        ("PERF-", "qa"),
        ("INT-", "qa"),
        ("MON-", "devops"),
    ],
)
def test_whoever_the_plan_names_for_an_area_owns_its_items(shipped: Checklist, prefix: str, owner: str) -> None:
    mine: list[Item] = [item for item in shipped.items if item.id.startswith(prefix)]
    assert mine
    assert {item.owner for item in mine} == {owner}


def test_the_approvals_are_the_plans() -> None:
    steps = re.findall(r"^\s+- (.+) 승인$", part("보고 및 승인 프로세스"), re.MULTILINE)
    assert steps == ["기술 팀", "품질 보증 팀", "경영진 최종"]
