"""What the engine costs: 1,000 cells with it, against 1,000 plain pytest tests with the same reports (HTML, JUnit).

Both sides run in turn, five times each after one warm-up; the medians and the ratio are printed.
"""

from __future__ import annotations

import platform
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

HOSTS, CHECKS, RUNS = 50, 20, 5

CHECKLIST = """
schema_version: 1
areas: {{infra: {{title: {{ko: 인프라, en: Infrastructure}}, sections: {{servers: {{ko: 서버, en: Servers}}}}}}}}
owners: {{infra: {{ko: 인프라, en: Infrastructure}}}}
stages: {{1: {{ko: 점검, en: Check}}}}
items:
  INF-SRV-1:
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
POLICY = """
schema_version: 1
product: Benchmark
environment: demo
release: {version: 1.0.0, commit: abcdef1}
"""


def _suite(folder: Path, *, engine: bool) -> list[str]:
    tests = folder / "tests"
    tests.mkdir(parents=True)
    settings = "[tool.pytest]\ntestpaths = ['tests']\n"
    if engine:
        names = "\n".join(f"    - {{name: check_{number}, targets: hosts}}" for number in range(CHECKS))
        (tests / "checklist.yaml").write_text(CHECKLIST.format(checks=names), encoding="utf-8")
        inventory = folder / "inventories" / "demo"
        inventory.mkdir(parents=True)
        last = str(HOSTS).zfill(3)
        hosts = f"all:\n  vars: {{ansible_connection: local}}\n  hosts: {{'web[001:{last}]': }}\n"
        (inventory / "hosts.yaml").write_text(hosts)
        (inventory / "services.yaml").write_text("schema_version: 1\n")
        (inventory / "policy.yaml").write_text(POLICY)
        settings += "signoff_checklist = 'tests/checklist.yaml'\n"
        head, mark, argument = "import pytest\n", '@pytest.mark.checklist(id="INF-SRV-1")\n', "target, evidence"
        body = "    evidence(observed='1', expected='1', inspected=1)\n    assert target.name\n"
    else:
        head = (
            f"import pytest\nall_hosts = pytest.mark.parametrize('target', [f'web{{n:03}}' for n in range({HOSTS})])\n"
        )
        mark, argument, body = "@all_hosts\n", "target", "    assert target\n"
    (folder / "pyproject.toml").write_text(settings)
    text = "".join(f"\n{mark}def test_check_{number}({argument}):\n{body}" for number in range(CHECKS))
    (tests / "test_all.py").write_text(head + text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    if not engine:
        command += ["-p", "no:signoff.pytest_plugin", "--html=report.html", "--self-contained-html", "--junitxml=j.xml"]
    return command


def _seconds(command: list[str], folder: Path) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        sides = {side: Path(name) / side for side in ("engine", "plain")}
        commands = {side: _suite(folder, engine=side == "engine") for side, folder in sides.items()}
        taken: dict[str, list[float]] = {side: [] for side in sides}
        for turn in range(RUNS + 1):
            for side, folder in sides.items():
                seconds = _seconds(commands[side], folder)
                if turn:
                    taken[side].append(seconds)
    ratios = [mine / theirs for mine, theirs in zip(taken["engine"], taken["plain"], strict=True)]
    print(f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} {platform.machine()}, Python {platform.python_version()}")
    print(f"{HOSTS * CHECKS} cells, {RUNS} runs each in turn; seconds as median (min-max)")
    for side, values in taken.items():
        print(f"  {side:7} {statistics.median(values):5.2f} ({min(values):.2f}-{max(values):.2f})")
    print(f"  ratio   {statistics.median(ratios):5.2f} ({min(ratios):.2f}-{max(ratios):.2f})")


if __name__ == "__main__":
    main()
