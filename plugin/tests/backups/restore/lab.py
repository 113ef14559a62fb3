"""An environment with one backup and a scratch host, which is this machine, and the command run in it."""

from __future__ import annotations

import hashlib
import subprocess
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from click.testing import CliRunner

from signoff.cli.main import main
from signoff.importers.drills import restore_test

if TYPE_CHECKING:
    import pytest

    from signoff.importers.drills.restore_test import RestoreTest

SUITE = Path(__file__).resolve().parents[4]
COMMIT = "3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"
LOCAL = {"ansible_connection": "local"}


def one_item() -> str:
    """Return our checklist with nothing but BAK-JOB-4: all that a restore test needs, and read at once."""
    whole = yaml.load((SUITE / "tests" / "checklist.yaml").read_text(), yaml.CSafeLoader)
    area, item = whole["areas"]["backup"], whole["items"]["BAK-JOB-4"]
    kept = {"areas": {"backup": area}, "items": {"BAK-JOB-4": item}}
    return yaml.safe_dump({name: kept.get(name, value) for name, value in whole.items()}, allow_unicode=True)


def policy() -> dict[str, Any]:
    """Return a policy with an open window."""
    now = datetime.now(UTC)
    opens, closes = (now + timedelta(hours=hours) for hours in (-1, 3))
    window = {"opens": opens.isoformat(), "closes": closes.isoformat(), "purposes": ["restore"], "reason": "monthly"}
    return {
        "schema_version": 1,
        "product": "Shop",
        "environment": "restore-lab",
        "production": False,
        "release": {"version": "1.0.0", "commit": COMMIT},
        "roster": [{"name": "Kim", "roles": ["tech"]}],
        "change_windows": [window],
    }


@dataclass
class Lab:
    """An environment in a folder; what its files say may be changed before each run."""

    folder: Path
    programs: Path
    backup: dict[str, Any] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=policy)
    services: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make a suite of one item, and places for backups and scratch servers."""
        for name in ("tests", "backups", "scratch", "inventory"):
            (self.folder / name).mkdir(parents=True)
        self.scratch.chmod(0o700)
        (self.folder / "pyproject.toml").write_text('[tool.pytest]\nsignoff_checklist = "tests/checklist.yaml"\n')
        self.groups = {
            "backup": {"backup1": LOCAL},
            "scratch": {"scratch1": LOCAL},
            "db": {"db1": {"ansible_host": "db1.test"}},
        }
        self.services = {"shop-db": {"kind": "postgresql", "host": "127.0.0.1", "database": "shop", "user": "reader"}}
        self.backup = {
            "kind": "backup",
            "host": "backup1",
            "folder": str(self.backups),
            "pattern": "shop-*.bin",
            "database": "shop-db",
            "schedule": {"cron": "0 3 * * *"},
            "restore": {
                "record": str(self.folder / "restore.json"),
                "scratch": {
                    "host": "scratch1",
                    "folder": str(self.scratch),
                    "programs": str(self.programs),
                    "format": "custom",
                    "within": "15m",
                },
            },
            "objectives": {"rto": "10m", "rpo": "15m"},
        }

    @property
    def scratch(self) -> Path:
        """Where servers are started."""
        return self.folder / "scratch"

    @property
    def backups(self) -> Path:
        """Where backups lie."""
        return self.folder / "backups"

    def set(self, **changes: Any) -> None:
        """Change what is said of the scratch host."""
        self.backup["restore"]["scratch"] |= changes

    def store(self, content: bytes, contents: str) -> Path:
        """Keep a backup with its manifest, and what its tables held."""
        path = self.backups / "shop-1.bin"
        path.write_bytes(content)
        path.with_name("shop-1.bin.sha256").write_text(f"{hashlib.sha256(content).hexdigest()}  {path.name}\n")
        path.with_name("shop-1.bin.json").write_text(contents)
        return path

    def words(self, *arguments: str, host: str = "scratch1", active: bool = True) -> list[str]:
        """Write the environment, and return the command's arguments."""
        inventory = self.folder / "inventory"
        children = {group: {"hosts": hosts} for group, hosts in self.groups.items()}
        for name, content in (
            ("hosts", {"all": {"children": children}}),
            ("services", {"schema_version": 1, "services": {"shop-backup": self.backup} | self.services}),
            ("policy", self.policy),
        ):
            (inventory / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        flag = ["--allow-active"] if active else []
        return ["restore-test", "shop-backup", "--on", host, "--inventory", str(inventory), *flag, *arguments]

    def run(self, monkeypatch: pytest.MonkeyPatch, *arguments: str, **options: Any) -> tuple[int, str]:
        """Return the exit status, and what was said."""
        monkeypatch.chdir(self.folder)
        done = CliRunner().invoke(main, self.words(*arguments, **options))
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.exit_code, done.output

    def record(self) -> RestoreTest:
        """Return what was written down."""
        return restore_test.read((self.folder / "restore.json").read_bytes())

    def leftovers(self) -> list[str]:
        """Return what lies in the scratch folder beside its lock, and servers that run from it."""
        servers = [
            str(one)
            for one in Path("/proc").glob("[0-9]*")
            if str(self.scratch).encode() in command_line(one) and b"postgres" in command_line(one)
        ]
        return servers + [one.name for one in self.scratch.iterdir() if one.name != ".restore-test.lock"]


def command_line(process: Path) -> bytes:
    """Return the words of a process, or nothing if it has gone."""
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def wrap(program: Path, start: str) -> None:
    """Write a program that starts another one."""
    program.write_text(f'#!/bin/sh\n{start} "$@"\n')
    program.chmod(0o755)


def said_by(*command: str, stdin: bytes = b"") -> bytes:
    """Return what a program wrote."""
    return subprocess.run(command, input=stdin, check=True, capture_output=True).stdout
