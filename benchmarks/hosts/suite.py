"""A sign-off of the farm with thirty checks per host, and the same tests over the bare transport."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

_TESTS = Path(__file__).parent / "contenders" / "testinfra" / "test_host.py"
_SETTINGS = """
[tool.pytest]
testpaths = ["tests"]
addopts = ["-p", "no:cacheprovider"]
signoff_checklist = "tests/checklist.yaml"
signoff_inventory = "farm"
"""
_CHECKLIST = """
schema_version: 1
areas: {{infra: {{title: {{ko: 인프라, en: Infrastructure}}, sections: {{servers: {{ko: 서버, en: Servers}}}}}}}}
owners: {{infra: {{ko: 인프라, en: Infrastructure}}}}
stages: {{1: {{ko: 점검, en: Check}}}}
items:
  INF-SRV-1:
    title: {{ko: 서버, en: Servers}}
    section: servers
    owner: infra
    stage: 1
    severity: high
    method: test
    max_age: 7d
    remediation: {{ko: 고침, en: Mend it}}
    checks:
{checks}
"""
_POLICY = """
schema_version: 1
product: Farm
environment: farm
release: {version: 1.0.0, commit: abcdef1}
"""


def write(folder: Path, names: list[str], ssh_config: Path, only: Collection[str] = ()) -> None:
    """Write a whole suite, with all or only some of the checks: checklist, inventory, policy and tests."""
    tests, inventory = folder / "tests", folder / "inventories" / "farm"
    tests.mkdir(parents=True)
    inventory.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(_SETTINGS)
    head, *each = _TESTS.read_text(encoding="utf-8").split("\n\n\n")
    wanted = {_name(test): test for test in each if not only or _name(test) in only}
    (tests / _TESTS.name).write_text("\n\n\n".join([head, *wanted.values()]) + "\n", encoding="utf-8")
    listed = "\n".join(f"    - {{name: {name}, targets: hosts}}" for name in wanted)
    (tests / "checklist.yaml").write_text(_CHECKLIST.format(checks=listed), encoding="utf-8")
    # Names, users and keys stand in the SSH client's own configuration, as for every other contender.
    head = f"all:\n  vars: {{ansible_ssh_common_args: -F {ssh_config}}}\n  hosts:\n"
    (inventory / "hosts.yaml").write_text(head + "".join(f"    {name}:\n" for name in names))
    (inventory / "services.yaml").write_text("schema_version: 1\n")
    (inventory / "policy.yaml").write_text(_POLICY)


def _name(test: str) -> str:
    found = re.search(r"^def test_(\w+)", test, re.MULTILINE)
    assert found
    return found[1]


def write_plain(folder: Path) -> None:
    """Write the same tests over the pool of hosts and answers ahead alone: no checklist, evidence or reports."""
    for name in ("test_host.py", "pytest.ini"):
        shutil.copy(_TESTS.with_name(name), folder)
    shutil.copy(_TESTS.parents[1] / "transport" / "conftest.py", folder)
