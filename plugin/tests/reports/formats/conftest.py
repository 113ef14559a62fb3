"""A decision made by hand that has every state once, with Korean, long and hostile text; and what it was judged by."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import (
    NO_TARGET,
    Approval,
    ApprovalStatus,
    ApprovalStep,
    Area,
    Change,
    IssueStatus,
    Method,
    NotApplicable,
    Reason,
    RollbackRule,
    Section,
    State,
    Text,
    Verdict,
    Waiver,
)
from signoff.reports.background import Background

if TYPE_CHECKING:
    from types import SimpleNamespace

    from signoff.model import Signoff

DATA = Path(__file__).parents[1] / "data"
QA = {"area": "integration", "owner": "qa", "stage": 5}
SECURITY = {"area": "security", "owner": "security"}
NOT_HERE = NotApplicable(item="INT-SYS-2", target="*", reason="서비스가 하나뿐입니다.", approver="박지우")


def cases(make: SimpleNamespace) -> list[tuple[str, State, list[dict[str, Any]], dict[str, Any]]]:
    """Return item, state, cells and fields of the item."""
    xss = make.xss
    full = {"observed": "96 % of maxmemory used", "expected": "<= 80 %", "reason": "cache1: 96 %"}
    fine = {"state": State.PASS, "observed": "41 % of maxmemory used", "expected": "<= 80 %"}
    hostile = Text(ko=f"비밀 값 {xss}", en=f"Secrets {xss}")
    slow = {"observed": "LCP 2.9 s", "expected": "LCP <= 2.5 s", "waiver": "W-3"}
    web = {"area": "software", "section": "web", "owner": "frontend", "waivers": ("W-3",)}
    taught = {"section": "final", "method": Method.INTERVIEW, "attestation": make.attestation}
    return [
        ("INF-SVC-1", State.FAIL, [{"target": "cache1", **full}, {"target": "cache2", **fine}], {"section": "cache"}),
        ("INF-NET-3", State.ERROR, [{"target": "db2", "reason": "db2: refused\n" + "x" * 600}], {"section": "network"}),
        ("SEC-VUL-1", State.NOT_VERIFIED, [{"note": "not run"}], {**SECURITY, "section": "vulnerabilities"}),
        (
            "SEC-CFG-4",
            State.STALE,
            [{"target": xss, "observed": xss, "expected": xss, "note": "older than 7d"}],
            {**SECURITY, "section": "hardening", "owner": xss, "title": hostile},
        ),
        ("SW-WEB-4", State.WAIVED, [slow], web),
        ("INT-FIN-4", State.ATTESTED, [], {**QA, **taught}),
        ("INT-SYS-1", State.PASS, [{"observed": "211 of 211 tests passed"}], {**QA, "section": "system"}),
        ("INT-SYS-2", State.NOT_APPLICABLE, [], {**QA, "section": "system", "not_applicable": NOT_HERE}),
    ]


@pytest.fixture
def small(make: SimpleNamespace) -> Signoff:
    """Return a NO-GO with an overdue issue, a late one, a superseded approval and an interrupted run."""
    results = []
    for item, state, cells, fields in cases(make):
        made = [make.cell(item, **{"target": NO_TARGET, "state": state, **cell}) for cell in cells]
        results.append(make.result(item, state, made, **fields))
    signed = Approval(
        role="tech",
        decision="approve-with-conditions",
        approver="김민준",
        digest=make.sha("earlier set"),
        created=make.now - timedelta(days=1),
        valid_until=make.now + timedelta(days=6),
        comment="캐시 증설 전제",
        conditions=("배포 당일 캐시 사용량을 다시 확인할 것",),
        envelope_sha256=make.sha("envelope"),
    )
    again = Text(ko="전체 점검을 다시 실행할 것", en="run it all again")
    signoff: Signoff = make.signoff(
        tuple(results),
        issues=issues(make),
        reasons=(
            Reason(verdict=Verdict.NO_GO, item="INF-SVC-1", text=Text(ko="INF-SVC-1 실패", en="INF-SVC-1 failed")),
            Reason(verdict=Verdict.INCOMPLETE, item="", text=again),
        ),
        approvals=(
            ApprovalStep(role="tech", status=ApprovalStatus.SUPERSEDED, approval=signed),
            ApprovalStep(role="qa", status=ApprovalStatus.MISSING),
        ),
        changes=(
            Change(item="INF-SVC-1", before=State.PASS, after=State.FAIL, cause="regressed"),
            Change(item="INT-SYS-1", before=State.FAIL, after=State.PASS, cause="fixed"),
            Change(item="INF-SVC-1", before=None, after=None, cause="target added", target="cache2"),
        ),
        runs=(make.run(), make.run(id=make.run_id[:-1] + "B", selector="-m security", ended=None, interrupted=True)),
    )
    return signoff


def issues(make: SimpleNamespace) -> tuple[Any, ...]:
    """Return one open and overdue, one solved two days late."""
    return (
        make.issue("ISS-INF-SVC-1-1a2b3c4d", "INF-SVC-1", IssueStatus.OPEN, due=date(2025, 6, 22), overdue=True),
        make.issue(
            "ISS-INT-SYS-1-5e6f7a8b",
            "INT-SYS-1",
            IssueStatus.VERIFIED,
            owner="qa",
            targets=(),
            summary="통합 테스트 3건 실패",
            due=date(2025, 6, 20),
            cause="테스트 데이터 누락",
            planned=("데이터를 다시 만듭니다.",),
            action="시드 스크립트를 추가했습니다. | <b>",
            resolved_at=make.now - timedelta(days=1, hours=2),
            resolved_by="최다은",
            verified_at=make.now - timedelta(minutes=30),
            verified_run=make.run_id,
            reopen_count=1,
            late_days=2,
        ),
    )


@pytest.fixture
def partial(small: Signoff) -> Signoff:
    """Return two satisfied items selected out of eight."""
    return replace(small, verdict=Verdict.PARTIAL_OK, scope=frozenset({"INT-SYS-1", "INT-FIN-4"}), reasons=())


@pytest.fixture
def background(make: SimpleNamespace) -> Background:
    return names(make)


def names(make: SimpleNamespace) -> Background:
    """Return areas, owners, one waiver and the rollback criteria."""
    lines = (DATA / "names.tsv").read_text(encoding="utf-8").splitlines()
    rows = list(csv.DictReader(lines, delimiter="\t"))
    texts = {(row["kind"], row["key"]): Text(ko=row["ko"], en=row["en"]) for row in rows}
    sections = {key: text for (kind, key), text in texts.items() if kind == "section"}
    waiver = Waiver(
        id="W-3",
        item="SW-WEB-4",
        targets=("*",),
        fingerprints=(make.sha("lcp"),),
        covers=frozenset({State.FAIL}),
        reason="메인 이미지 최적화가 다음 릴리스에 예정되어 있습니다.",
        risk="첫 화면이 0.4초 늦게 보입니다.",
        compensating_control="CDN에서 이미지를 미리 압축합니다.",
        requested_by="이서준",
        approver="박지우",
        role="executive",
        created=make.now - timedelta(days=3),
        expires=make.now + timedelta(days=19),
    )
    return Background(
        areas=tuple(
            Area(
                key=area,
                title=title,
                sections=tuple(
                    Section(key=key.split("/")[1], title=text)
                    for key, text in sections.items()
                    if key.startswith(f"{area}/")
                ),
            )
            for (kind, area), title in texts.items()
            if kind == "area"
        ),
        owners={key: text for (kind, key), text in texts.items() if kind == "owner"},
        waivers=(waiver,),
        rollback=RollbackRule(
            error_ratio=0.05, response_seconds=1.0, percentile=0.95, window=timedelta(minutes=5), min_samples=200
        ),
    )
