"""What JUnit XML says of a check beside its result: item, check, target, owner and area, as properties."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from _pytest.junitxml import xml_key

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from signoff.meter import Kind
    from signoff.model import Cell, Checklist
    from signoff.pytest_plugin.attempts import Attempts

_CRASHED = "???"
"""`when` of the report that xdist makes for the test that a dead worker was running."""


def properties(cell: Cell, checklist: Checklist, asked: Mapping[Kind, int] | None = None) -> list[tuple[str, str]]:
    """Return what stands with every check of the cell; `asked` is known once it has ended."""
    item = checklist.item(cell.item)
    counts = [(f"asked.{kind}", str(count)) for kind, count in (asked or {}).items()]
    return [
        ("checklist", cell.item),
        ("check", cell.check),
        ("target", cell.target),
        ("owner", item.owner),
        ("area", item.area),
        *counts,
    ]


class CrashedTests:
    """Gives the test that a dead worker was running its properties: they died with the worker.

    pytest writes a test's properties when its teardown is reported, and such a test has none.
    """

    def __init__(self, config: pytest.Config, attempts: Attempts, checklist: Checklist) -> None:
        self._config, self._attempts, self._checklist = config, attempts, checklist

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> Generator[None]:
        """Complete the report of a crash, once JUnit's own hook has seen it."""
        yield
        xml = self._config.stash.get(xml_key, None)
        cell = self._attempts.cell_of(report.nodeid) if report.when == _CRASHED else None
        if xml is not None and cell is not None:
            reporter = xml.node_reporter(report)
            for name, value in properties(cell, self._checklist):
                reporter.add_property(name, value)
