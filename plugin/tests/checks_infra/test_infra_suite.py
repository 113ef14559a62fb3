"""The real suite against the embedded environment: healthy, broken on purpose, and out of reach."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from signoff.demo import faults
from signoff.model import Cell

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo

ITEMS = (
    *("INF-SRV-1", "INF-SRV-3", "INF-SRV-4", "INF-NET-1", "INF-NET-4", "INF-NET-5", "INF-SVC-1"),
    *("MON-SYS-1", "MON-SYS-3", "MON-SYS-5", "MON-LOG-1", "MON-LOG-4"),
)


def of_ours(states: dict[Cell, tuple[str, str]]) -> dict[Cell, tuple[str, str]]:
    ours = {cell: state for cell, state in states.items() if cell.item in ITEMS}
    assert {cell.item for cell in ours} == set(ITEMS)
    return ours


def test_a_healthy_environment_passes(suite: Any, demo: Layout) -> None:
    states = of_ours(suite.states("infra or monitoring", env_file=demo.env_file))
    assert {cell: state for cell, state in states.items() if state[0] != "PASS"} == {}


@pytest.mark.parametrize(
    ("fault", "item", "check", "target", "reason"),
    [
        ("exporter-broken", "INF-SRV-4", "server_is_monitored", "db2", "db2: target is not up"),
        (
            "server-in-maintenance",
            "INF-NET-1",
            "load_balancer_has_enough_healthy_servers",
            "load-balancer",
            "shop_blue has 1 healthy servers, limit is 2",
        ),
        (
            "dns-drift",
            "INF-NET-4",
            "every_name_server_has_the_expected_records",
            "demo-test",
            r"ns2\.demo\.test: shop\.demo\.test A is 127\.0\.0\.9",
        ),
        (
            "certificate-expiring",
            "INF-NET-5",
            "certificates_stay_valid_and_strong",
            "shop-tls",
            "expires in 4 days, limit is 30",
        ),
        ("cache-degraded", "INF-SVC-1", "cache_has_memory_to_spare", "cache", r"\d\d% of maxmemory used, limit is 80%"),
        ("exporter-broken", "MON-SYS-1", "prometheus_collects_from_every_target", "prometheus", "targets not up: node"),
        (
            "alert-rule-missing",
            "MON-SYS-3",
            "required_alerts_exist_with_their_thresholds",
            "prometheus",
            "no alert rule DatabaseDown",
        ),
        ("error-tracking-degraded", "MON-SYS-5", "error_tracker_takes_events_in", "sentry", "of the events refused"),
        (
            "error-alert-silent",
            "MON-SYS-5",
            "error_tracker_is_responsive_and_tells_somebody",
            "sentry",
            "no active alert rule",
        ),
        ("central-log-silent", "MON-LOG-1", "every_host_logs_centrally", "central-log", "no line of db1"),
    ],
)
def test_a_fault_fails_the_check_that_is_about_it(  # noqa: PLR0913, PLR0917 - one row of a table
    suite: Any, demo: Layout, fault: str, item: str, check: str, target: str, reason: str
) -> None:
    cell = Cell(item=item, check=check, target=target)
    faults.inject(demo, fault)
    try:
        # Prometheus sees a broken target at its next scrape; everything else is seen at once.
        for _ in range(3):
            state, said = suite.states(f"checklist(id='{item}')", env_file=demo.env_file)[cell]
            if state != "PASS":
                break
    finally:
        faults.heal(demo, fault)
    assert state == "FAIL", said
    assert re.search(reason, said)


def test_what_is_out_of_reach_is_an_error_and_never_a_failure(suite: Any, demo: Layout, tmp_path: Path) -> None:
    # The same inventory with ports on which nobody listens.
    env = re.sub(r"(_PORT)='\d+'", r"\1='1'", demo.env_file.read_text())
    (tmp_path / ".env").write_text(env)
    states = of_ours(suite.states("infra or monitoring", env_file=tmp_path / ".env"))
    assert {cell: state for cell, state in states.items() if state[0] != "ERROR"} == {}


BARE_HOSTS = """\
all:
  hosts:
    web1: {ansible_connection: local}
"""
BARE_SERVICES = """\
schema_version: 1
services:
  stranger:
    kind: tls
    host: localhost
    port: ${DEMO_HTTPS_PORT}
    addresses: [127.0.0.1]
  locked:
    kind: redis
    host: 127.0.0.1
    port: ${DEMO_REDIS_PORT}
    user: signoff
    password: wrong
    purpose: cache
"""


def test_an_inventory_that_asks_for_nothing_verifies_nothing(suite: Any, demo: Layout) -> None:
    folder = suite.folder / "inventories" / "bare"
    folder.mkdir()
    shutil.copy(suite.folder / "inventories" / "demo" / "policy.yaml", folder)
    (folder / "hosts.yaml").write_text(BARE_HOSTS)
    (folder / "services.yaml").write_text(BARE_SERVICES)
    states = suite.states("infra", env_file=demo.env_file, inventory="bare")
    by_check = {cell.check: state for cell, state in states.items()}
    unasked = {
        "server_has_its_specified_size": "write signoff.spec",
        "disks_have_space_and_inodes_to_spare": "write signoff.spec",
        "required_packages_are_installed": "write signoff.packages",
        "programs_find_their_shared_libraries": "write signoff.libraries",
        "server_is_monitored": "no service of kind prometheus",
        "browsers_are_told_to_stay_on_https": "mend its certificate first",
    }
    for check, reason in unasked.items():
        assert by_check[check][0] == "NOT_VERIFIED"
        assert reason in by_check[check][1]
    assert by_check["certificate_chain_and_name_are_trusted"][0] == "FAIL"
    assert by_check["cache_has_memory_to_spare"][0] == "ERROR"
