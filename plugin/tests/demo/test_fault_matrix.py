"""The whole checklist against every fault of the catalogue: exactly its items turn red, for the right reason."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from signoff.config.checklist import load_checklist
from signoff.demo import environment, faults

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from signoff.demo.faults.model import Fault
    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo

ROOT = Path(__file__).parents[3]
SAID = {
    "failover-drill-failed": [("failover_was_rehearsed", "shop-db-standby", "failed at build a standby")],
    "failover-name-remembered": [("name_is_not_remembered_for_long", "shop-name", "kept 300 s, limit is 60 s")],
    "recovery-drill-failed": [
        (
            "recovery_drill_was_held_and_its_findings_are_closed",
            "disaster-drill",
            "the drill failed at restore the database",
        ),
    ],
    "recovery-drill-incomplete": [
        ("recovery_drill_was_held_and_its_findings_are_closed", "disaster-drill", "files was not recovered in it"),
    ],
    "replication-slot-missing": [("primary_keeps_what_its_standby_needs", "shop-db-standby", "has no slot for it")],
    "rollback-getting-slower": [("rollback_does_not_get_slower", "-", r"took \d[\d.]* s, the earlier ones \d")],
    "sentinel-quorum-impossible": [
        ("sentinels_can_agree_on_a_failover", "shop-cache-sentinels", "Not enough available Sentinels"),
    ],
    "standby-replay-paused": [("standby_could_take_over", "shop-db-standby", "its replay is paused")],
    "switch-unknown": [("switch_between_colours_is_known", "shop-colours", "leads nowhere")],
    "switch-with-outage": [
        ("users_did_not_notice_the_switch", "shop-colours", r"without answers for \d[\d.]* s, limit is 1 s"),
    ],
    "alert-rule-missing": [
        ("required_alerts_exist_with_their_thresholds", "prometheus", "no alert rule DatabaseDown"),
    ],
    "cache-degraded": [("cache_has_memory_to_spare", "cache", r"\d\d% of maxmemory used, limit is 80%")],
    "central-log-silent": [("every_host_logs_centrally", "central-log", "no line of db1")],
    "certificate-expiring": [("certificates_stay_valid_and_strong", "shop-tls", "expires in 4 days, limit is 30")],
    "dns-drift": [
        (
            "every_name_server_has_the_expected_records",
            "demo-test",
            r"ns2\.demo\.test: shop\.demo\.test A is 127\.0\.0\.9",
        ),
    ],
    "duplicate-index": [("indexes_are_valid_and_distinct", "shop-db", "the same index twice")],
    "env-file-readable": [
        ("environment_file_matches_its_schema", "app1", r"srv/shop/\.env has mode 640, limit is 600"),
    ],
    "error-alert-silent": [("error_tracker_is_responsive_and_tells_somebody", "sentry", "no active alert rule")],
    "error-tracking-degraded": [("error_tracker_takes_events_in", "sentry", "of the events refused")],
    "exporter-broken": [
        ("server_is_monitored", "db2", "db2: target is not up"),
        ("prometheus_collects_from_every_target", "prometheus", "targets not up: node"),
    ],
    "instance-down": [("every_instance_runs_the_release", "shop", "refused")],
    "psutil-mismatch": [("packages_equal_the_lock_file", "app2", r"psutil \d.*, locked")],
    "schema-ahead": [("schema_is_at_its_final_version", "shop-db", "applied, but not in the release")],
    "server-in-maintenance": [
        (
            "load_balancer_has_enough_healthy_servers",
            "load-balancer",
            "shop_blue has 1 healthy servers, limit is 2",
        ),
    ],
    "setting-duplicated": [("environment_files_agree_between_hosts", "-", "SHOP_[A-Z_]+ on app")],
    "slow-endpoint": [("main_functions_respond_in_time", "shop", "p95 of product list")],
    "stack-trace-leak": [("wrong_requests_are_answered_as_problems", "shop", "Python traceback")],
    "stale-api-document": [
        ("api_document_is_valid_and_of_this_release", "shop", "the document that is served differs"),
    ],
    "wrong-version": [("every_instance_runs_the_release", "shop", "app2 runs")],
    "constraint-not-validated": [("constraints_hold_for_all_rows", "shop-db", "older rows may break orders.orders_of")],
    "index-build-failed": [("indexes_are_valid_and_distinct", "shop-db", "invalid: orders_status_once")],
    "foreign-key-without-index": [("foreign_keys_have_an_index", "shop-db", "no index under order_lines")],
    "index-never-read": [("no_index_is_unused", "shop-db", "orders_by_total")],
    "transaction-forgotten": [
        ("connections_are_neither_exhausted_nor_forgotten", "shop-db", "idle in a transaction: forgotten-session"),
    ],
    "deadlock": [("database_loses_nothing_to_conflicts_and_to_disk", "shop-db", "1 deadlocks")],
    "index-scans-switched-off": [("key_queries_are_planned_well", "shop-db", "reads a whole table: one order")],
    "migration-edited-afterwards": [
        ("applied_migrations_are_those_of_the_release", "shop-db", "edited after they were applied: 2"),
    ],
    "way-back-takes-an-hour": [("ways_back_are_quick_enough", "shop-db", "the way back took 3600 s")],
    "payment-without-order": [("no_key_is_without_its_source", "payments-of-orders", "does not know 1 of")],
    "backup-run-missed": [("newest_backup_is_later_than_its_schedule", "shop-backup", "no backup was begun at")],
    "backup-not-copied": [("newest_backup_is_kept_elsewhere_too", "shop-backup", "is not at mon1:backup-copies")],
    "backup-copy-damaged": [("newest_backup_is_kept_elsewhere_too", "shop-backup", "the copy at mon1.* differs from")],
    "backup-too-small": [("newest_backup_has_its_usual_size", "shop-backup", "deviates by 90%")],
    "archive-failing": [
        ("changes_are_archived_between_backups", "shop-backup", "newest attempt to archive WAL failed")
    ],
    "file-backup-stale": [
        ("newest_file_backup_is_later_than_its_schedule", "files-backup", "older than the last one that was due"),
    ],
    "file-backup-damaged": [
        ("newest_file_backup_is_what_was_written", "files-backup", "differs from its own manifest"),
    ],
    "file-backup-incomplete": [("newest_file_backup_holds_everything", "files-backup", "lacks db1/etc")],
    "file-backup-not-copied": [
        ("newest_file_backup_is_kept_elsewhere_too", "files-backup", "is not at mon1:backup-copies"),
    ],
    "file-backup-unencrypted": [("file_backups_are_encrypted", "files-backup", "is not encrypted .gzip.")],
    "backup-exchanged-after-test": [
        ("restored_backup_is_recent_and_still_the_same", "shop-backup", "differs from its own manifest"),
    ],
    "restore-lacks-rows": [
        ("newest_restore_test_brought_everything_back", "shop-backup", "different after the restore: customers"),
    ],
    "orders-stopped-coming": [("data_keeps_coming", "orders-keep-coming", "nothing has come for 40 days")],
}
"""What the checks say of a fault: check, target, words."""
FOLLOWS = frozenset({"INT-FIN-1", "INT-FIN-2", "SEC-VUL-4"})
"""Derived from the others: red or open with any of them."""


@pytest.fixture(scope="module")
def checked() -> frozenset[str]:
    """Items that have checks; a fault may also name an item whose checks are still to be written."""
    return frozenset(item.id for item in load_checklist(ROOT / "tests/checklist.yaml").items if item.checks)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Layout]:
    """Return a copy of its own: what other tests broke stays in the metrics of the last hour."""
    directory = tmp_path_factory.mktemp("matrix") / "copy"
    yield environment.up(directory)
    environment.down(directory)


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One run over the whole checklist."""

    items: dict[str, str]
    """Item to state."""
    cells: dict[tuple[str, str], tuple[str, str]]
    """Check and target to state and reason."""
    junit: Path
    """What each check asked, among other things."""


@pytest.fixture(scope="module")
def healthy(demo: Layout, tmp_path_factory: pytest.TempPathFactory) -> Seen:
    return run(demo.env_file, tmp_path_factory.mktemp("healthy"))


def run(env_file: Path, folder: Path) -> Seen:
    """Run everything as a nightly job would, and return what it saw."""
    command = [sys.executable, "-m", "pytest", "-q", "--inventory", "demo", "-o", f"signoff_reports={folder}"]
    environment = {**os.environ, "SIGNOFF_ENV_FILE": str(env_file)}
    # A run's own settings, not those of the run that is going on here.
    inner = {name: value for name, value in environment.items() if not name.startswith("PYTEST_")}
    done = subprocess.run(command, cwd=ROOT, env=inner, capture_output=True, text=True, check=False, timeout=1800)
    written = sorted((folder / "demo").glob("readiness_check_*.json"))
    assert written, done.stdout + done.stderr
    items = json.loads(written[-1].read_text())["items"]
    return Seen(
        items={item["id"]: item["state"] for item in items},
        cells={
            (cell["check"], cell["target"]): (cell["state"], cell["reason"]) for item in items for cell in item["cells"]
        },
        junit=max((folder / "demo").glob("junit_*.xml")),
    )


def test_a_healthy_environment_has_no_red_item_and_no_unanswered_question(healthy: Seen) -> None:
    assert {item for item, state in healthy.items.items() if state in {"FAIL", "ERROR", "STALE"}} == set()


def test_every_check_has_an_answer_where_there_can_be_one(healthy: Seen) -> None:
    assert {cell: said for cell, said in healthy.cells.items() if said[0] not in {"PASS", "NOT_APPLICABLE"}} == {}


def test_promises_are_kept_and_are_no_larger_than_they_need_be(healthy: Seen) -> None:
    spec = importlib.util.spec_from_file_location("costs", ROOT / ".ci/costs.py")
    assert spec is not None
    assert spec.loader is not None
    costs = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(costs)
    asked = costs.asked([healthy.junit])
    assert sum(map(bool, asked.values())) > 100
    promised = {check.name: check.at_most for check in costs.checks()}
    beyond = {
        name: counts
        for name, counts in asked.items()
        if any(count > promised[name].get(kind, 0) for kind, count in counts.items())
    }
    assert beyond == {}
    assert list(costs.loose(asked)) == []


def test_what_is_out_of_reach_is_never_a_failure(demo: Layout, tmp_path: Path) -> None:
    # The same inventory with ports on which nobody listens.
    (tmp_path / ".env").write_text(re.sub(r"(_PORT)='\d+'", r"\1='1'", demo.env_file.read_text()))
    seen = run(tmp_path / ".env", tmp_path)
    assert {name: said for name, said in seen.cells.items() if said[0] == "FAIL"} == {}
    assert sum(state == "ERROR" for state, _ in seen.cells.values()) > 60


VOLATILE = frozenset({"switch-unknown", "instance-down", "server-in-maintenance"})
"""Lost when a program starts anew, as other faults make it do: they come last."""


APART = frozenset(
    {
        "backup-stale",
        "backup-unencrypted",
        "backup-too-small",
        "recovery-drill-incomplete",
        "recovery-drill-failed",
        "payment-without-order",
    }
)
"""Each takes, restores or spoils the newest backup, which the others are about: never two of them together."""

RESTORED = frozenset(
    {"payment-without-order", "restore-test-failed", "backup-exchanged-after-test", "restore-lacks-rows"}
)
"""The first spoils what dumps hold, and the others end with a dump that must restore: never two of them together."""


FILES = frozenset(name for name in faults.CATALOGUE if name.startswith("file-backup-"))
"""So it is with the newest backup of files."""


def groups() -> list[tuple[Fault, ...]]:
    """Return the faults of the catalogue, together where no two concern the same item: one run tells about all of them.

    With SIGNOFF_FAULTS=alone each has a run of its own.
    """
    most = 1 if os.environ.get("SIGNOFF_FAULTS") == "alone" else 40
    found: list[list[Fault]] = []
    for fault in faults.CATALOGUE.values():
        others = (group for group in found if len(group) < most and concerned([fault]).isdisjoint(concerned(group)))
        group = next(others, None)
        if group is None:
            found.append(group := [])
        group.append(fault)
    return [tuple(sorted(group, key=lambda fault: (fault.name in VOLATILE, len(fault.blinds)))) for group in found]


def concerned(group: Iterable[Fault]) -> set[str]:
    found = {item for fault in group for item in (*fault.items, *fault.blinds)}
    shared = {"the newest backup": APART, "the newest file backup": FILES, "a dump that restores": RESTORED}
    return found | {thing for thing, names in shared.items() if any(fault.name in names for fault in group)}


@pytest.mark.parametrize("group", groups(), ids=lambda group: "+".join(fault.name for fault in group))
def test_faults_turn_exactly_their_items_red(
    demo: Layout, healthy: Seen, checked: frozenset[str], tmp_path: Path, group: tuple[Fault, ...]
) -> None:
    try:
        for fault in group:
            faults.inject(demo, fault.name)
        broken = run(demo.env_file, tmp_path)
    finally:
        faults.heal_all(demo)

    red = {item for item, state in broken.items.items() if state == "FAIL"} - FOLLOWS
    assert red == {item for fault in group for item in fault.items} & checked
    unknown = {
        item
        for item, state in broken.items.items()
        if state in {"ERROR", "NOT_VERIFIED"} and healthy.items[item] not in {"ERROR", "NOT_VERIFIED"}
    }
    assert unknown - FOLLOWS == {item for fault in group for item in fault.blinds}
    for check, target, words in (said for fault in group for said in SAID.get(fault.name, ())):
        state, reason = broken.cells[check, target]
        assert state != "PASS", (check, target)
        assert re.search(words, reason), (check, target, reason)


def test_everything_that_was_broken_is_whole_again(demo: Layout, healthy: Seen, tmp_path: Path) -> None:
    again = run(demo.env_file, tmp_path)
    assert {item: state for item, state in again.items.items() if healthy.items[item] != state} == {}
