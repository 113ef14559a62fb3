"""The engineer's run report: pytest-html with our columns, the verdict on top, and its injection holes closed.

pytest-html writes rows, logs and the environment table into the page as HTML. Everything that this object hands it
is escaped, redacted and bounded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from markupsafe import escape
from pytest_html.basereport import BaseReport

from signoff.reports import run_rows
from signoff.reports.background import EMPTY, Background, Link
from signoff.reports.banner import render_banner
from signoff.reports.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from signoff.model import Language, Signoff

_CRASHED = "???"
"""`when` of the report that xdist makes for the test that a dead worker was running."""


class RunReport:
    """Hooks for pytest-html; register on the controller only, where pytest-html is active.

    `headline` is asked for the decision when the session ends, `redact` takes secrets out of a text, `log_limit` is
    in characters per row, and `page` is the sign-off page's file name beside the report (empty: none).
    """

    def __init__(  # noqa: PLR0913 - the report meets the whole session here
        self,
        config: pytest.Config,
        *,
        path: Path,
        headline: Callable[[], Signoff | None],
        redact: Callable[[str], str],
        language: Language,
        log_limit: int = run_rows.LOG_LIMIT,
        page: str = "",
        background: Background = EMPTY,
    ) -> None:
        self._config = config
        self._path = path
        self._headline = headline
        self._redact = redact
        self._messages = Messages(language)
        self._log_limit = log_limit
        self._page = page
        self._background = background
        self._written: Any = None
        self._facts: dict[str, Mapping[str, object]] = {}
        self._borrowed: list[tuple[pytest.TestReport, list[tuple[str, str]]]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self) -> None:
        """Switch pytest-html on, one self-contained file; `--html` on the command line wins over our path."""
        if not self._config.option.htmlpath:
            self._config.option.htmlpath = str(self._path)
        self._config.option.self_contained_html = True

    # --- around the table ---------------------------------------------------------------------------------------

    def pytest_html_report_title(self, report: Any) -> None:
        """Name the report, and make the environment table safe: its values are written as HTML."""
        self._written = report
        report.title = self._messages("run.title")
        environment = report.data["environment"]
        report.set_data("environment", {key: self._safe(value) for key, value in environment.items()})

    def _safe(self, value: object) -> object:
        if isinstance(value, dict):
            return {str(self._safe(str(key))): self._safe(each) for key, each in value.items()}
        return str(escape(self._redact(str(value))))

    def pytest_html_results_summary(self, prefix: list[str]) -> None:
        """Put the verdict above the summary, and clean the names under which rows are filed."""
        if self._written is not None:
            by_name: dict[str, list[object]] = {}
            for name, rows in self._written.data["tests"].items():
                by_name.setdefault(self._redact(name), []).extend(rows)
            self._written.set_data("tests", by_name)
        prefix.append(run_rows.style_element())
        signoff = self._headline()
        if signoff is not None:
            links = [Link(label=self._messages("link.page"), href=self._page)] if self._page else []
            prefix.append(render_banner(signoff, self._messages.language, self._background, links))

    # --- rows ---------------------------------------------------------------------------------------------------

    def pytest_html_results_table_header(self, cells: list[str]) -> None:
        """Insert our columns after the result."""
        cells[1:1] = run_rows.header_cells(self._messages)

    @pytest.hookimpl(wrapper=True)
    def pytest_html_results_table_row(self, report: pytest.TestReport, cells: list[str]) -> Generator[None]:
        """Replace the name and link cells, which pytest-html does not escape, and insert ours."""
        if report.passed and (report.when == "setup" or (report.when == "teardown" and not report.sections)):
            yield
            cells.clear()  # pytest-html would fill this row and throw it away: two of three rows of a passed test
            return
        name = report.nodeid if report.when == "call" else f"{report.nodeid}::{report.when}"
        cells[3] = run_rows.links_cell(getattr(report, "extras", ()))
        cells[1] = run_rows.cell("testId", self._redact(run_rows.readable(name)))
        cells[1:1] = run_rows.own_cells(self._facts_of(report), self._redact, self._owner)
        yield
        if hasattr(report, "context"):
            cells.clear()  # a subtest under its parent's name: it has a row of its own, and no cells mean no row

    def pytest_html_results_table_html(self, report: pytest.TestReport, data: list[str]) -> None:
        """Replace the log; a passed check keeps none, which is what lets large reports open."""
        if report.passed and not hasattr(report, "wasxfail"):
            data[:] = [escape(self._messages("run.passed_log"))]
        else:
            logs = [(name, self._clean(text)) for name, text in report.sections]
            data[:] = [run_rows.log_html(self._clean(report.longreprtext), logs)]
        if report.when == "teardown":
            # pytest-html appends a teardown's sections to the row by itself, whole and as captured.
            self._borrowed.append((report, report.sections))
            report.sections = [(name, self._clean(text)) for name, text in report.sections]

    def _clean(self, text: str) -> str:
        return run_rows.clean(text, self._redact, self._messages, self._log_limit)

    # --- reports that pytest-html would lose ----------------------------------------------------------------------

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Give reports back as they were, and hand pytest-html the rows that it would lose."""
        facts = getattr(report, "signoff", None)
        if facts:
            self._facts[report.nodeid] = facts
        yield
        while self._borrowed:
            borrowed, sections = self._borrowed.pop()
            borrowed.sections = sections
        if report.when == _CRASHED:
            self._add_row(report, report.nodeid, {**self._facts_of(report), "outcome": "error"})
        elif hasattr(report, "context"):
            name = f"{report.nodeid} {run_rows.subtest_name(report.context)}"
            self._add_row(report, name, self._facts_of(report))

    def _add_row(self, report: pytest.TestReport, node_id: str, facts: Mapping[str, object]) -> None:
        """Show a report that pytest-html drops (a crash has no teardown) or overwrites (a subtest has siblings)."""
        self._facts[node_id] = facts
        for plugin in self._config.pluginmanager.get_plugins():
            if isinstance(plugin, BaseReport):
                plugin.pytest_runtest_logreport(report=_told(report, node_id))
                plugin.pytest_runtest_logreport(report=_ended(report, node_id))

    def _facts_of(self, report: pytest.TestReport) -> Mapping[str, object]:
        """Return what is known of the test, from an earlier report if its worker died before this one."""
        return getattr(report, "signoff", None) or self._facts.get(report.nodeid, {})

    def _owner(self, key: str) -> str:
        return self._background.owner(key, self._messages.language)


def _told(report: pytest.TestReport, node_id: str) -> pytest.TestReport:
    """Return the report as one that pytest-html shows."""
    return pytest.TestReport(
        nodeid=node_id,
        location=report.location,
        keywords={},
        outcome=report.outcome,
        longrepr=report.longrepr,
        when="call",
        sections=list(report.sections),
        duration=report.duration,
    )


def _ended(report: pytest.TestReport, node_id: str) -> pytest.TestReport:
    """Return the quiet teardown on which pytest-html writes the row."""
    return pytest.TestReport(
        nodeid=node_id, location=report.location, keywords={}, outcome="passed", longrepr=None, when="teardown"
    )
