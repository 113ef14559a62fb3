"""How long `signoff status` takes over a long history: 83 items on 1,000 hosts, 30 nightly runs, 2.5 million records.

The history is written once into a temporary folder, as journals like those of real runs: nearly everything passes, some
cells fail for a few nights. Then the command runs three times: the first looks at every record, the later ones find the
closed journals remembered. Time and peak memory are of the whole process.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

from shared.small_suite import write_suite

from signoff.model import Cell, Observation, Outcome, Run
from signoff.store.journal import JournalWriter
from signoff.workspace import Workspace

ITEMS = 83


def write_checks(folder: Path, hosts: int) -> None:
    """Write a suite of 83 host checks and an inventory of that many hosts."""
    items = {f"INF-SRV-{n}": [f"check_{n}"] for n in range(1, ITEMS + 1)}
    tests = "".join(
        f'\n@pytest.mark.checklist(id="{item}")\ndef test_{name}(target):\n    assert target.name\n'
        for item, (name,) in items.items()
    )
    write_suite(folder, items, f"import pytest\n{tests}", hosts)


def write_history(folder: Path, nights: int) -> int:
    """Write one journal a night, the last one an hour ago; return the number of observations."""
    workspace = Workspace.load(folder, inventory="demo")
    chance, last, written = random.Random(7), datetime.now(UTC) - timedelta(hours=1), 0
    troubled = set(chance.sample([planned.cell for planned in workspace.planned], len(workspace.planned) // 500))
    for night in range(nights):
        started = last - timedelta(days=nights - 1 - night)
        run = Run(
            id=f"01NIGHT{night:03}",
            environment="demo",
            release="1.0.0",
            selector="",
            planned=tuple(planned.cell for planned in workspace.planned),
            started=started,
        )
        # Only the time of reading is measured here: what is written need not be on the disk.
        with mock.patch("os.fsync"), JournalWriter.create(workspace.reports / "runs", run) as journal:
            for seq, planned in enumerate(workspace.planned):
                assert planned.source is not None
                bad = planned.cell in troubled and chance.random() < 0.2 and night < nights - 2
                journal.append(_observation(run, seq, planned.cell, bad, planned.source.sha256, planned.target.sha256))
                written += 1
            journal.close(started + timedelta(minutes=30))
    return written


def _observation(run: Run, seq: int, cell: Cell, bad: bool, code: str, target: str) -> Observation:  # noqa: PLR0913, PLR0917
    at = run.started + timedelta(milliseconds=seq * 20)
    return Observation(
        run=run.id,
        seq=seq,
        cell=cell,
        outcome=Outcome.FAIL if bad else Outcome.PASS,
        started=at,
        finished=at + timedelta(milliseconds=15),
        environment=run.environment,
        release=run.release,
        reason=f"{cell.target}: 91% of the disk used, limit is 80%" if bad else "",
        fingerprint=f"{hash(cell) & 0xFFFF:04x}" * 16 if bad else "",
        observed=f"{seq % 70}% of /var used, 12.4 GiB free",
        expected="<= 80 %",
        inspected=1,
        code_sha256=code,
        target_sha256=target,
        evidence_sha256="e" * 64,
        node=f"tests/test_all.py::test_{cell.check}[{cell.target}]",
        runner="controller.example",
    )


def measure(folder: Path, cache: Path) -> tuple[float, float]:
    """Return seconds and peak MiB of one `signoff status`."""
    command = [sys.executable, "-c", "from signoff.cli.main import main; main()", "status"]
    started = time.perf_counter()
    process = subprocess.Popen(
        command, cwd=folder, stdout=subprocess.DEVNULL, env={**os.environ, "XDG_CACHE_HOME": str(cache)}
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"signoff status ended with {process.returncode}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024


def main() -> None:
    """Write the history, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hosts", type=int, default=1000)
    parser.add_argument("--nights", type=int, default=30)
    parser.add_argument("--keep", type=Path, help="write the history here and keep it; reused if it is there")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = options.keep or Path(scratch) / "suite"
        if not folder.exists():
            write_checks(folder, options.hosts)
            started = time.perf_counter()
            count = write_history(folder, options.nights)
            size = sum(path.stat().st_size for path in folder.rglob("*.jsonl")) / 2**20
            print(f"{count} observations, {size:.0f} MiB, written in {time.perf_counter() - started:.0f} s")
        print("| run | seconds | peak MiB |\n|---|---|---|")
        for name in ("first: every record read", "second", "third"):
            seconds, memory = measure(folder, Path(scratch) / "cache")
            print(f"| {name} | {seconds:.1f} | {memory:.0f} |", flush=True)
    print(f"(this script: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB)")


if __name__ == "__main__":
    main()
