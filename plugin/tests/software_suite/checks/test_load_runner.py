"""`signoff load`, in a process of its own as its users start it: what it refuses, writes, and leaves behind.

The generator is a program that writes the files of a real Locust run; where SIGNOFF_LOCUST names the program itself,
that is run as well.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from click.testing import CliRunner

from signoff.cli.main import main
from signoff.importers.runs import load, statements
from tests.software_suite.checks.conftest import SUITE

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.importers.runs.load_test import LoadTest
    from tests.software_suite.conftest import Scratch, Site

COMMIT = "3f2a91c4d5e6f708192a3b4c5d6e7f8091a2b3c4"
STAND_IN = """\
#!{python}
import json, os, subprocess, sys, time
if "--version" in sys.argv:
    print("locust 2.47.0 (stand-in)"); sys.exit()
option = dict(zip(sys.argv, sys.argv[1:]))
if os.environ.get("MODE") == "hang":
    child = subprocess.Popen(["sleep", "300"], preexec_fn=os.setpgrp)
    open("child.pid", "w").write(str(child.pid))
    time.sleep(300)
start, users = time.time(), option["--users"]
if os.environ.get("MODE") == "database":
    import psycopg
    with psycopg.connect(os.environ["DSN"]) as database:
        for number in range(150):
            database.execute("SELECT count(*) FROM orders WHERE id = %s", [number])
time.sleep(1.2)
entry = dict(name="/", method="GET", start_time=start, last_request_timestamp=time.time(), num_requests=40,
             num_failures=0, response_times={{"12": 40}})
open(option["--json-file"], "w").write(json.dumps([entry]))
rows = ["Timestamp,User Count,Type,Name", *(f"{{int(start) + n}},{{users}},,Aggregated" for n in (0, 1))]
open(option["--csv"] + "_stats_history.csv", "w").write("\\n".join(rows))
open(option["--csv"] + "_failures.csv", "w").write("Method,Name,Error,Occurrences\\n")
sys.exit(3 if os.environ.get("MODE") == "broken" else 0)
"""
SCRIPT = "from locust import HttpUser, task\nclass V(HttpUser):\n    @task\n    def home(self): self.client.get('/')\n"


@dataclass
class Staging:
    """A suite with one environment in which a load test may be made."""

    folder: Path
    policy: dict[str, Any]
    entry: dict[str, Any] = field(default_factory=dict)
    others: dict[str, Any] = field(default_factory=dict)
    """Other services."""

    def run(self, *arguments: str, mode: str = "") -> subprocess.CompletedProcess[str]:
        """Run the command to its end."""
        with self.start(*arguments, mode=mode) as process:
            out, _ = process.communicate(timeout=240)
        return subprocess.CompletedProcess(arguments, process.returncode, out, "")

    def start(self, *arguments: str, mode: str = "") -> subprocess.Popen[str]:
        """Start the command."""
        command = [sys.executable, "-c", "from signoff.cli.main import main; main()", *self.words(*arguments)]
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, "MODE": mode},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def words(self, *arguments: str) -> list[str]:
        """Write the environment, and return the command's arguments."""
        inventory = self.folder / "inventory"
        inventory.mkdir(exist_ok=True)
        (inventory / "buy.py").write_text(SCRIPT)
        for name, content in (
            ("hosts", {"all": {"hosts": {}}}),
            ("services", {"schema_version": 1, "services": {"shop-load": self.entry, **self.others}}),
            ("policy", self.policy),
        ):
            (inventory / f"{name}.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        return ["load", "shop-load", "--inventory", str(inventory), *arguments]

    @property
    def results(self) -> Path:
        return self.folder / "inventory" / "evidence"

    def imported(self) -> LoadTest:
        """Read what was left behind, as the check does."""
        return load.read(
            "locust",
            results=self.results / "locust.json",
            note=self.results / "context.json",
            history=self.results / "locust_stats_history.csv",
            failures=self.results / "locust_failures.csv",
        )


@pytest.fixture
def staging(tmp_path: Path, site: Site) -> Staging:
    folder = tmp_path / "suite"
    folder.mkdir()
    (folder / "tests").mkdir()
    shutil.copy(SUITE / "tests" / "checklist.yaml", folder / "tests")
    (folder / "pyproject.toml").write_text('[tool.pytest]\nsignoff_checklist = "tests/checklist.yaml"\n')
    program = folder / "locust"
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(0o755)
    site.answers["/"] = (200, {}, "hello")
    now = datetime.now(UTC)
    window = {
        "opens": now - timedelta(hours=1),
        "closes": now + timedelta(hours=1),
        "purposes": ["load"],
        "reason": "C1",
    }
    window |= {key: str(window[key]).replace(" ", "T") for key in ("opens", "closes")}
    policy = {
        "schema_version": 1,
        "product": "Shop",
        "environment": "staging",
        "release": {"version": "1.0.0", "commit": COMMIT},
        "roster": [{"name": "Kim", "roles": ["tech"]}],
        "production": False,
        "change_windows": [window],
    }
    evidence = {
        "stats": "evidence/locust.json",
        "history": "evidence/locust_stats_history.csv",
        "failures": "evidence/locust_failures.csv",
        "context": "evidence/context.json",
    }
    how = {"script": "buy.py", "users": 3, "duration": "2s", "program": str(program), "variables": ["MODE"]}
    entry = {"kind": "load_report", "target": site.url, "users": 3, **evidence, "run": how}
    return Staging(folder, policy, entry)


REFUSALS: dict[str, tuple[Callable[[Staging], object], str]] = {
    "not asked for": (lambda _: None, "say --allow-active"),
    "production": (lambda it: it.policy.update(production=True), "is production"),
    "production by silence": (lambda it: it.policy.pop("production"), "is production"),
    "no window": (lambda it: it.policy.update(change_windows=[]), "no change window for load is open"),
    "window for something else": (
        lambda it: it.policy["change_windows"][0].update(purposes=["restore"]),
        "no change window for load is open",
    ),
    "window too short": (lambda it: it.entry["run"].update(duration="2h"), "before 2:02:00 are over"),
    "no program": (lambda it: it.entry["run"].update(program="/nowhere/locust"), "is not installed here"),
    "nothing described": (lambda it: it.entry.pop("run"), "nothing says how to make the load"),
    "more users": (lambda _: None, "more than the inventory allows"),
    "unknown database": (lambda it: it.entry["run"].update(databases=["shop-bd"]), "did you mean 'shop-db'?"),
    "a cache for a database": (lambda it: it.entry["run"].update(databases=["cache"]), "is no postgresql service"),
    "a year": (lambda it: it.entry["run"].update(duration="365d"), "duration"),
}


def test_what_may_not_be_started_is_refused_before_anything_is_asked(
    staging: Staging, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(staging.folder)
    monkeypatch.setenv("MODE", "")
    staging.others = {
        "shop-db": {"kind": "postgresql", "host": "127.0.0.1", "database": "shop", "user": "reader"},
        "cache": {"kind": "redis", "host": "127.0.0.1", "purpose": "cache"},
    }
    whole_policy, whole_entry = yaml.safe_dump(staging.policy), yaml.safe_dump(staging.entry)
    said = {}
    for name, (spoil, _) in REFUSALS.items():
        staging.policy, staging.entry = yaml.safe_load(whole_policy), yaml.safe_load(whole_entry)
        spoil(staging)
        flags = () if name == "not asked for" else ("--allow-active",)
        words = staging.words(*flags, *(("--users", "4") if name == "more users" else ()))
        done = CliRunner().invoke(main, words)
        said[name] = (done.exit_code != 0, " ".join(done.output.split()))

    assert {name: text for name, (ended, text) in said.items() if not ended or REFUSALS[name][1] not in text} == {}
    assert not site.asked
    assert not staging.results.exists()


def test_what_it_writes_is_what_the_check_accepts(staging: Staging, site: Site) -> None:
    done = staging.run("--allow-active", "--users", "2")

    assert done.returncode == 0, done.stdout
    seen = staging.imported()
    assert (seen.requests, seen.peak_users, seen.commit, seen.target) == (40, 2, COMMIT, site.url)
    assert 0 <= seen.generator_cpu_ratio <= 1
    assert seen.kinds is not None
    assert '"version": "2.47.0"' in (staging.results / "context.json").read_text()


@pytest.fixture
def watched(staging: Staging, database: Scratch, monkeypatch: pytest.MonkeyPatch) -> Scratch:
    """Have the statements of a real database counted before and after the load."""
    staging.others["shop-db"] = {"kind": "postgresql", "sslmode": "disable", "user": "reader"} | {
        "host": database.address.host,
        "port": database.address.port,
        "database": database.name,
    }
    staging.entry["run"] |= {"databases": ["shop-db"], "variables": ["MODE", "DSN"]}
    monkeypatch.setenv("DSN", f"host=127.0.0.1 port={database.address.port} user=postgres dbname={database.name}")
    database.execute("CREATE TABLE orders (id integer); INSERT INTO orders SELECT generate_series(1, 10)")
    return database


def test_what_the_database_did_meanwhile_is_counted(staging: Staging, watched: Scratch) -> None:
    watched.execute("CREATE EXTENSION pg_stat_statements")
    with watched.server.admin(watched.name) as earlier:  # what was done before the load is none of it
        for number in range(7):
            earlier.execute("SELECT count(*) FROM orders WHERE id = %s", [number])

    done = staging.run("--allow-active", mode="database")

    assert done.returncode == 0, done.stdout
    before, after = (
        statements.read((staging.results / f"shop-db-statements-{when}.json").read_text())
        for when in ("before", "after")
    )
    found, test = statements.between(before, after), staging.imported()
    calls = {one.text: one.calls for one in found.statements}
    assert {text: number for text, number in calls.items() if "orders" in text} == {
        "SELECT count(*) FROM orders WHERE id = $1": 150
    }
    assert found.began <= test.started < test.finished <= found.ended


def test_a_database_that_does_not_count_is_told_before_there_is_any_load(staging: Staging, watched: Scratch) -> None:
    del watched  # without pg_stat_statements

    done = staging.run("--allow-active", mode="database")

    assert done.returncode != 0
    assert "pg_stat_statements is not installed" in done.stdout
    assert not list(staging.results.iterdir())


def test_a_generator_that_breaks_leaves_no_note_behind(staging: Staging) -> None:
    staging.results.mkdir(parents=True)
    (staging.results / "context.json").write_text("of an earlier run")

    done = staging.run("--allow-active", mode="broken")

    assert done.returncode == 12
    assert "exit status 3" in done.stdout
    assert not (staging.results / "context.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_ends_all_that_was_started(staging: Staging, number: signal.Signals) -> None:
    with staging.start("--allow-active", mode="hang") as process:
        child = staging.results / "child.pid"
        deadline = time.monotonic() + 60
        while not (child.exists() and child.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)

    assert process.returncode == 130, out
    with suppress(FileNotFoundError, ProcessLookupError):  # gone altogether, maybe just now
        assert ") Z " in Path("/proc", child.read_text(), "stat").read_text()
    assert not (staging.results / "context.json").exists()


@pytest.mark.skipif("SIGNOFF_LOCUST" not in os.environ, reason="SIGNOFF_LOCUST names no program: pipx install locust")
def test_locust_itself(staging: Staging, site: Site) -> None:
    staging.entry["run"] |= {"program": os.environ["SIGNOFF_LOCUST"], "duration": "4s", "variables": []}

    done = staging.run("--allow-active")

    assert done.returncode == 0, done.stdout + (staging.results / "generator.log").read_text()
    seen = staging.imported()
    assert seen.requests == len(site.asked) > 3  # each user more than once
    assert (seen.peak_users, seen.failures) == (3, 0)
