"""A decision that has every state with every mixture of cells that leads to it, and a GO."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import (
    Approval,
    ApprovalStatus,
    ApprovalStep,
    IssueEvent,
    IssueStatus,
    Method,
    NotApplicable,
    Outcome,
    Reason,
    Severity,
    State,
    Text,
    Verdict,
)
from signoff.reports.exports.registry import export
from signoff.reports.exports.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import SimpleNamespace

    from signoff.model import CellResult, ItemResult, Signoff
    from signoff.reports.background import Background

PASS, FAIL, ERROR, WAIVED, STALE = State.PASS, State.FAIL, State.ERROR, State.WAIVED, State.STALE
UNSEEN, ATTESTED, ABSENT = State.NOT_VERIFIED, State.ATTESTED, State.NOT_APPLICABLE

MIXTURES: tuple[tuple[str, State, tuple[State, ...], dict[str, Any]], ...] = (
    ("SEC-AUTH-1", PASS, (PASS, PASS), {}),
    ("SEC-AUTH-2", PASS, (PASS, ABSENT), {}),
    ("BAK-DR-1", PASS, (PASS,), {"method": Method.HYBRID, "attested": True}),
    ("INT-FIN-1", PASS, (), {"method": Method.DERIVED}),
    ("SEC-CFG-1", FAIL, (FAIL, PASS), {"severity": Severity.CRITICAL}),
    ("SEC-CFG-2", FAIL, (FAIL, ERROR, UNSEEN, STALE, WAIVED, PASS), {"severity": Severity.MEDIUM}),
    ("BAK-DR-2", FAIL, (), {"method": Method.EXAMINE, "attested": False}),
    ("SEC-NET-1", ERROR, (ERROR, PASS), {"severity": Severity.LOW}),
    ("INF-NET-3", ERROR, (ERROR, UNSEEN, STALE, WAIVED, PASS), {}),
    ("SEC-VUL-1", UNSEEN, (UNSEEN,), {}),
    ("SEC-VUL-2", UNSEEN, (UNSEEN, PASS), {}),
    ("INF-CLD-1", UNSEEN, (), {}),
    ("BAK-DR-3", UNSEEN, (PASS,), {"method": Method.HYBRID}),
    ("BAK-DR-4", UNSEEN, (UNSEEN,), {"method": Method.HYBRID, "attested": True}),
    ("SEC-LOG-1", STALE, (STALE,), {}),
    ("INF-SVC-1", STALE, (STALE, WAIVED, PASS), {}),
    ("SEC-LOG-2", WAIVED, (WAIVED, PASS), {}),
    ("INF-SVC-2", WAIVED, (WAIVED,), {"error": True}),
    ("INF-SVC-3", WAIVED, (WAIVED, ABSENT), {}),
    ("INT-FIN-4", ATTESTED, (), {"method": Method.INTERVIEW, "attested": True}),
    ("INT-FIN-5", ATTESTED, (ABSENT,), {"method": Method.HYBRID, "attested": True}),
    ("SEC-API-1", ABSENT, (), {}),
)
"""Item, its state, the states of its cells, what else is special."""
AREAS = {"SEC": "security", "INF": "infra", "INT": "integration", "BAK": "backup"}
PROBLEM = "run R1: line 3 was edited"


def result(make: SimpleNamespace, item: str, state: State, cells: tuple[State, ...], **fields: Any) -> ItemResult:
    """Return an item with one cell for each state."""
    fields = dict(fields)
    attested, error = fields.pop("attested", None), fields.pop("error", False)
    made = [cell(make, item, f"host{number}", each, error=error) for number, each in enumerate(cells, 1)]
    if attested is not None:
        fields["attestation"] = replace(make.attestation, item=item, passed=attested)
    if WAIVED in cells:
        fields["waivers"] = ("W-3",)
    if state is ABSENT:
        fields["not_applicable"] = NotApplicable(
            item=item, target="*", reason="공개 API가 없습니다.", approver="박지우"
        )
    area = AREAS[item.partition("-")[0]]
    done: ItemResult = make.result(item, state, made, **{"area": area, "section": "servers", "owner": "qa", **fields})
    return done


def cell(make: SimpleNamespace, item: str, target: str, state: State, *, error: bool = False) -> CellResult:
    """Return a cell with what was seen, as the fold leaves it."""
    node = f"tests/security/test_{item.partition('-')[0].lower()}.py::test_it[{target}]"
    seen: dict[State, dict[str, Any]] = {
        PASS: {"observed": "TLS 1.3", "expected": ">= TLS 1.2"},
        FAIL: {"observed": "TLS 1.0", "expected": ">= TLS 1.2", "reason": f"{target}: TLS 1.0 | =2+3, limit 1.2"},
        ERROR: {"reason": f"{target}: connection refused\n  at port 22"},
        WAIVED: {"reason": f"{target}: TLS 1.0", "waiver": "W-3"} | ({"outcome": Outcome.ERROR} if error else {}),
        STALE: {"observed": "TLS 1.3", "note": "older than 7d", "finished": make.now - timedelta(days=8)},
        UNSEEN: {"note": "not run"},
        ABSENT: {"note": "not applicable here: one host only (박지우)"},
    }
    made: CellResult = make.cell(item, target, state, **{"node": node, **seen[state]} if state in seen else {})
    return made if state not in {UNSEEN, ABSENT} else replace(made, observation=None)


@pytest.fixture(scope="session")
def every(make: SimpleNamespace) -> Signoff:
    """Return a NO-GO with every state in every mixture, and every status of an issue."""
    items = tuple(result(make, item, state, cells, **more) for item, state, cells, more in MIXTURES)
    signoff: Signoff = make.signoff(
        items,
        commit="3f9c2a1d5e6b7c8d9e0f3f9c2a1d5e6b7c8d9e0f",
        reasons=(
            Reason(verdict=Verdict.NO_GO, item="SEC-CFG-1", text=Text(ko="SEC-CFG-1 실패", en="SEC-CFG-1 failed")),
        ),
        issues=tuple(issue(make, number, status) for number, status in enumerate(IssueStatus, 1)),
        inputs={name: make.sha(name) for name in ("checklist", "inventory", "policy")},
    )
    return signoff


def issue(make: SimpleNamespace, number: int, status: IssueStatus) -> Any:
    key, item = f"ISS-SEC-CFG-1-{number:08x}", "SEC-LOG-2" if status is IssueStatus.WAIVED else "SEC-CFG-1"
    more: dict[str, Any] = {}
    if status in {IssueStatus.RESOLVED, IssueStatus.VERIFIED, IssueStatus.CLOSED}:
        at = make.now - timedelta(hours=5)
        events = (
            IssueEvent(at=make.now - timedelta(days=2), what="opened", run=make.run_id),
            IssueEvent(at=make.now - timedelta(days=1), what="noted", by="최다은", text="원인을 찾는 중"),
            IssueEvent(at=at, what="resolved", by="최다은", text="TLS 1.0을 껐습니다."),
        )
        more = {"resolved_at": at, "resolved_by": "최다은", "action": "TLS 1.0을 껐습니다.", "history": events}
    return make.issue(key, item, status, summary="TLS 1.0\nis accepted", planned=("끄기", "다시 점검"), **more)


@pytest.fixture(scope="session")
def go(make: SimpleNamespace, every: Signoff) -> Signoff:
    """Return a GO: everything satisfied, three signatures."""
    steps = tuple(
        ApprovalStep(
            role=role,
            status=ApprovalStatus.VALID,
            approval=Approval(
                role=role,
                decision="approve",
                approver=role,
                digest=every.digest,
                created=make.now,
                valid_until=make.now + timedelta(days=6),
            ),
        )
        for role in ("tech", "qa", "executive")
    )
    good = tuple(each for each in every.items if each.state in {PASS, ATTESTED, ABSENT})
    return replace(every, items=good, verdict=Verdict.GO, reasons=(), issues=(), approvals=steps)


@pytest.fixture(scope="session")
def invalid(go: Signoff) -> Signoff:
    """Return what was a GO until somebody edited a journal."""
    text = Text(ko=f"저장된 기록을 신뢰할 수 없음: {PROBLEM}", en=f"stored records cannot be trusted: {PROBLEM}")
    reason = Reason(verdict=Verdict.INVALID, item="", text=text, kind="integrity")
    return replace(go, verdict=Verdict.INVALID, reasons=(reason,))


@pytest.fixture
def told(background: Background) -> Callable[..., str]:
    """Export a decision: `told(format, signoff)`."""

    def run(name: str, signoff: Signoff, *, language: str = "en", redact: Callable[[str], str] = str) -> str:
        wording = Wording(signoff=signoff, language=language, background=background, version="1.2.3")  # type: ignore[arg-type]
        return export(name, wording, redact)

    return run


@pytest.fixture(scope="session")
def mixture(make: SimpleNamespace) -> Callable[..., ItemResult]:
    """Build an item from the states of its cells."""
    return partial(result, make)


def document(told: Callable[..., str], name: str, signoff: Signoff) -> Any:
    """Return what an export tells, read as JSON."""
    return json.loads(told(name, signoff))


def heimdall(control: dict[str, Any]) -> str:
    """Derive the status as inspecjs does; the real one is asked by `.ci/check_exports.py`."""
    statuses = ["error" if segment.get("backtrace") else segment["status"] for segment in control["results"]]
    if "error" in statuses:
        return "Profile Error"
    if control.get("waiver_data", {}).get("skipped_due_to_waiver") or control["impact"] == 0:
        return "Not Applicable"
    for status, word in (("failed", "Failed"), ("passed", "Passed"), ("skipped", "Not Reviewed")):
        if status in statuses:
            return word
    return "Profile Error"
