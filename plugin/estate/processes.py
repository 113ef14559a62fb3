"""Processes of the estate: remembered by number and start time, found and ended by the namespaces that they live in."""

from __future__ import annotations

import atexit
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

from estate.layout import EstateError, write_atomically

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_START_TIME = 21
"""Field of /proc/PID/stat, counted from 0."""
_CHILD_TIMEOUT = 60.0
_END_TIMEOUT = 60.0
_STAYING: list[subprocess.Popen[bytes]] = []
"""What outlives this program: kept, since Python takes a process that nobody keeps for a forgotten one."""


@atexit.register
def _take_leave() -> None:
    """Take note of what has ended meanwhile, so that Python does not warn of it."""
    for one in _STAYING:
        one.poll()


def start(command: Sequence[str], log: Path, env: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start a program that stays until the estate goes; what it says is added to the log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        started = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=None if env is None else dict(env),
            start_new_session=True,
        )
    _STAYING.append(started)
    return started


def wait_for_init(parent: subprocess.Popen[bytes]) -> int | None:
    """Return the child of the process that is number 1 in a world of its own; None if the process ends without one."""
    deadline = time.monotonic() + _CHILD_TIMEOUT
    children = Path(f"/proc/{parent.pid}/task/{parent.pid}/children")
    while time.monotonic() < deadline and parent.poll() is None:
        try:
            born = children.read_text(encoding="ascii").split()
        except OSError:
            return None
        for child in born:
            if _is_init(int(child)):
                return int(child)
        time.sleep(0.01)
    return None


def remember(file: Path, pid: int) -> None:
    """Write down which process is meant, so that a later one with the same number is not mistaken for it."""
    if (started := _started(pid)) is None:
        raise EstateError(f"process {pid} ended right after its start")
    write_atomically(file, f"{pid} {started}")


def recall(file: Path) -> int | None:
    """Return the number of the remembered process; None if it is gone, or none was remembered."""
    try:
        pid, started = map(int, file.read_text(encoding="ascii").split())
    except FileNotFoundError:
        return None
    return pid if _started(pid) == started else None


def end_all(find: Callable[[], Iterable[int]]) -> None:
    """Kill what `find` finds until it finds nothing.

    Raises:
        EstateError: processes survive for many seconds.
    """
    deadline = time.monotonic() + _END_TIMEOUT
    while left := set(find()):
        if time.monotonic() > deadline:
            raise EstateError(f"processes that cannot be killed: {sorted(left)}")
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        time.sleep(0.02)


def in_namespaces(kind: str, identifiers: Iterable[int]) -> list[int]:
    """Return the processes that live in one of the namespaces; `identifiers` are inode numbers."""
    wanted = set(identifiers)
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if (process / "ns" / kind).stat().st_ino in wanted:
                found.append(int(process.name))
        except OSError:  # it has just ended, or is a zombie
            continue
    return found


def rooted_below(folder: Path) -> list[int]:
    """Return the processes whose root directory is in the folder."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            if (process / "root").readlink().is_relative_to(folder):
                found.append(int(process.name))
        except OSError:  # it has just ended, or is a kernel thread
            continue
    return found


def _is_init(pid: int) -> bool:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:  # a helper that has just ended
        return False
    numbers = next((line.split()[1:] for line in lines if line.startswith("NSpid:")), [])
    return len(numbers) > 1 and numbers[-1] == "1"


def _started(pid: int) -> int | None:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    fields = ["", "", *text.rpartition(")")[2].split()]
    state = fields[2]
    return None if state in {"Z", "X"} else int(fields[_START_TIME])
