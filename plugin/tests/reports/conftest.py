"""Factories of decisions, golden files and a browser, for tests of every format."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import (
    NO_TARGET,
    ApprovalStatus,
    ApprovalStep,
    Attestation,
    Cell,
    CellResult,
    Checkpoint,
    EvidenceFile,
    Issue,
    IssueStatus,
    Item,
    ItemResult,
    Method,
    Observation,
    Outcome,
    Run,
    Severity,
    Signoff,
    State,
    Target,
    Text,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
NOW = datetime(2025, 6, 23, 5, 0, tzinfo=UTC)
RUN = "01JYD7Q2V8Z3K4M5N6P7R8S9TA"
OUTCOMES = {State.FAIL: Outcome.FAIL, State.WAIVED: Outcome.FAIL, State.ERROR: Outcome.ERROR}
XSS = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">'\"&amp;"


QUIETLY = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--virtual-time-budget=10000",
)


def sha(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()


def make_item(item_id: str, **fields: Any) -> Item:
    defaults: dict[str, Any] = {
        "id": item_id,
        "area": "infra",
        "section": "servers",
        "owner": "infra",
        "stage": 2,
        "severity": Severity.HIGH,
        "blocking": True,
        "method": Method.TEST,
        "max_age": timedelta(days=7),
        "title": Text(ko=f"{item_id} 점검", en=f"Check of {item_id}"),
        "remediation": Text(ko="설정을 고칩니다. 다시 점검합니다.", en="Mend the setting. Check again."),
    }
    return Item(**{**defaults, **fields})


def make_cell(item: str, target: str, state: State, observed: str = "", **fields: Any) -> CellResult:
    """Return a cell; without an observed value or a reason there is no observation."""
    cell = Cell(item=item, check=fields.pop("check", f"{item.lower().replace('-', '_')}_holds"), target=target)
    note, waiver, flaky = fields.pop("note", ""), fields.pop("waiver", ""), fields.pop("flaky", False)
    seen = None
    if observed or "reason" in fields:
        failing = state in {State.FAIL, State.WAIVED}
        defaults: dict[str, Any] = {
            "run": RUN,
            "seq": 1,
            "outcome": OUTCOMES.get(state, Outcome.PASS),
            "started": NOW - timedelta(minutes=31),
            "finished": NOW - timedelta(minutes=30),
            "environment": "production",
            "release": "1.0.0",
            "observed": observed,
            "inspected": 1,
            "evidence_sha256": sha(f"{cell}{observed}"),
            "fingerprint": sha(str(cell)) if failing else "",
        }
        seen = Observation(cell=cell, **{**defaults, **fields})
    kind = "-" if target == NO_TARGET else "host"
    return CellResult(
        cell=cell,
        state=state,
        target=Target(name=target, kind=kind),
        observation=seen,
        note=note,
        waiver=waiver,
        flaky=flaky,
    )


def make_issue(key: str, item: str, status: IssueStatus, **fields: Any) -> Issue:
    defaults: dict[str, Any] = {
        "fingerprint": sha(key),
        "targets": ("cache1",),
        "owner": "infra",
        "severity": Severity.HIGH,
        "summary": "96 % of maxmemory used",
        "opened": NOW - timedelta(days=2),
        "opened_run": RUN,
        "due": date(2025, 6, 25),
    }
    return Issue(key=key, item=item, status=status, **{**defaults, **fields})


def make_run(**fields: Any) -> Run:
    defaults: dict[str, Any] = {
        "id": RUN,
        "environment": "production",
        "release": "1.0.0",
        "selector": "",
        "planned": (Cell(item="A", check="a", target="-"),) * 3,
        "started": NOW - timedelta(minutes=40),
        "ended": NOW - timedelta(minutes=24, seconds=18),
        "controller": "ci-1",
        "user": "nightly",
        "git_revision": "3f9c2a1d5e6b7c8d9e0f",
    }
    return Run(**{**defaults, **fields})


def make_signoff(items: tuple[ItemResult, ...], **fields: Any) -> Signoff:
    defaults: dict[str, Any] = {
        "product": "Christmas",
        "environment": "production",
        "release": "1.0.0",
        "commit": "3f9c2a1d5e6b7c8d9e0f",
        "evaluated_at": NOW,
        "timezone": "Asia/Seoul",
        "verdict": Verdict.NO_GO,
        "reasons": (),
        "issues": (),
        "approvals": tuple(ApprovalStep(role=r, status=ApprovalStatus.MISSING) for r in ("tech", "qa", "executive")),
        "runs": (make_run(),),
        "digest": sha("evidence set"),
        "valid_until": NOW + timedelta(days=6),
        "checkpoints": (Checkpoint(run=RUN, seq=412, sha256=sha("journal")),),
    }
    return Signoff(items=items, **{**defaults, **fields})


ATTESTATION = Attestation(
    item="INT-FIN-4",
    passed=True,
    statement="운영 교육을 6월 18일에 마쳤고 참석자 9명의 이수를 확인했습니다.",
    by="최다은",
    role="qa",
    at=NOW - timedelta(days=2),
    expires=NOW + timedelta(days=60),
    release="1.0.0",
    evidence=(EvidenceFile(name="training-2025-06-18.pdf", sha256=sha("training")),),
)


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """Return the factories, for tests that need a decision of their own."""
    return SimpleNamespace(
        item=make_item,
        cell=make_cell,
        result=make_result,
        issue=make_issue,
        run=make_run,
        signoff=make_signoff,
        sha=sha,
        now=NOW,
        run_id=RUN,
        xss=XSS,
        attestation=ATTESTATION,
    )


def make_result(item_id: str, state: State, cells: list[CellResult], **fields: Any) -> ItemResult:
    """Return an item in a state; fields of the item and of the result may be mixed."""
    own = {key: fields.pop(key) for key in ("attestation", "waivers", "not_applicable", "note") if key in fields}
    until = NOW + timedelta(days=6) if state is State.PASS else None
    return ItemResult(item=make_item(item_id, **fields), state=state, cells=tuple(cells), valid_until=until, **own)


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with `golden/<name>`; with SIGNOFF_UPDATE_GOLDEN=1 write it instead."""

    def compare(name: str, text: str) -> None:
        path = HERE / "golden" / name
        if os.environ.get("SIGNOFF_UPDATE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare


@pytest.fixture
def browse(tmp_path: Path) -> Callable[..., str]:
    """Open a file in a real browser with more options, and return what the browser prints."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs chromium (apt-get install chromium)")

    def run(page: Path | str, *options: str) -> str:
        address = page if isinstance(page, str) else page.as_uri()
        command = [program, *QUIETLY, f"--user-data-dir={tmp_path / 'profile'}", *options, address]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=True).stdout

    return run
