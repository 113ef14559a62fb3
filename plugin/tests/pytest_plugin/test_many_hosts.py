"""A thousand hosts: what the plugin does for each of them must not grow with all of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from signoff.pytest_plugin.attempts import Attempts

if TYPE_CHECKING:
    from collections.abc import Callable

HOSTS = "all:\n  vars: {ansible_connection: local}\n  hosts: {'web[0001:1000]': }\n"
NAMES = [f"check_{number}" for number in range(12)]
TESTS = "".join(f'@pytest.mark.checklist(id="INF-SRV-1")\ndef test_{name}(target): pass\n' for name in NAMES)


def test_twelve_checks_of_a_thousand_hosts_are_collected_and_told_apart(write_suite: Callable[..., Any]) -> None:
    """12,000 cells: collected in seconds, and each node id finds its own."""
    suite = write_suite({"INF-SRV-1": {"checks": NAMES, "targets": "hosts"}}, TESTS, HOSTS)
    run = suite.run("--collect-only", "-q")
    assert "12000 tests collected" in run.output
    workspace = suite.workspace()
    started = time.process_time()
    attempts = Attempts(workspace, "run", "runner")
    ids = [
        (f"tests/test_it.py::test_{entry.cell.check}[{entry.cell.target}]", entry.cell) for entry in workspace.planned
    ]
    assert all(attempts.cell_of(nodeid) == cell for nodeid, cell in ids)
    assert attempts.cell_of("tests/test_it.py::test_check_3[web0007-slow]") == ids[3 * 1_000 + 6][1]
    assert attempts.cell_of("tests/test_it.py::test_check_3[slow-web0007]") == ids[3 * 1_000 + 6][1]
    assert attempts.cell_of("tests/test_it.py::test_check_3[slow]") is None
    assert time.process_time() - started < 5
