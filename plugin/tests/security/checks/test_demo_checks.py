"""Our checks against the embedded environment: healthy, broken on purpose, and out of reach."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from signoff.demo import faults

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo

OURS = ("SEC-", "BAK-", "INT-", "RBK-")
SHOWN_LATER = {
    "newest_backup_has_its_usual_size[shop-backup]",  # a copy that has just been started has one backup
    "static_analysis_found_nothing[source-analysis]",  # without ruff nobody analyses the source
}
FAULTS = {
    "request-filter-off": "request_filter_refuses_attacks[shop-access]",
    "session-cookie-insecure": "session_cookie_is_protected[shop-access]",
    "admin-open": "each_role_sees_what_it_may_and_no_more[shop-access]",
    "orders-of-others": "objects_of_others_are_closed[shop-access]",
    "hard-coded-key": "no_secret_in_deployed_source[app2]",
    "orders-do-not-reconcile": "figures_of_both_sides_agree[orders-and-payments]",
    "restore-test-failed": "newest_restore_test_brought_everything_back[shop-backup]",
    "backup-unencrypted": "backups_are_encrypted[shop-backup]",
    "backup-stale": "newest_backup_is_later_than_its_schedule[shop-backup]",
    "replica-stopped": "standby_follows_its_primary[shop-db-standby]",
    "rollback-drill-failed": "rollback_was_rehearsed_with_this_release[-]",
    "green-down": "both_colours_can_take_the_traffic[shop-colours]",
    "instance-down": "service_answers_to_everybody_who_calls_it[app2-edge]",
}


def _red(cells: dict[str, dict[str, Any]]) -> dict[str, str]:
    bad = {name: cell for name, cell in cells.items() if cell["item"].startswith(OURS) and cell["state"] == "FAIL"}
    return {name: f"{cell['item']}: {cell['reason']}" for name, cell in bad.items()}


def test_a_healthy_environment_passes(demo_cells: Any, demo: Layout) -> None:
    cells = demo_cells(demo.env_file)

    asked = {name: cell for name, cell in cells.items() if cell["item"].startswith(OURS) and cell["note"] != "not run"}
    assert len(asked) > 40
    open_ = {name: (cell["state"], cell["reason"]) for name, cell in asked.items() if cell["state"] != "PASS"}
    assert {name: said for name, said in open_.items() if name not in SHOWN_LATER or said[0] != "NOT_VERIFIED"} == {}


@pytest.mark.parametrize(("fault", "cell"), FAULTS.items(), ids=FAULTS)
def test_a_fault_turns_the_items_red_that_are_about_it(demo_cells: Any, demo: Layout, fault: str, cell: str) -> None:
    faults.inject(demo, fault)
    try:
        red = _red(demo_cells(demo.env_file))
    finally:
        faults.heal(demo, fault)

    assert cell in red
    assert {said.partition(":")[0] for said in red.values()} <= set(faults.CATALOGUE[fault].items)


def test_what_is_out_of_reach_is_an_error_and_never_a_failure(demo_cells: Any, demo: Layout, tmp_path: Path) -> None:
    # The same inventory with ports on which nobody listens.
    (tmp_path / ".env").write_text(re.sub(r"(_PORT)='\d+'", r"\1='1'", demo.env_file.read_text()))

    cells = demo_cells(tmp_path / ".env")

    assert _red(cells) == {}
    assert sum(cell["state"] == "ERROR" for cell in cells.values()) > 20
