"""Two processes write two runs into one folder at once, one of them is killed: nothing is lost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from signoff.store.journal import read_journals

COUNT = 150
WRITER = dedent("""
    import sys
    from datetime import UTC, datetime
    from pathlib import Path
    from signoff.model import Cell, Observation, Outcome, Run
    from signoff.store.journal import JournalWriter

    run_id, count, now = sys.argv[2], int(sys.argv[3]), datetime.now(UTC)
    run = Run(id=run_id, environment="demo", release="1.0", selector="", planned=(), started=now)
    writer = JournalWriter.create(Path(sys.argv[1]), run)
    sys.stdin.readline()  # both begin at once
    for seq in range(count):
        cell = Cell(item="SEC-CFG-1", check="locked", target=f"web{seq}")
        writer.append(Observation(run=run_id, seq=seq, cell=cell, outcome=Outcome.PASS, started=now, finished=now,
                                  environment="demo", release="1.0"))
        print(seq, flush=True)
    if run_id == "A":
        writer.close(datetime.now(UTC))
    else:
        sys.stdin.readline()  # killed here
""")


def _start(folder: Path, run_id: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", WRITER, str(folder), run_id, str(COUNT)]
    here = {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=here)


def _tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def test_two_processes_lose_nothing(tmp_path: Path) -> None:
    with _start(tmp_path, "A") as first, _start(tmp_path, "B") as second:
        try:
            _tell(first)
            _tell(second)
            assert second.stdout is not None
            for line in second.stdout:
                if int(line) == COUNT - 1:
                    break
            second.kill()
            assert first.wait(timeout=60) == 0
        finally:
            first.kill()
            second.kill()
    found = read_journals(tmp_path)
    assert (found.broken, found.torn) == ((), ())
    assert {run.id: run.ended is not None for run in found.runs} == {"A": True, "B": False}
    seen = {(s.run, s.cell.target) for s in found.observations}
    assert seen == {(run, f"web{n}") for run in "AB" for n in range(COUNT)}
