"""Run the real suite, by pytest as its users do, against an environment that a test puts together."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

ENGINE = Path(__file__).resolve().parents[3]
SUITE = ENGINE.parent / "tests"
AREAS = ("security", "backup", "integration", "rollback")
COMMIT = "3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"

States = dict[str, str]
"""State by `check[target]`."""


@dataclass
class Environment:
    """One inventory made by hand. Hosts are this machine unless they say otherwise."""

    folder: Path
    commit: str = COMMIT
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    """Why, by `check[target]`, after a run."""

    def host(self, name: str, group: str, **signoff: Any) -> None:
        """Add a host that is this machine."""
        self.groups.setdefault(group, {})[name] = {"ansible_connection": "local", "signoff": signoff}

    def unreachable_host(self, name: str, group: str) -> None:
        """Add a host where nothing listens."""
        self.groups.setdefault(group, {})[name] = {"ansible_host": "127.0.0.1", "ansible_port": 1}

    def run(self, area: str) -> States:
        """Run the checks of an area and return every cell's state."""
        self._write()
        cells = run_suite(self.folder, str(self.folder / "inventory"), f"tests/{area}")
        self.reasons = {name: cell["reason"] or cell["note"] for name, cell in cells.items()}
        return {name: cell["state"] for name, cell in cells.items()}

    def _write(self) -> None:
        copy_suite(self.folder)
        policy = {
            "schema_version": 1,
            "product": "Shop",
            "environment": "made-by-hand",
            "release": {"version": "1.0.0", "commit": self.commit},
            "roster": [{"name": "Kim", "roles": ["tech"]}],
        }
        children = {group: {"hosts": hosts} for group, hosts in self.groups.items()}
        (self.folder / "inventory").mkdir(exist_ok=True)
        for name, content in (
            ("hosts", {"all": {"children": children}}),
            ("services", {"schema_version": 1, "services": self.services}),
            ("policy", policy | self.policy),
        ):
            (self.folder / "inventory" / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))


def copy_suite(folder: Path) -> None:
    """Put a private copy of our part of the suite into the folder."""
    for area in AREAS:
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(SUITE / area, folder / "tests" / area, ignore=ignored, dirs_exist_ok=True)
    shutil.copy(SUITE / "checklist.yaml", folder / "tests")
    shutil.copy(SUITE.parent / "conftest.py", folder)
    (folder / "pyproject.toml").write_text(
        '[tool.pytest]\nfilterwarnings = ["error"]\nstrict = true\nsignoff_checklist = "tests/checklist.yaml"\n'
    )


def run_suite(folder: Path, inventory: str, *selection: str, env_file: Path | None = None) -> dict[str, dict[str, Any]]:
    """Run the copied suite against an inventory and return each cell by `check[target]`."""
    shutil.rmtree(folder / "reports", ignore_errors=True)
    secrets = {"SIGNOFF_ENV_FILE": str(env_file)} if env_file else {}
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "signoff.pytest_plugin", "-p", "no:cacheprovider", "-q"),
            *("--import-mode=importlib", "--inventory", inventory, *selection),
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ENGINE), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", **secrets},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    reports = sorted((folder / "reports").glob("*/readiness_check_*.json"))
    assert reports, done.stdout + done.stderr
    cells = [
        cell | {"item": item["id"]} for item in json.loads(reports[-1].read_text())["items"] for cell in item["cells"]
    ]
    return {f"{cell['check']}[{cell['target']}]": cell for cell in cells}


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Return an empty environment."""
    folder = tmp_path / "suite"
    folder.mkdir()
    return Environment(folder)


def of_check(states: States, check: str) -> States:
    """Return state by target of one check."""
    return {
        name.removeprefix(f"{check}[").removesuffix("]"): state
        for name, state in states.items()
        if name.startswith(f"{check}[")
    }


@pytest.fixture
def states_of() -> Any:
    """Return the function `states_of(states, check)`: state by target."""
    return of_check
