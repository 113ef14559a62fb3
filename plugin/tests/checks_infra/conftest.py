"""Run one check of the suite with facts made by hand, and say what it concluded."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.model import Cell
from signoff.pytest_plugin.fixtures import Evidence
from signoff.transport import HostAddress, HostPool
from tests.lean import LEAN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ENGINE = Path(__file__).resolve().parents[2]
SUITE = ENGINE.parent / "tests"


def pytest_configure(config: pytest.Config) -> None:
    """Know the marker of the suite's files, which are imported here without the plugin's session."""
    config.addinivalue_line("markers", "checklist(id): the checklist item that a check answers")


@dataclass(frozen=True, kw_only=True)
class Conclusion:
    """What a check said; `state` is `PASS`, `FAIL` or `NOT_VERIFIED`, as the engine would judge it."""

    state: str
    reason: str
    evidence: dict[str, Any]


@cache
def module(path: str) -> Any:
    """Return one file of the suite as a module."""
    spec = importlib.util.spec_from_file_location(f"suite_{path.replace('/', '_').removesuffix('.py')}", SUITE / path)
    assert spec is not None
    assert spec.loader is not None
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded  # where its dataclasses look for the names in their annotations
    spec.loader.exec_module(loaded)
    return loaded


def conclude(path: str, check: str, **fixtures: Any) -> Conclusion:
    """Run the check `check` of the suite's file `path` with the fixtures given."""
    kept: dict[str, Any] = {}
    try:
        getattr(module(path), f"test_{check}")(**fixtures, evidence=Evidence(kept))
    except AssertionError as error:
        return Conclusion(state="FAIL", reason=str(error).partition("\n")[0], evidence=kept)
    except NotVerifiedError as error:
        return Conclusion(state="NOT_VERIFIED", reason=str(error), evidence=kept)
    state = "PASS" if kept.get("inspected") else "NOT_VERIFIED"
    return Conclusion(state=state, reason="" if state == "PASS" else "nothing inspected", evidence=kept)


@pytest.fixture
def run_check() -> Callable[..., Conclusion]:
    """Give the function `run_check(path, check, **fixtures)`."""
    return conclude


@pytest.fixture
def here() -> Iterator[Any]:
    """Give this machine as a testinfra host."""
    with HostPool({"here": HostAddress(name="here", connection="local")}) as pool:
        yield pool.connect("here")


@pytest.fixture
def suite_module() -> Callable[[str], Any]:
    """Give the function `suite_module(path)`: one file of the suite, for what its fixtures are made of."""
    return module


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A private copy of the suite, with the checks of this folder only; run by pytest as its users run it."""

    folder: Path

    def states(self, selection: str, *, env_file: Path, inventory: str = "demo") -> dict[Cell, tuple[str, str]]:
        """Run what the marker expression selects; return state and reason by cell."""
        shutil.rmtree(self.folder / "reports", ignore_errors=True)
        options = ["-p", "signoff.pytest_plugin", "-p", "no:cacheprovider", "-q", "--import-mode=importlib"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", *options, "-m", selection, "--inventory", inventory],
            cwd=self.folder,
            env={**os.environ, **LEAN, "PYTHONPATH": str(ENGINE), "SIGNOFF_ENV_FILE": str(env_file)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        reports = sorted((self.folder / "reports").glob("*/readiness_check_*.json"))
        assert reports, done.stdout + done.stderr
        return {
            Cell(item=entry["id"], check=cell["check"], target=cell["target"]): (cell["state"], _reason(cell))
            for entry in json.loads(reports[-1].read_text())["items"]
            for cell in entry["cells"]
        }


def _reason(cell: dict[str, Any]) -> str:
    return str(cell.get("reason") or (cell.get("observation") or {}).get("reason") or cell.get("note") or "")


@pytest.fixture(scope="session")
def suite(tmp_path_factory: pytest.TempPathFactory) -> Suite:
    """Give a private copy of the suite."""
    folder = tmp_path_factory.mktemp("suite")
    for area in ("infra", "monitoring"):
        shutil.copytree(SUITE / area, folder / "tests" / area, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(SUITE / "checklist.yaml", folder / "tests")
    shutil.copy(SUITE.parent / "conftest.py", folder)
    shutil.copytree(SUITE.parent / "inventories", folder / "inventories")
    (folder / "pyproject.toml").write_text(
        '[tool.pytest]\nfilterwarnings = ["error"]\nstrict = true\n'
        'signoff_checklist = "tests/checklist.yaml"\nsignoff_inventory = "demo"\n'
    )
    return Suite(folder=folder)
