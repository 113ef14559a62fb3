"""Software and performance checks against the embedded environment: healthy, and broken on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from signoff.demo import faults

if TYPE_CHECKING:
    from signoff.demo.layout import Layout
    from tests.software_suite.checks.conftest import DemoSuite

pytestmark = pytest.mark.demo

FAULTS = {
    "wrong-version": ("every_instance_runs_the_release", {"shop": "FAIL: app2 runs"}),
    "instance-down": ("every_instance_runs_the_release", {"shop": "ERROR: refused"}),
    "psutil-mismatch": ("packages_equal_the_lock_file", {"app1": "PASS", "app2": r"FAIL: psutil \d.*, locked"}),
    "env-file-readable": (
        "environment_file_matches_its_schema",
        {"app1": r"FAIL: srv/shop/\.env has mode 640, limit is 600", "app2": "PASS"},
    ),
    "setting-duplicated": ("environment_files_agree_between_hosts", {"-": "FAIL: SHOP_[A-Z_]+ on app"}),
    "stale-api-document": (
        "api_document_is_valid_and_of_this_release",
        {"shop": "FAIL: the document that is served differs"},
    ),
    "stack-trace-leak": ("wrong_requests_are_answered_as_problems", {"shop": "FAIL: .*Python traceback"}),
    "schema-ahead": ("schema_is_at_its_final_version", {"shop-db": "FAIL: applied, but not in the release"}),
    "duplicate-index": ("indexes_are_valid_distinct_and_used", {"shop-db": "FAIL: the same index twice"}),
    "slow-endpoint": ("main_functions_respond_in_time", {"shop": "FAIL: p95 of product list"}),
}
TOO_YOUNG = frozenset(
    {
        "processes_ran_for_the_whole_time",
        "errors_stayed_rare_all_the_time",
        "response_times_did_not_grow",
        "memory_suffices_for_days",
        "no_process_was_killed_for_memory",
    }
)
"""Checks of days: the environment lives for minutes."""


def test_a_healthy_environment_satisfies_every_check(demo: Layout, demo_suite: DemoSuite) -> None:
    seen = demo_suite.run(demo.env_file, "tests/software", "tests/performance")

    ours = {cell: result for cell, result in seen.cells.items() if cell[0] in demo_suite.checks}
    assert {check for check, _ in ours} == demo_suite.checks - TOO_YOUNG
    assert {cell: result for cell, result in ours.items() if result[0] != "PASS"} == {}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_its_check(demo: Layout, demo_suite: DemoSuite, fault: str) -> None:
    check, expected = FAULTS[fault]
    faults.inject(demo, fault)
    try:
        seen = demo_suite.run(demo.env_file, "tests/software", "tests/performance", "-k", check)
    finally:
        faults.heal(demo, fault)

    assert not seen.differences(check, expected)
