"""What one test's phases say, decided where the test runs: the plain data that travels to the controller."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import pytest_timeout  # type: ignore[import-untyped] # it ships no types
import testinfra

from signoff.errors import CouldNotCheckError, NotVerifiedError, SignoffError, UnreachableError
from signoff.meter import METER
from signoff.pytest_plugin.collection import CELL
from signoff.pytest_plugin.junit import properties

if TYPE_CHECKING:
    from collections.abc import Generator

    from signoff.meter import Kind
    from signoff.model import Cell
    from signoff.pytest_plugin.session import SignoffSession

EVIDENCE: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
ASKED: pytest.StashKey[dict[Kind, int]] = pytest.StashKey()
"""How often a check asked, by kind."""
MAX_TEXT = 4_000
"""Characters of a reason, of an observed and of an expected value."""
_TESTINFRA = Path(testinfra.__file__).parent
_TIMEOUT = Path(pytest_timeout.__file__)


class Outcomes:
    """Turns exceptions into outcomes, and attaches cell, outcome, reason and evidence to each report."""

    def __init__(self, session: SignoffSession) -> None:
        self._session = session
        self._redact = session.workspace.redact

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, object, object]:
        """Treat "nothing can be concluded" in a fixture as no evidence."""
        item.stash[EVIDENCE] = {}
        cell = item.stash.get(CELL, None)
        METER.start(self._session.workspace.checklist.check(cell).at_most if cell else None)
        if cell is not None:
            self._leave_out(cell)
        return (yield from _skipping())

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Treat "nothing can be concluded" in a check as no evidence."""
        del item
        return (yield from _skipping())

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> None:
        """End the check's plan: what is taken down later may belong to many checks."""
        item.stash[ASKED] = METER.stop()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Attach the plain data, and take secrets out of everything that the report carries."""
        report = yield
        self._clean(report)
        cell = item.stash.get(CELL, None)
        if cell is None:
            return report
        entry = self._session.workspace.checklist.item(cell.item)
        evidence = item.stash.get(EVIDENCE, {})
        outcome, reason = _judge(item, call, report)
        if outcome == "pass" and METER.refusal:  # somebody caught the refusal: what was not asked proves nothing
            outcome, reason = "error", METER.refusal
        reason = "; ".join(filter(None, [reason, *self._session.take_notices()]))
        report.signoff = {  # type: ignore[attr-defined] # reports carry any plain attribute to the controller
            "item": cell.item,
            "check": cell.check,
            "target": cell.target,
            "owner": entry.owner,
            "title": entry.title.get(self._session.language),
            "outcome": outcome,
            "reason": self._text(reason),
            "observed": self._text(evidence.get("observed", "")),
            "expected": self._text(evidence.get("expected", "")),
            "inspected": evidence.get("inspected"),
        }
        ours = properties(cell, self._session.workspace.checklist, item.stash.get(ASKED, {}))
        names = {name for name, _ in ours}
        theirs = [(name, self._text(value)) for name, value in report.user_properties if name not in names]
        report.user_properties = [*ours, *theirs]
        return report

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Take secrets out of what a module that cannot be collected says."""
        report = yield
        self._clean(report)
        return report

    def _leave_out(self, cell: Cell) -> None:
        """Skip what the policy says does not exist here: nothing is asked of anybody whose answer decides nothing."""
        for declared in self._session.workspace.inventory.policy.not_applicable:
            if declared.item == cell.item and declared.target in {"*", cell.target} and declared.approver.strip():
                pytest.skip(f"not applicable: {declared.reason}")

    def _text(self, value: object) -> str:
        text = self._clear(str(value))
        return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]} … ({len(text) - MAX_TEXT} more characters)"

    def _clear(self, text: str) -> str:
        """Return the text without secrets, and without halves of characters, which no file or connection takes."""
        return self._redact(text).encode("utf-8", "backslashreplace").decode("utf-8")

    def _clean(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        report.sections[:] = [(name, self._clear(text)) for name, text in report.sections]
        if report.longrepr is None:
            return
        if isinstance(report.longrepr, tuple):
            path, line, reason = report.longrepr
            report.longrepr = (path, line, self._clear(reason))
            return
        text = str(report.longrepr)
        if (clean := self._clear(text)) != text:
            report.longrepr = clean


def _skipping() -> Generator[None, object, object]:
    try:
        return (yield)
    except NotVerifiedError as error:
        pytest.skip(str(error))


def _judge(  # noqa: PLR0911 - one return for each row of the table
    item: pytest.Item, call: pytest.CallInfo[None], report: pytest.TestReport
) -> tuple[str, str]:
    """Return outcome and reason of one phase."""
    xfail = getattr(report, "wasxfail", None)
    if xfail is not None:
        if report.passed:
            return "pass", "expected to fail and passed: remove xfail"
        return "fail", f"marked xfail ({xfail}): a mark in the code is no waiver"
    if report.passed:
        return "pass", ""
    if report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        return "skip", reason.removeprefix("Skipped: ")
    if call.excinfo is None:
        return "fail" if report.when == "call" else "error", str(report.longrepr)
    error = call.excinfo.value
    if report.when == "call" and _says_no(item, call):
        return "fail", _assertion_text(error)
    if isinstance(error, SignoffError):
        return "error", str(error)
    return "error", f"{type(error).__name__}: {_assertion_text(error)}"


def _says_no(item: pytest.Item, call: pytest.CallInfo[None]) -> bool:
    """Whether the exception is the check's own "no", and not a reason why it could not look."""
    assert call.excinfo is not None
    error = call.excinfo.value
    if isinstance(error, CouldNotCheckError):
        marker = item.get_closest_marker("checklist")
        counts = marker is not None and marker.kwargs.get("unreachable") == "fail"
        return counts and isinstance(error, UnreachableError)
    if not isinstance(error, (AssertionError, pytest.fail.Exception)):
        return False
    raised = [Path(entry.path) for entry in call.excinfo.traceback]
    # testinfra asserts on exit codes of its own commands: a missing tool is not a finding. Nor is a time limit.
    return not raised[-1].is_relative_to(_TESTINFRA) and _TIMEOUT not in raised


def _assertion_text(error: BaseException) -> str:
    """Return the author's message, without the comparison that pytest appends to it."""
    text = str(error).strip() or type(error).__name__
    head, separator, _ = text.partition("\nassert ")
    return re.sub(r"\s*\n\s*", " ", head if separator else text)
