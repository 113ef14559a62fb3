"""A suite of checks about hosts, as small as it can be, written into a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_SETTINGS = """
[tool.pytest]
testpaths = ["tests"]
signoff_checklist = "tests/checklist.yaml"
"""
_HEAD = """
schema_version: 1
areas: {infra: {title: {ko: 인프라, en: Infrastructure}, sections: {servers: {ko: 서버, en: Servers}}}}
owners: {infra: {ko: 인프라, en: Infrastructure}}
stages: {1: {ko: 점검, en: Check}}
items:
"""
_ITEM = """
  {item}:
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
product: Benchmark
environment: demo
release: {version: 1.0.0, commit: abcdef1}
"""


def write_suite(folder: Path, items: Mapping[str, Sequence[str]], tests: str, hosts: int) -> None:
    """Write checklist, tests and an inventory of hosts `web…`, all of them this machine.

    Args:
        folder: Where; it is made.
        items: For each item the names of its checks, which all concern hosts.
        tests: The one module of tests.
        hosts: How many hosts.
    """
    asked, inventory = folder / "tests", folder / "inventories" / "demo"
    asked.mkdir(parents=True)
    inventory.mkdir(parents=True)
    listed = (
        _ITEM.format(item=item, checks="\n".join(f"    - {{name: {name}, targets: hosts}}" for name in names))
        for item, names in items.items()
    )
    (folder / "pyproject.toml").write_text(_SETTINGS, encoding="utf-8")
    (asked / "checklist.yaml").write_text(_HEAD + "".join(listed), encoding="utf-8")
    (asked / "test_all.py").write_text(tests, encoding="utf-8")
    names = f"web[{'1'.zfill(len(str(hosts)))}:{hosts}]"
    (inventory / "hosts.yaml").write_text(f"all:\n  vars: {{ansible_connection: local}}\n  hosts: {{'{names}': }}\n")
    (inventory / "services.yaml").write_text("schema_version: 1\n")
    (inventory / "policy.yaml").write_text(_POLICY)
