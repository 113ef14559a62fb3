"""Run the real suite, by pytest as its users do, against an environment that a test puts together."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, LiteralString

import pytest
import yaml
from psycopg import sql

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.software_suite.conftest import Server

ENGINE = Path(__file__).resolve().parents[3]
SUITE = ENGINE.parent
AREAS = ("software", "performance")

Expected = dict[str, str]
"""By target: the state, and after a colon a part of the reason."""


@dataclass(frozen=True, slots=True)
class Results:
    """What a run concluded: state and reason by check and target."""

    cells: Mapping[tuple[str, str], tuple[str, str]]

    def of(self, check: str) -> dict[str, str]:
        """Return `STATE: reason` by target."""
        return {
            target: f"{state}: {reason}".rstrip(": ")
            for (name, target), (state, reason) in self.cells.items()
            if name == check
        }

    def differences(self, check: str, expected: Expected) -> dict[str, str]:
        """Return what came out otherwise than expected; a target that is not named counts."""
        seen = self.of(check)
        return {
            target: f"expected {expected.get(target)}, got {seen.get(target)}"
            for target in {*seen, *expected}
            if not _agrees(seen.get(target, ""), expected.get(target, "nothing"))
        }


def _agrees(seen: str, expected: str) -> bool:
    state, _, reason = expected.partition(": ")
    return seen.partition(":")[0] == state and re.search(reason, seen) is not None


@dataclass
class Environment:
    """One inventory made by hand; its hosts are this machine."""

    folder: Path
    commit: str
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)
    services: dict[str, dict[str, Any]] = field(default_factory=dict)

    def host(self, name: str, **signoff: Any) -> None:
        """Add an application host."""
        self.groups.setdefault("app", {})[name] = {"ansible_connection": "local", "signoff": signoff}

    def unreachable_host(self, name: str, **signoff: Any) -> None:
        """Add an application host where nothing listens."""
        gone = {"ansible_host": "127.0.0.1", "ansible_port": 1, "ansible_user": "nobody", "signoff": signoff}
        self.groups.setdefault("app", {})[name] = gone

    def run(self, *selection: str) -> Results:
        """Run files of the suite."""
        policy = {
            "schema_version": 1,
            "product": "Shop",
            "environment": "made-by-hand",
            "release": {"version": "1.0.0", "commit": self.commit},
            "roster": [{"name": "Kim", "roles": ["tech"]}],
        }
        children = {group: {"hosts": hosts} for group, hosts in self.groups.items()}
        inventory = self.folder / "inventory"
        inventory.mkdir(exist_ok=True)
        for name, content in (
            ("hosts", {"all": {"children": children}}),
            ("services", {"schema_version": 1, "services": self.services}),
            ("policy", policy),
        ):
            (inventory / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        return run_suite(self.folder, str(inventory), *selection)


def copy_suite(folder: Path) -> None:
    """Put a private copy of our part of the suite into the folder."""
    for area in AREAS:
        shutil.copytree(SUITE / "tests" / area, folder / "tests" / area, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SUITE / "tests" / "checklist.yaml", folder / "tests")
    shutil.copy(SUITE / "conftest.py", folder)
    (folder / "pyproject.toml").write_text(
        '[tool.pytest]\nfilterwarnings = ["error"]\nstrict = true\nsignoff_checklist = "tests/checklist.yaml"\n'
    )


def run_suite(folder: Path, inventory: str, *selection: str, env_file: Path | None = None) -> Results:
    """Run the copied suite against an inventory."""
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
        timeout=280,
        check=False,
    )
    reports = sorted((folder / "reports").glob("*/readiness_check_*.json"))
    assert reports, done.stdout + done.stderr
    items = json.loads(reports[-1].read_text())["items"]
    return Results(
        {
            (cell["check"], cell["target"]): (cell["state"], cell["reason"] or cell["note"] or "")
            for item in items
            for cell in item["cells"]
        }
    )


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """Return an empty environment, in which a test sets the commit."""
    folder = tmp_path / "suite"
    folder.mkdir()
    copy_suite(folder)
    return Environment(folder, commit="0" * 40)


class World:
    """An inventory of databases, each real and fresh, on the session's server."""

    def __init__(self, environment: Environment, server: Server) -> None:
        self.environment = environment
        self.server = server
        self.names: list[str] = []

    def database(self, name: str, script: LiteralString = "", **settings: Any) -> None:
        """Create a database and name it in the inventory."""
        with self.server.admin("postgres") as admin:
            admin.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        self.names.append(name)
        for statement in filter(str.strip, script.split(";")):
            with self.server.admin(name) as admin:
                admin.execute(statement)
        self.named(name, name, **settings)

    def named(self, name: str, database: str, **settings: Any) -> None:
        """Name a database in the inventory."""
        self.environment.services[name] = {
            "kind": "postgresql",
            "host": "127.0.0.1",
            "port": self.server.port,
            "database": database,
            "user": "reader",
            "sslmode": "disable",
            **settings,
        }

    def drop(self) -> None:
        """Remove what was created."""
        with self.server.admin("postgres") as admin:
            for name in self.names:
                admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def world(environment: Environment, postgres: Server) -> Iterator[World]:
    world = World(environment, postgres)
    yield world
    world.drop()
