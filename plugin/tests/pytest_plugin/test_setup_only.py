"""Options by which pytest runs fixtures but no tests never make evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = """
@pytest.mark.checklist(id="INF-SRV-1")
def test_never_holds():
    assert False, "it does not hold"
"""


@pytest.mark.parametrize("option", ["--setup-only", "--setup-plan"])
def test_a_run_without_checks_is_refused(write_suite: Callable[..., Any], option: str) -> None:
    suite = write_suite({"INF-SRV-1": {"checks": ["never_holds"]}}, TESTS)

    run = suite.run(option)

    assert run.status == pytest.ExitCode.USAGE_ERROR, run.output
    assert "--signoff-plan" in run.output
    assert not list(suite.folder.glob("reports/*/runs/*"))
