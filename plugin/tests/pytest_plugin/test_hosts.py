"""The fixture `host` asks the inventory's host, also where testinfra brings a fixture of the same name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

TESTS = """
@pytest.mark.checklist(id="INF-SRV-1")
def test_host_is_the_one_of_the_inventory(host, evidence):
    evidence(observed=host.run("echo seen").stdout.strip(), expected="seen", inspected=1)
    assert type(host).__module__.startswith("signoff.transport"), type(host).__module__
"""


def test_host_is_the_current_target_and_not_the_local_machine(write_suite: Callable[..., Any]) -> None:
    suite = write_suite({"INF-SRV-1": {"checks": ["host_is_the_one_of_the_inventory"], "targets": "hosts"}}, TESTS)

    run = suite.run()

    assert run.states == {("host_is_the_one_of_the_inventory", name): "PASS" for name in ("web-1", "web-2")}, run.output
