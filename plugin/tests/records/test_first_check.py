"""The five issues of the first final check, from the runs that saw them and the words of those who mended them."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.checklist import load_checklist
from signoff.decision.evaluate import evaluate
from signoff.decision.register import issue_key
from signoff.decision.roster import key_id
from signoff.model import (
    Approval,
    IssueAction,
    IssueStatus,
    Outcome,
    Person,
    PlannedCell,
    Policy,
    Records,
    Run,
    Severity,
    Source,
    Target,
    Verdict,
)
from signoff.pytest_plugin.attempts import fingerprint
from signoff.reports.background import Background, Link
from signoff.reports.issue_resolution_json import render_issue_resolution_json
from signoff.reports.issues_markdown import render_issues
from signoff.reports.issues_terminal import render_issue, render_issue_list
from signoff.store import whole
from signoff.store.files import FileStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from signoff.model import Checklist, Issue, Language, Signoff

LANGUAGES: tuple[Language, ...] = ("ko", "en")
REFERENCES = (
    Link(label="점검 결과 보고서", href="readiness_check_20250627_140000.json"),
    Link(label="이슈 해결 보고서", href="issue_resolution_report_20250627_140000.json"),
)
LATE = {"INF-SVC-1": 2, "SW-DEP-3": 0, "SEC-CFG-4": 0, "MON-SYS-5": 0, "BAK-JOB-4": 0}
FIELDS = ("예상 원인", "담당자", "해결 기한", "해결 방법", "해결 완료일", "조치 내용")


@pytest.fixture(scope="module")
def checklist(first_check: dict[str, Any]) -> Checklist:
    """Return the real checklist, with the five items alone, and of each the check that failed."""
    whole_list = load_checklist(Path(__file__).parents[3] / "tests/checklist.yaml")
    failed = {issue["cell"].item: issue["cell"].check for issue in first_check["issues"]}
    items = [item for item in whole_list.items if item.id in failed]
    return replace(
        whole_list,
        items=tuple(
            replace(item, checks=tuple(check for check in item.checks if check.name == failed[item.id]))
            for item in items
        ),
    )


@pytest.fixture
def policy(first_check: dict[str, Any]) -> Policy:
    """Return the policy of that time."""
    people = tuple(
        Person(
            name=person["name"],
            roles=frozenset(person["roles"]),
            public_key=base64.b64encode(person["name"].encode().ljust(32, b".")[:32]).decode(),
        )
        for person in first_check["roster"]
    )
    return Policy(
        product="Christmas",
        environment="production",
        release="1.0.0",
        commit="abcdef1",
        timezone=first_check["timezone"],
        due_days={Severity.CRITICAL: 1, Severity.HIGH: 3, Severity.MEDIUM: 7, Severity.LOW: 14},
        roster=people,
    )


@pytest.fixture
def judge(
    first_check: dict[str, Any], checklist: Checklist, policy: Policy, tmp_path: Path, observation: Any
) -> Callable[..., Signoff]:
    """Return the function `judge(now, …)`: everything written to a store, read back, and evaluated."""
    store = FileStore(tmp_path / "production")
    cells = [issue["cell"] for issue in first_check["issues"]]
    planned = tuple(
        PlannedCell(
            cell=cell,
            target=Target(name=cell.target, kind="host"),
            source=Source(path="tests/test_it.py", line=1, sha256=""),
        )
        for cell in cells
    )
    for name, outcome in (("found", Outcome.FAIL), ("proven", Outcome.PASS)):
        times = first_check["runs"][name]
        run = Run(
            id=times["id"],
            environment="production",
            release="1.0.0",
            selector="",
            planned=tuple(cells),
            started=times["started"],
        )
        with store.begin_run(run) as journal:
            for seq, issue in enumerate(first_check["issues"]):
                at = times["ended"] - timedelta(seconds=10 - seq)
                journal.append(observation(issue["cell"], outcome, issue["reason"], run, seq, at))
            journal.close(times["ended"])
    for issue in first_check["issues"]:
        key = issue_key(issue["cell"].item, fingerprint(issue["cell"], issue["reason"]))
        for said in issue["said"]:
            store.record(IssueAction(key=key, **said), at=said["at"], by=said["by"])

    def judge_(now: datetime, approvals: tuple[Approval, ...] = ()) -> Signoff:
        kept = whole.read(store, policy.roster)
        assert kept.problems == ()
        return evaluate(
            checklist,
            planned,
            policy,
            kept.journals.observations,
            kept.journals.runs,
            Records(approvals=approvals),
            kept.ledger.actions,
            now,
        )

    return judge_


@pytest.fixture
def finished(judge: Callable[..., Signoff], first_check: dict[str, Any]) -> Signoff:
    """Return the decision an hour after the last run."""
    return judge(first_check["runs"]["proven"]["ended"] + timedelta(hours=1))


def _by_item(signoff: Signoff) -> dict[str, Issue]:
    return {issue.item: issue for issue in signoff.issues}


def test_four_were_mended_on_time_and_the_cache_two_days_late(finished: Signoff) -> None:
    assert {item: issue.late_days for item, issue in _by_item(finished).items()} == LATE
    assert {issue.status for issue in finished.issues} == {IssueStatus.VERIFIED}
    assert (finished.verdict, finished.reasons) == (Verdict.READY, ())
    assert not any(issue.overdue for issue in finished.issues)


def test_days_set_by_hand_are_shown_as_what_they_are(finished: Signoff) -> None:
    days = {item: (str(issue.due), issue.extended) for item, issue in _by_item(finished).items()}
    assert days == {
        "INF-SVC-1": ("2025-06-25", True),
        "SW-DEP-3": ("2025-06-24", True),
        "SEC-CFG-4": ("2025-06-23", True),
        "MON-SYS-5": ("2025-06-25", True),
        "BAK-JOB-4": ("2025-06-26", True),
    }


def test_on_the_day_after_the_caches_last_day_it_alone_is_overdue(
    judge: Callable[..., Signoff], first_check: dict[str, Any]
) -> None:
    before_the_proof = first_check["runs"]["proven"]["started"] - timedelta(hours=13)  # the night of June 27th
    signoff = judge(before_the_proof)
    assert [item for item, issue in _by_item(signoff).items() if issue.overdue and issue.resolved_at is None] == [
        "INF-SVC-1"
    ]
    assert signoff.verdict is Verdict.NO_GO


def test_claims_alone_closed_none_of_them(judge: Callable[..., Signoff], first_check: dict[str, Any]) -> None:
    signoff = judge(first_check["runs"]["proven"]["started"])
    assert {issue.status for issue in signoff.issues} == {IssueStatus.RESOLVED}
    assert all(issue.status.is_open for issue in signoff.issues)


def test_they_are_closed_when_the_release_is_signed(
    judge: Callable[..., Signoff], finished: Signoff, policy: Policy
) -> None:
    previous, given = "", []
    for minute, (role, name) in enumerate({"tech": "이기술", "qa": "박품질", "executive": "오대표"}.items()):
        person = next(person for person in policy.roster if person.name == name)
        created = finished.evaluated_at + timedelta(minutes=minute)
        given.append(
            Approval(
                role=role,
                decision="approve",
                approver=name,
                digest=finished.digest,
                created=created,
                valid_until=created + timedelta(days=3),
                previous=previous,
                envelope_sha256=f"envelope of {role}",
                environment="production",
                release="1.0.0",
                key_id=key_id(person.public_key),
            )
        )
        previous = f"envelope of {role}"
    signed = judge(finished.evaluated_at + timedelta(hours=1), approvals=tuple(given))
    assert (signed.verdict, {issue.status for issue in signed.issues}) == (Verdict.GO, {IssueStatus.CLOSED})


@pytest.mark.parametrize("language", LANGUAGES)
def test_issue_list_is_as_agreed(
    finished: Signoff, checklist: Checklist, golden: Callable[[str, str], None], language: Language
) -> None:
    background = Background(areas=checklist.areas, owners=checklist.owners)
    golden(f"first_check.{language}.md", render_issues(finished, language, background, REFERENCES))


def test_issue_list_has_the_shape_of_the_first_one(finished: Signoff, checklist: Checklist) -> None:
    """A section for each area, a box for each issue, the same fields in the same order, plan, references."""
    background = Background(areas=checklist.areas, owners=checklist.owners)
    text = render_issues(finished, "ko", background, REFERENCES)
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings[0] == "개요"
    assert headings[-2:] == ["액션 플랜", "참조 문서"]
    assert len([heading for heading in headings if heading.endswith(" 이슈")]) == 5
    blocks = re.split(r"^- \[x\] \*\*", text, flags=re.MULTILINE)[1:]
    assert len(blocks) == 5
    for block in blocks:
        places = [block.index(f"  - {name}:") for name in FIELDS]
        assert places == sorted(places)
        assert len(re.findall(r"^    - ", block, re.MULTILINE)) >= 3
    cache = blocks[0]
    assert "해결 기한: 2025-06-25" in cache
    assert "해결 완료일: 2025-06-27" in cache
    assert "2일 늦게 해결" in cache
    assert "조치 내용: maxmemory를 4GB로 증설" in cache
    assert "최초 발견일: 2025-05-13" in text


def test_resolution_report_counts_them(finished: Signoff, golden: Callable[[str, str], None]) -> None:
    text = render_issue_resolution_json(replace(finished, digest="d" * 64))
    golden("first_check.json", text)
    summary = json.loads(text)["summary"]
    assert (summary["total"], summary["verified"], summary["solved_on_time"], summary["solved_late"]) == (5, 5, 4, 1)
    assert (summary["extended"], summary["lacking_action"], summary["open"]) == (5, 0, 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_terminal_shows_list_and_single_issue_as_agreed(
    finished: Signoff, checklist: Checklist, golden: Callable[[str, str], None], language: Language
) -> None:
    background = Background(areas=checklist.areas, owners=checklist.owners)
    whole_list = render_issue_list(finished, finished.issues, language, background, width=100)
    one = render_issue(finished, _by_item(finished)["INF-SVC-1"], language, background, width=100)
    golden(f"first_check.{language}.txt", f"{whole_list}\n\n{one}\n")
