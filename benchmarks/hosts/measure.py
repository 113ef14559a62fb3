"""What one command costs: wall time, and the CPU time and memory of it and of everything that it left running."""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PR_SET_CHILD_SUBREAPER = 36
_TIMED_OUT = -9


@dataclass(frozen=True, kw_only=True, slots=True)
class Cost:
    """One run of one command."""

    status: int
    wall: float
    """Seconds until the command itself ended."""
    cpu: float
    """Seconds of user and system time, shared connections that it left in the background included."""
    output: str


def run(line: Sequence[str], *, folder: Path, environ: Mapping[str, str], limit: float) -> Cost:
    """Run the command in a process of its own that adopts, ends and accounts for its orphans.

    Args:
        line: Program and arguments.
        folder: Working folder.
        environ: The whole environment.
        limit: Seconds after which the command is killed; its status is then -9.
    """
    log = folder / "output.txt"
    # The keeper and the command form a group of their own, so that a kill reaches all of it.
    keeper = [sys.executable, str(Path(__file__)), str(limit), str(log), *line]
    done = subprocess.run(keeper, cwd=folder, env=environ, check=True, capture_output=True, text=True)
    return Cost(**json.loads(done.stdout), output=log.read_text(errors="replace"))


def _descendants() -> list[int]:
    found: list[int] = []
    waiting = [os.getpid()]
    while waiting:
        pid = waiting.pop()
        try:
            children = [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        except OSError:
            continue
        found += children
        waiting += children
    return found


def _reap_all() -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in _descendants():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue
        deadline = time.monotonic() + 2
        while time.monotonic() < deadline:
            try:
                if os.waitpid(-1, os.WNOHANG) == (0, 0):
                    time.sleep(0.01)
            except ChildProcessError:
                return


def _main() -> None:
    limit, log, *line = sys.argv[1:]
    ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    started = time.perf_counter()
    with Path(log).open("wb") as output:
        command = subprocess.Popen(line, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
        try:
            status = command.wait(float(limit))
        except subprocess.TimeoutExpired:
            command.kill()
            status = _TIMED_OUT
        wall = time.perf_counter() - started
    _reap_all()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(json.dumps({"status": status, "wall": wall, "cpu": used.ru_utime + used.ru_stime}))


if __name__ == "__main__":
    _main()
