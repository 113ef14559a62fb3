"""Reports of one test become one observation; node ids find their cells; failures get names."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.decision.fold import fold_cell
from signoff.model import Cell, Outcome, State
from signoff.pytest_plugin.attempts import Attempts, fingerprint

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import Observation
    from signoff.workspace import Workspace

TARGETS = ["web-1", "web", "web-1-x", "서울", "a.b_c", "x@y"]
HOSTS = "all:\n  hosts: {" + ", ".join(f"{name!r}: " for name in TARGETS) + "}\n"
ITEMS = {"INF-SRV-1": {"checks": ["alive"], "targets": "hosts"}, "INF-SRV-2": {"checks": ["whole"]}}


@pytest.fixture(scope="module")
def workspace(write_suite: Callable[..., Any]) -> Workspace:
    """Return a suite with odd target names, loaded."""
    tests = (
        '@pytest.mark.checklist(id="INF-SRV-1")\ndef test_alive(target): pass\n'
        '@pytest.mark.checklist(id="INF-SRV-2")\ndef test_whole(): pass\n'
    )
    loaded: Workspace = write_suite(ITEMS, tests, HOSTS).workspace()
    return loaded


def _attempts(workspace: Workspace) -> Attempts:
    return Attempts(workspace, "R1", "runner")


@pytest.mark.parametrize(
    ("node", "target"),
    [
        ("tests/test_it.py::test_alive[web-1]", "web-1"),
        ("tests/test_it.py::test_alive[web]", "web"),
        ("tests/test_it.py::test_alive[web-1-x]", "web-1-x"),
        ("tests/test_it.py::test_alive[web-1]@group", "web-1"),
        ("tests/test_it.py::test_alive[x@y]@a@b", "x@y"),
        ("tests/test_it.py::TestA::test_alive[a.b_c]", "a.b_c"),
        ("tests/test_it.py::test_alive[443-web-1]", "web-1"),
        ("tests/test_it.py::test_alive[web-1-443]", "web-1"),
        ("tests/test_it.py::test_alive[\\uc11c\\uc6b8]", "서울"),
        ("tests/test_it.py::test_whole", "-"),
        ("tests/test_it.py::test_whole@group", "-"),
        ("tests/test_it.py::test_whole[443]", "-"),
        ("tests/test_it.py::test_alive[NOTSET]", None),
        ("tests/test_it.py::test_alive", None),
        ("tests/test_it.py::test_other[web-1]", None),
        ("tests/test_it.py", None),
    ],
)
def test_a_node_id_finds_its_cell(workspace: Workspace, node: str, target: str | None) -> None:
    """Dashes, brackets, further parameters, groups of xdist and names that are not ASCII included."""
    found = _attempts(workspace).cell_of(node)
    assert (found.target if found else None) == target


def test_a_node_id_without_a_target_still_has_its_item(workspace: Workspace) -> None:
    """A check without targets was selected all the same."""
    assert _attempts(workspace).item_of("tests/test_it.py::test_alive[NOTSET]") == "INF-SRV-1"
    assert _attempts(workspace).item_of("tests/test_it.py::test_other") is None


def _report(when: str, outcome: str, *, worker: str = "", reason: str = "", facts: bool = True) -> Any:
    now = time.time()
    report = SimpleNamespace(
        nodeid="tests/test_it.py::test_whole",
        when=when,
        outcome={"pass": "passed", "skip": "skipped", "rerun": "rerun"}.get(outcome, "failed"),
        failed=outcome in {"fail", "error"},
        longrepr=reason,
        start=now,
        stop=now,
        node=SimpleNamespace(gateway=SimpleNamespace(id=worker)),
    )
    if facts:
        said = {"item": "INF-SRV-2", "check": "whole", "target": "-", "outcome": outcome, "reason": reason}
        report.signoff = {**said, "observed": "", "expected": "", "inspected": None}
    return report


def _state(workspace: Workspace, *tries: str, workers: tuple[str, ...] = ("",)) -> tuple[State, bool]:
    attempts = _attempts(workspace)
    seen: list[Observation] = []
    for number, outcome in enumerate(tries):
        worker = workers[number % len(workers)]
        last = number == len(tries) - 1
        for report in (
            _report("setup", "pass", worker=worker),
            _report("call", outcome, worker=worker, reason=outcome),
            *([_report("teardown", "pass", worker=worker)] if last or len(workers) > 1 else []),
        ):
            if report.when == "call" and not last and len(workers) == 1:
                report.outcome = "rerun"
            seen += attempts.feed(report)
    planned = next(place for place in workspace.planned if place.cell.check == "whole")
    now = datetime.now(UTC) + timedelta(seconds=1)
    result = fold_cell(
        planned, seen, max_age=timedelta(days=1), flaky_allowed=False, now=now, release="1.0.0", environment="demo"
    )
    return result.state, result.flaky


def test_a_retry_after_a_failure_stays_a_failure(workspace: Workspace) -> None:
    """Production that is right every second time is not right."""
    assert _state(workspace, "fail", "pass") == (State.FAIL, True)


def test_a_retry_after_an_error_may_pass(workspace: Workspace) -> None:
    """A connection that was lost once is what retries are for."""
    assert _state(workspace, "error", "pass") == (State.PASS, False)


def test_workers_that_repeat_each_other_are_no_retries(workspace: Workspace) -> None:
    """With `--dist each` the worst of the workers counts."""
    assert _state(workspace, "error", "pass", workers=("gw0", "gw1"))[0] is State.ERROR


def test_a_crash_without_any_earlier_report_finds_its_cell(workspace: Workspace) -> None:
    """The worker's own facts are lost with it."""
    (seen,) = _attempts(workspace).feed(_report("???", "error", facts=False))
    assert (seen.cell.check, seen.outcome) == ("whole", Outcome.ERROR)


CELL = Cell(item="INF-SRV-1", check="alive", target="db")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("db: 82 % used", "db: 83 % used", True),
        ("db: at 2026-11-22T09:00:00", "db: at 2026-12-23T10:30:01", True),
        ("commit 3f2a9bc0 differs", "commit 77aa01fe differs", True),
        ("db: cannot connect", "db: 83 % used", False),
        ("mongodb is down", "mongo* is down", False),
    ],
)
def test_a_failure_is_named_by_its_words(one: str, other: str, same: bool) -> None:
    """Other numbers are the same failure, other words are another."""
    assert (fingerprint(CELL, one) == fingerprint(CELL, other)) is same


def test_a_failure_is_named_alike_on_every_target() -> None:
    """A waiver for two hosts names one failure."""
    there = Cell(item="INF-SRV-1", check="alive", target="web-1")
    assert fingerprint(CELL, "db: full (db.example)") == fingerprint(there, "web-1: full (web-1.example)")
