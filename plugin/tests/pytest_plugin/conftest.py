"""A tiny suite on disk, and its runs as a user starts them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from signoff.workspace import Workspace
from tests.lean import LEAN

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from signoff.model import Signoff

CANARY = 'kept-"secret"&42'
PYPROJECT = """
[tool.pytest]
testpaths = ["tests"]
addopts = ["--import-mode=importlib", "-p", "no:cacheprovider"]
strict = true
filterwarnings = ["error"]
signoff_checklist = "tests/checklist.yaml"
"""
HEAD = """
schema_version: 1
areas:
  infra:
    title: {ko: 인프라, en: Infrastructure}
    sections:
      servers: {ko: 서버, en: Servers}
      network: {ko: 망, en: Network}
  rollback:
    title: {ko: 롤백, en: Rollback}
    sections: {final: {ko: 최종, en: Final}}
owners: {infra: {ko: 인프라팀, en: Infra team}, dba: {ko: 디비에이, en: DBA}}
stages: {1: {ko: 준비, en: Prepare}, 2: {ko: 점검, en: Check}}
items:
"""
POLICY = """
schema_version: 1
product: Tiny
environment: demo
timezone: Asia/Seoul
release: {version: 1.0.0, commit: abcdef1}
full_recheck: false
roster: [{name: Kim, roles: [tech]}]
"""
HOSTS = "all:\n  vars: {ansible_connection: local}\n  hosts: {web-1: , web-2: }\n"
SERVICES = f"""
schema_version: 1
services:
  cache: {{kind: redis, host: 127.0.0.1, purpose: cache, password: '{CANARY}'}}
"""


def _item(item_id: str, given: Mapping[str, object]) -> str:
    """Return one item of a checklist; `checks` are names, or entries, all with the selector `targets`."""
    fields = {"section": "servers", "owner": "infra", "stage": 1, "severity": "low", "method": "test", **given}
    given_checks = cast("Sequence[str | Mapping[str, object]]", fields.pop("checks", ()))
    targets = fields.pop("targets", "-")
    text = {"title": {"ko": "제목", "en": "Title"}, "remediation": {"ko": "고침", "en": "Mend it"}, "max_age": "7d"}
    entries = [{"name": each} if isinstance(each, str) else each for each in given_checks]
    checks = [{"targets": targets, **each} for each in entries]
    return f"  {item_id}: {json.dumps({**text, **fields, 'checks': checks})}\n"


@dataclass(frozen=True)
class Run:
    """What one process left behind."""

    status: int
    output: str
    document: dict[str, Any] | None

    @property
    def verdict(self) -> str:
        """The verdict in the JSON report."""
        return str((self.document or {}).get("verdict"))

    @property
    def states(self) -> dict[tuple[str, str], str]:
        """Check and target to state."""
        items = (self.document or {"items": []})["items"]
        return {(cell["check"], cell["target"]): cell["state"] for entry in items for cell in entry["cells"]}

    def cell(self, check: str, target: str = "-") -> dict[str, Any]:
        """Return the cell as the JSON report shows it."""
        items = (self.document or {"items": []})["items"]
        cells = [cell for entry in items for cell in entry["cells"]]
        return next(cell for cell in cells if (cell["check"], cell["target"]) == (check, target))


@dataclass(frozen=True)
class Suite:
    """A checklist with its inventory and tests, in a folder of its own."""

    folder: Path
    environ: dict[str, str] = field(default_factory=dict)

    def write(self, name: str, text: str) -> Path:
        """Write one file of the suite."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def command(self, *options: str, workers: int = 0) -> list[str]:
        """Return the command line of a run."""
        return [sys.executable, "-m", "pytest", *options, *([f"-n{workers}"] if workers else [])]

    def process(self, *options: str, workers: int = 0) -> subprocess.Popen[str]:
        """Start a run in a process group of its own."""
        return subprocess.Popen(
            self.command(*options, workers=workers),
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            # A shell starts its background jobs deaf to Ctrl-C; these tests are about hearing it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads here
        )

    @property
    def environment(self) -> dict[str, str]:
        """Environment of every run."""
        clean = {
            name: value
            for name, value in os.environ.items()
            # pytest writes longer summaries where it finds the two of CI services.
            if not name.startswith(("PYTEST_", "SIGNOFF_", "GITHUB_", "GITLAB_")) and name not in ("CI", "BUILD_NUMBER")
        }
        return {**clean, **LEAN, "LC_ALL": "C.UTF-8", "COLUMNS": "120", **self.environ}

    def run(self, *options: str, workers: int = 0) -> Run:
        """Run pytest here to its end."""
        before = set(self.reports())
        done = subprocess.run(
            self.command(*options, workers=workers),
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=600,
            check=False,
        )
        new = sorted(set(self.reports()) - before)
        document = json.loads(new[-1].read_text(encoding="utf-8")) if new else None
        return Run(done.returncode, done.stdout + done.stderr, document)

    def reports(self) -> Iterator[Path]:
        """Return all JSON reports, in no order."""
        return self.folder.glob("reports/*/readiness_check_*.json")

    def artifacts(self) -> list[Path]:
        """Return every file that runs left behind."""
        return sorted(path for path in self.folder.glob("reports/**/*") if path.is_file())

    def workspace(self) -> Workspace:
        """Return the suite as the engine sees it."""
        return Workspace.load(self.folder, inventory=str(self.folder / "inventories/demo"))

    def evaluate(self, scope: Sequence[str] | None = None) -> Signoff:
        """Judge what is on disk now."""
        return self.workspace().evaluate(datetime.now(UTC), scope=None if scope is None else frozenset(scope))


def _build(folder: Path, items: Mapping[str, Mapping[str, object]], tests: str, hosts: str = HOSTS) -> Suite:
    made = Suite(folder)
    made.write("pyproject.toml", PYPROJECT)
    made.write("tests/checklist.yaml", HEAD + "".join(_item(name, fields) for name, fields in items.items()))
    made.write("tests/test_it.py", f"import os, time, warnings\nimport pytest, signoff\n{textwrap.dedent(tests)}")
    made.write("inventories/demo/hosts.yaml", hosts)
    made.write("inventories/demo/services.yaml", SERVICES)
    made.write("inventories/demo/policy.yaml", POLICY)
    return made


@pytest.fixture(scope="session")
def write_suite(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Suite]:
    """Return the function `write_suite(items, tests, hosts=…)` that writes a suite into a folder of its own.

    `items` is id to fields: `{"checks": names, "targets": selector, …}`; `tests` is the text of one module.
    """
    return lambda *arguments, **options: _build(tmp_path_factory.mktemp("suite"), *arguments, **options)


@pytest.fixture(scope="session")
def canary() -> str:
    """Return the secret of every suite's inventory."""
    return CANARY
