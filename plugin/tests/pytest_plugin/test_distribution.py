"""Groups of tests over workers that crash: whatever is left is run, also when it is a single test."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

ITEMS = {f"INF-SRV-{n}": {"checks": [name]} for n, name in enumerate("abcd", 1)}
TESTS = """
def _pass(evidence): evidence(observed="up", expected="up", inspected=1)

@pytest.mark.checklist(id="INF-SRV-1")
def test_a(evidence): _pass(evidence)

@pytest.mark.checklist(id="INF-SRV-2")
def test_b():
    time.sleep(3)  # the other worker has finished all of its own, and is gone
    os._exit(1)

@pytest.mark.checklist(id="INF-SRV-3")
def test_c(evidence): _pass(evidence)

@pytest.mark.checklist(id="INF-SRV-4")
def test_d(evidence): _pass(evidence)
"""


@pytest.mark.parametrize("dist", ["load", "loadgroup", "loadscope", "loadfile", "worksteal"])
def test_last_test_of_a_crashed_worker_is_run(write_suite: Callable[..., Any], dist: str) -> None:
    run = write_suite(ITEMS, TESTS).run(f"--dist={dist}", workers=2)
    assert run.states == {("a", "-"): "PASS", ("b", "-"): "ERROR", ("c", "-"): "PASS", ("d", "-"): "PASS"}, run.output
