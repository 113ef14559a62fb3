"""A realistic decision: 83 items, the five known issues, and one item each of the other states."""

from __future__ import annotations

import csv
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from signoff.model import (
    Cell,
    CellResult,
    Change,
    IssueStatus,
    ItemResult,
    Method,
    NotApplicable,
    Severity,
    Signoff,
    State,
    Text,
)

DATA = Path(__file__).parents[2] / "data"
BAD: dict[str, tuple[str, ...]] = {
    "INF-SVC-1": ("cache1",),
    "SW-DEP-3": ("app2",),
    "SEC-CFG-4": ("app1", "app2"),
    "MON-SYS-5": ("sentry",),
    "BAK-JOB-4": ("backup1",),
}
DUE = {"INF-SVC-1": 25, "SW-DEP-3": 24, "SEC-CFG-4": 22, "MON-SYS-5": 25, "BAK-JOB-4": 26}
OTHER = {
    "INF-NET-3": State.ERROR,
    "PERF-STAB-1": State.NOT_VERIFIED,
    "SEC-VUL-1": State.STALE,
    "SW-WEB-4": State.WAIVED,
}
DERIVED = {
    "INT-FIN-1": (State.NOT_VERIFIED, "8 items are not decided: INF-SVC-1, SW-DEP-3, SEC-CFG-4"),
    "INT-FIN-2": (State.FAIL, "5 critical or high issues are open: ISS-INF-SVC-1, ISS-SW-DEP-3"),
}
ABSENT = {"INF-CLD-1", "INF-CLD-2", "INF-CLD-3", "INF-CLD-4", "SEC-CFG-1"}


@pytest.fixture
def realistic(make: Any) -> Signoff:
    return realistic_signoff(make)


def realistic_signoff(make: Any) -> Signoff:
    lines = (DATA / "items.tsv").read_text(encoding="utf-8").splitlines()
    rows = csv.DictReader(lines, delimiter="\t")
    results = tuple(_result(make, row) for row in rows)
    by_id = {each.item.id: each for each in results}
    issues = tuple(
        make.issue(
            f"ISS-{item}-{make.sha(item)[:8]}",
            item,
            IssueStatus.OPEN,
            owner=by_id[item].item.owner,
            severity=by_id[item].item.severity,
            targets=targets,
            due=date(2025, 6, DUE[item]),
            overdue=DUE[item] < make.now.day,
            summary=by_id[item].cells[0].observation.observed,  # type: ignore[union-attr] # it failed, so it was seen
        )
        for item, targets in BAD.items()
    )
    return make.signoff(results, issues=issues, changes=CHANGES, runs=_runs(make))  # type: ignore[no-any-return]


def _result(make: Any, row: dict[str, str]) -> ItemResult:
    item = row["id"]
    fields: dict[str, Any] = {key: row[key] for key in ("area", "section", "owner")}
    fields |= {"stage": int(row["stage"]), "severity": Severity(row["severity"]), "method": Method(row["method"])}
    fields["title"] = Text(ko=row["title_ko"], en=row["title_en"])
    fields["remediation"] = Text(ko=row["remediation_ko"], en=row["remediation_en"])
    if item in DERIVED:
        state, note = DERIVED[item]
        return make.result(item, state, [], note=note, **fields)  # type: ignore[no-any-return]
    if item in ABSENT:
        absent = NotApplicable(
            item=item, target="*", reason="클라우드를 쓰지 않는 자체 서버실입니다.", approver="박지우"
        )
        return make.result(item, State.NOT_APPLICABLE, [], not_applicable=absent, **fields)  # type: ignore[no-any-return]
    if not row["targets"]:
        attested = replace(make.attestation, item=item)
        return make.result(item, State.ATTESTED, [], attestation=attested, **fields)  # type: ignore[no-any-return]
    state = State.FAIL if item in BAD else OTHER.get(item, State.PASS)
    targets = row["targets"].split()
    bad = BAD.get(item, targets[-1:] if item in OTHER else ())
    cells = [_cell(make, row, target, state if target in bad else State.PASS) for target in targets]
    return make.result(item, state, sorted(cells, key=lambda cell: cell.state.rank), **fields)  # type: ignore[no-any-return]


def _cell(make: Any, row: dict[str, str], target: str, state: State) -> CellResult:
    seen: dict[str, Any] = {"observed": row["observed"], "expected": row["expected"]}
    if state is State.ERROR:
        seen = {"reason": f"{target}: sudo: a password is required for /usr/sbin/nft", "expected": row["expected"]}
    elif state is State.NOT_VERIFIED:
        seen = {"note": "not run"}
    elif state is State.STALE:
        seen["note"] = "older than 1d"
    elif state is State.WAIVED:
        seen["waiver"] = "W-3"
    elif target == "app1" and row["id"] == "SW-DEP-3":
        seen["observed"] = "97 of 97 packages as locked"
    return make.cell(row["id"], target, state, **seen)  # type: ignore[no-any-return]


CHANGES = (
    Change(item="MON-SYS-5", before=State.PASS, after=State.FAIL, cause="regressed"),
    Change(item="INF-NET-3", before=State.PASS, after=State.ERROR, cause="could not check"),
    Change(item="SEC-VUL-1", before=State.PASS, after=State.STALE, cause="went stale"),
    Change(item="SW-API-2", before=State.NOT_VERIFIED, after=State.PASS, cause="verified"),
    Change(item="INF-NET-5", before=State.FAIL, after=State.PASS, cause="fixed"),
)


def _runs(make: Any) -> tuple[Any, ...]:
    cells = (Cell(item="INF-SVC-1", check="cache", target="cache1"),)
    yesterday = make.now - timedelta(days=1, hours=12)
    return (
        make.run(
            id="01JYB1M0C4W5X6Y7Z8A9B0C1D2",
            started=yesterday,
            ended=yesterday + timedelta(minutes=17),
            planned=cells * 214,
        ),
        make.run(
            id="01JYCV5N2E3F4G5H6J7K8M9N0P",
            selector="-m security",
            user="security",
            controller="sec-laptop",
            planned=cells * 31,
        ),
        make.run(planned=cells * 214),
    )
