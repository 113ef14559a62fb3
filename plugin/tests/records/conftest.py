"""A suite on disk whose runs are written straight into its store, and the history of the first final check."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from signoff.cli import main
from signoff.model import Cell, Observation, Outcome, Run
from signoff.pytest_plugin.attempts import fingerprint
from signoff.store.sign import create_key
from signoff.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from click.testing import Result

    from signoff.model import Signoff

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PEOPLE = {"Kim": "tech", "Lee": "qa", "Park": "executive", "Choi": "infra", "Han": "operations"}
CHECKLIST = """
schema_version: 1
areas:
  infra:
    title: {ko: 인프라, en: Infrastructure}
    sections:
      servers: {ko: 서버, en: Servers}
owners: {infra: {ko: 인프라팀, en: Infra team}, dba: {ko: 디비에이, en: DBA}}
stages: {1: {ko: 준비, en: Prepare}}
items:
"""
ITEMS = {
    "INF-SRV-1": {"method": "test", "severity": "high", "checks": ["disk_is_free"]},
    "INF-SRV-2": {"method": "test", "severity": "low", "checks": ["clock_is_right"]},
    "INF-DR-1": {"method": "examine", "severity": "high", "checks": []},
    "INF-DR-2": {"method": "hybrid", "severity": "high", "checks": ["plan_is_there"]},
}
POLICY = """
schema_version: 1
product: Tiny
environment: demo
timezone: Asia/Seoul
release: {version: 1.0.0, commit: abcdef1}
full_recheck: false
attestations: {roles: [operations]}
"""


@dataclass
class World:
    """A suite with five people, four items and two hosts."""

    folder: Path
    keys: Path
    number: int = 0
    clock: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(hours=3))

    @property
    def inventory(self) -> Path:
        """Folder of the environment."""
        return self.folder / "inventories/demo"

    def workspace(self) -> Workspace:
        """Return the suite as the engine sees it now."""
        return Workspace.load(self.folder, inventory=str(self.inventory))

    def evaluate(self) -> Signoff:
        """Judge what is on disk now."""
        return self.workspace().evaluate(datetime.now(UTC))

    def ran(self, outcomes: Mapping[str, str] | None = None, *, hours_ago: float | None = None) -> Run:
        """Keep a run of the whole checklist: every cell passes, but those named `check[target]` or `check`.

        Without `hours_ago` runs follow each other by a minute, from three hours ago.
        """
        workspace = self.workspace()
        self.clock += timedelta(minutes=1)
        at = self.clock if hours_ago is None else datetime.now(UTC) - timedelta(hours=hours_ago)
        self.number += 1
        run = Run(
            id=f"01JWZ000000000000000000{self.number:03}",
            environment="demo",
            release="1.0.0",
            selector="",
            planned=tuple(place.cell for place in workspace.planned),
            started=at,
        )
        with workspace.store.begin_run(run) as journal:
            for seq, place in enumerate(workspace.planned):
                cell = place.cell
                said = outcomes or {}
                word = said.get(f"{cell.check}[{cell.target}]", said.get(cell.check, "pass"))
                outcome, _, why = word.partition(": ")
                seen = observation(cell, Outcome(outcome), why, run, seq, at + timedelta(seconds=seq + 1))
                source = place.source.sha256 if place.source else ""
                journal.append(replace(seen, code_sha256=source, target_sha256=place.target.sha256))
            journal.close(at + timedelta(seconds=30))
        return run

    def call(self, *arguments: str, **options: Any) -> Result:
        """Run the command line in English on this suite."""
        return CliRunner().invoke(main, [*arguments, "--inventory", "demo"], **options)

    def json(self, *arguments: str) -> Any:
        """Run the command line and return the JSON it prints."""
        done = self.call(*arguments, "--json")
        return json.loads(done.output)

    def change_policy(self, text: str) -> None:
        """Append to the policy."""
        path = self.inventory / "policy.yaml"
        path.write_text(path.read_text() + text)


@pytest.fixture(scope="session", name="observation")
def observation_fixture() -> Callable[..., Observation]:
    """Return the function `observation(cell, outcome, why, run, seq, at)`."""
    return observation


def observation(  # noqa: PLR0913, PLR0917 - what the journal keeps
    cell: Cell, outcome: Outcome, why: str, run: Run, seq: int, at: datetime
) -> Observation:
    """Return what the plugin would have journalled."""
    failed = outcome is not Outcome.PASS
    reason = (why or f"{cell.target}: it is bad") if failed else ""
    return Observation(
        run=run.id,
        seq=seq,
        cell=cell,
        outcome=outcome,
        started=at - timedelta(seconds=1),
        finished=at,
        environment=run.environment,
        release=run.release,
        reason=reason,
        fingerprint=fingerprint(cell, reason) if failed else "",
        inspected=1,
    )


def _item(item_id: str, given: Mapping[str, Any]) -> str:
    checks = [{"name": name, "targets": "hosts"} for name in given["checks"]]
    text = {"title": {"ko": "제목", "en": "Title"}, "remediation": {"ko": "고침", "en": "Mend it"}, "max_age": "7d"}
    fields = {"section": "servers", "owner": "infra", "stage": 1, **given, "checks": checks}
    return f"  {item_id}: {json.dumps({**text, **fields})}\n"


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Return a fresh suite; the current folder is its own."""
    folder = tmp_path / "suite"
    tests = [f'@pytest.mark.checklist(id="{i}")\ndef test_{c}(): ...\n' for i, f in ITEMS.items() for c in f["checks"]]
    (tmp_path / "keys").mkdir()
    roster = "".join(
        f'  - {{name: {name}, roles: [{role}], public_key: "{create_key(tmp_path / "keys" / name)}"}}\n'
        for name, role in PEOPLE.items()
    )
    files = {
        "pyproject.toml": '[tool.pytest]\nsignoff_checklist = "tests/checklist.yaml"\n',
        "tests/checklist.yaml": CHECKLIST + "".join(_item(item, fields) for item, fields in ITEMS.items()),
        "tests/test_it.py": "import pytest\n" + "\n".join(tests),
        "inventories/demo/hosts.yaml": "all: {vars: {ansible_connection: local}, hosts: {web1: , web2: }}\n",
        "inventories/demo/services.yaml": "schema_version: 1\nservices: {}\n",
        "inventories/demo/policy.yaml": f"{POLICY}roster:\n{roster}",
    }
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SIGNOFF_LANG", "en")
    monkeypatch.setenv("COLUMNS", "100")
    return World(folder, tmp_path / "keys")


@pytest.fixture(scope="session")
def first_check() -> dict[str, Any]:
    """Return the history of the first final check, dates and instants read."""
    data: dict[str, Any] = yaml.safe_load((HERE / "first_check.yaml").read_text(encoding="utf-8"))
    for run in data["runs"].values():
        run |= {name: datetime.fromisoformat(run[name]) for name in ("started", "ended")}
    for issue in data["issues"]:
        issue["cell"] = Cell(**dict(zip(("item", "check", "target"), issue["cell"], strict=True)))
        for action in issue["said"]:
            action["at"] = datetime.fromisoformat(action["at"])
            action["planned"] = tuple(action.get("planned", ()))
            assert isinstance(action.get("due", date.min), date)
    return data


@pytest.fixture
def golden() -> Callable[[str, str], None]:
    """Compare a text with `golden/<name>`; with SIGNOFF_UPDATE_GOLDEN=1 write it instead."""

    def compare(name: str, text: str) -> None:
        path = HERE / "golden" / name
        if os.environ.get("SIGNOFF_UPDATE_GOLDEN"):
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return compare
