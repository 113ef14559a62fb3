"""The real suite against an inventory that says hardly anything."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo

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
