"""Every row of the table "what pytest says, and what that is worth": alone, and over two workers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True)
class Row:
    """One row: the test's text, and the state and exit status that its item must get."""

    body: str
    state: str
    says: str = ""
    mark: str = ""
    fixtures: str = ""


ROWS = {
    "passed": Row("pass", "PASS"),
    "failed": Row("assert 1 == 2, 'web-1: one, not two'", "FAIL", "web-1: one, not two"),
    "failed_by_call": Row("pytest.fail('says no')", "FAIL", "says no"),
    "raised": Row("raise ZeroDivisionError('oops')", "ERROR", "ZeroDivisionError: oops"),
    "exited": Row("raise SystemExit(0)", "ERROR", "SystemExit"),
    "setup_failed": Row("pass", "ERROR", "no fixture today", fixtures="broken_setup"),
    "setup_asserted": Row("pass", "ERROR", "no premise", fixtures="asserting_setup"),
    "passed_then_teardown_failed": Row("pass", "ERROR", "teardown failed", fixtures="broken_teardown"),
    "failed_then_teardown_failed": Row("assert 0, 'first no'", "FAIL", "first no", fixtures="broken_teardown"),
    "skipped_by_mark": Row("pass", "NOT_VERIFIED", "not today", mark="@pytest.mark.skip(reason='not today')"),
    "skipped_by_call": Row("pytest.skip('not now')", "NOT_VERIFIED", "not now"),
    "skipped_if": Row("pass", "NOT_VERIFIED", "no moon", mark="@pytest.mark.skipif(True, reason='no moon')"),
    "skipped_in_setup": Row("pass", "NOT_VERIFIED", "no premises", fixtures="skipping_setup"),
    "expected_to_fail": Row("assert 0", "FAIL", "no waiver", mark="@pytest.mark.xfail(strict=False)"),
    "expected_not_run": Row("pass", "FAIL", "no waiver", mark="@pytest.mark.xfail(run=False)"),
    "expected_by_call": Row("pytest.xfail('known')", "FAIL", "no waiver"),
    "unexpectedly_passed": Row("pass", "PASS", "remove xfail", mark="@pytest.mark.xfail(strict=False)"),
    "unexpectedly_passed_strict": Row("pass", "FAIL", "XPASS", mark="@pytest.mark.xfail(strict=True)"),
    "not_verified": Row("signoff.not_verified('grant pg_monitor')", "NOT_VERIFIED", "grant pg_monitor"),
    "not_verified_in_setup": Row("pass", "NOT_VERIFIED", "tool missing", fixtures="unverified_setup"),
    "unreachable": Row("signoff.unreachable('no route')", "ERROR", "no route"),
    "unreachable_counts": Row("signoff.unreachable('shop is down')", "FAIL", "shop is down"),
    "unreachable_in_setup_counts": Row("pass", "ERROR", "bastion is down", fixtures="unreachable_setup"),
    "wrong_password": Row("raise signoff.errors.AuthenticationError('refused')", "ERROR", "refused"),
    "nothing_inspected": Row("evidence(inspected=0)", "NOT_VERIFIED", fixtures="evidence"),
    "inspected_no_number": Row("evidence(inspected='3')", "ERROR", "count of objects", fixtures="evidence"),
    "failed_and_nothing_inspected": Row("evidence(inspected=0); assert 0, 'x'", "FAIL", fixtures="evidence"),
    "too_slow": Row("time.sleep(5)", "ERROR", "Timeout", mark="@pytest.mark.timeout(0.2)"),
    "subtests_passed": Row("\n    with subtests.test('a'): pass", "PASS", fixtures="subtests"),
    "subtest_failed": Row(
        "\n    with subtests.test('a'): assert 0, 'part a'\n    with subtests.test('b'): pass",
        "FAIL",
        "part a",
        fixtures="subtests",
    ),
    "subtest_raised": Row(
        "\n    with subtests.test('a'): raise OSError('gone')\n    with subtests.test('b'): pass",
        "ERROR",
        fixtures="subtests",
    ),
    "subtest_skipped": Row(
        "\n    with subtests.test('a'): pytest.skip('part')\n    with subtests.test('b'): pass",
        "NOT_VERIFIED",
        fixtures="subtests",
    ),
    "odd_text": Row(r"assert 0, '\udcff\x00\x1b[31m </script>'", "FAIL"),
    "no_implementation": Row("", "NOT_VERIFIED"),
    "empty_parameters": Row("pass", "NOT_VERIFIED", mark="@pytest.mark.parametrize('size', [])", fixtures="size"),
    "one_of_parameters_fails": Row(
        "assert size == 1, f'size {size}'",
        "FAIL",
        "size 2",
        mark="@pytest.mark.parametrize('size', [1, 2])",
        fixtures="size",
    ),
    "died": Row("os._exit(3)", "ERROR", "died"),
}
DEADLY = {"died"}
FIXTURES = """
@pytest.fixture
def broken_setup(): raise RuntimeError('no fixture today')
@pytest.fixture
def asserting_setup(): assert 0, 'no premise'
@pytest.fixture
def broken_teardown():
    yield
    raise RuntimeError('left something behind')
@pytest.fixture
def skipping_setup(): pytest.skip('no premises')
@pytest.fixture
def unverified_setup(): signoff.not_verified('tool missing')
@pytest.fixture
def unreachable_setup(): signoff.unreachable('bastion is down')
"""
STATUS = {"PASS": 0, "FAIL": 10, "ERROR": 11, "NOT_VERIFIED": 11}


def _id(number: int) -> str:
    return f"INF-SRV-{number}"


def _test(item: str, name: str, row: Row) -> str:
    if not row.body:
        return ""
    counts = ', unreachable="fail"' if name.endswith("counts") else ""
    return f'{row.mark}\n@pytest.mark.checklist(id="{item}"{counts})\ndef test_{name}({row.fixtures}): {row.body}\n'


@pytest.fixture(scope="module", params=[0, 2], ids=["alone", "two workers"])
def table(request: pytest.FixtureRequest, write_suite: Callable[..., Any]) -> Any:
    """Run all rows in one process (or over two workers, where one may die) and return suite and run."""
    rows = {name: row for name, row in ROWS.items() if request.param or name not in DEADLY}
    ids = {name: _id(number) for number, name in enumerate(rows, start=1)}
    items = {ids[name]: {"checks": [name]} for name in rows}
    suite = write_suite(items, FIXTURES + "".join(_test(ids[name], name, row) for name, row in rows.items()))
    return suite, suite.run(workers=request.param), ids


def test_the_whole_run_says_no(table: Any) -> None:
    """One failure decides, and the process says so."""
    _, run, _ = table
    assert run.status == 10, run.output
    assert run.verdict == "NO-GO"


@pytest.mark.parametrize("name", ROWS)
def test_each_row_has_its_state_and_exit_status(table: Any, name: str) -> None:
    """A row's cell has the state of the table, and a selection of its item alone has the exit status of that state."""
    suite, run, ids = table
    if name not in ids:
        pytest.skip("would end the only process")
    row = ROWS[name]
    assert run.states[name, "-"] == row.state, run.cell(name)
    cell = run.cell(name)
    assert row.says in f"{cell['reason']} {cell['note']}"
    assert suite.evaluate([ids[name]]).verdict.exit_status == STATUS[row.state]
