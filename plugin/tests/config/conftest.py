"""Input files in a folder of the test's own, and what is said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.checklist import load_checklist
from signoff.config.inventory import load_inventory
from signoff.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.model import Checklist

CHECKLIST = """\
schema_version: 1
areas:
  infra:
    title: {ko: 인프라, en: Infrastructure}
    sections:
      servers: {ko: 서버, en: Servers}
owners:
  infra: {ko: 인프라팀, en: Infra team}
stages:
  1: {ko: 준비, en: Prepare}
items:
  INF-SRV-1:
    title: {ko: 가, en: A}
    section: servers
    owner: infra
    stage: 1
    severity: high
    method: test
    max_age: 7d
    remediation: {ko: 고침, en: Mend it}
    checks:
      - {name: alive, targets: hosts}
      - {name: cached, targets: "services:redis"}
"""
FILES = {
    "hosts.yaml": "all:\n  hosts:\n    web-1: {ansible_host: 192.0.2.1}\n",
    "services.yaml": "schema_version: 1\nservices:\n  cache: {kind: redis, host: 192.0.2.2, purpose: cache}\n",
    "policy.yaml": (
        "schema_version: 1\nproduct: P\nenvironment: demo\ntimezone: Asia/Seoul\n"
        "release: {version: 1.0.0, commit: abcdef1}\nroster:\n  - {name: Kim, roles: [tech]}\n"
    ),
}


@pytest.fixture
def checklist(tmp_path: Path) -> Checklist:
    """Return a checklist of one item with two checks."""
    path = tmp_path / "checklist.yaml"
    path.write_text(CHECKLIST, encoding="utf-8")
    return load_checklist(path)


@pytest.fixture
def load(tmp_path: Path, checklist: Checklist) -> Callable[..., Inventory]:
    """Return the function `load(files, environ)`: an inventory of good files with some of them replaced."""

    def load_(files: Mapping[str, str | bytes] | None = None, environ: Mapping[str, str] | None = None) -> Inventory:
        folder = tmp_path / "inventory"
        folder.mkdir(exist_ok=True)
        for name, text in {**FILES, **(files or {})}.items():
            (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
        return load_inventory(folder, checklist, environ or {})

    return load_


@pytest.fixture
def refused(load: Callable[..., Inventory]) -> Callable[..., list[str]]:
    """Return the function `refused(files, environ)`: the mistakes found, without the folder in front."""

    def refused_(files: Mapping[str, Any], environ: Mapping[str, str] | None = None) -> list[str]:
        with pytest.raises(ConfigError) as caught:
            load(files, environ)
        return [line.rpartition("/inventory/")[2] for line in str(caught.value).splitlines()]

    return refused_


@pytest.fixture
def refused_checklist(tmp_path: Path) -> Callable[..., str]:
    """Return the function `refused_checklist(old, new)`: what is said of the checklist with a text replaced."""

    def refused_(old: str, new: str) -> str:
        assert old in CHECKLIST
        path = tmp_path / "other.yaml"
        path.write_text(CHECKLIST.replace(old, new, 1), encoding="utf-8")
        with pytest.raises(ConfigError) as caught:
            load_checklist(path)
        return str(caught.value)

    return refused_
