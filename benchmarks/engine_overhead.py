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

from shared.small_suite import write_suite

HOSTS, CHECKS, RUNS = 50, 20, 5
COMMAND = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]

ITEM = "INF-SRV-1"


def _with_engine(folder: Path) -> list[str]:
    """Write the tests as checks; return the command that runs them."""
    names = [f"check_{number}" for number in range(CHECKS)]
    body = "    evidence(observed='1', expected='1', inspected=1)\n    assert target.name\n"
    tests = "".join(
        f'\n@pytest.mark.checklist(id="{ITEM}")\ndef test_{name}(target, evidence):\n{body}' for name in names
    )
    write_suite(folder, {ITEM: names}, f"import pytest\n{tests}", HOSTS)
    return COMMAND


def _plain(folder: Path) -> list[str]:
    """Write the same tests for pytest alone; return the command that runs them with the same reports."""
    tests = folder / "tests"
    tests.mkdir(parents=True)
    (folder / "pyproject.toml").write_text("[tool.pytest]\ntestpaths = ['tests']\n")
    head = f"import pytest\nall_hosts = pytest.mark.parametrize('target', [f'web{{n:03}}' for n in range({HOSTS})])\n"
    text = "".join(f"\n@all_hosts\ndef test_check_{number}(target):\n    assert target\n" for number in range(CHECKS))
    (tests / "test_all.py").write_text(head + text)
    reports = ["--html=report.html", "--self-contained-html", "--junitxml=j.xml"]
    return [*COMMAND, "-p", "no:signoff.pytest_plugin", *reports]


def _seconds(command: list[str], folder: Path) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as name:
        sides = {side: Path(name) / side for side in ("engine", "plain")}
        commands = {"engine": _with_engine(sides["engine"]), "plain": _plain(sides["plain"])}
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
