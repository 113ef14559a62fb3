"""Runs a load generator to its end: bounded in time, watched for how busy it is, and never left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError, TimedOutError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_PROC = Path("/proc")
_EVERY = 1.0
_GRACE = 10.0
_POLL = 0.05


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """What became of a load generator."""

    status: int
    cpu_peak_ratio: float
    """Its busiest second: of one processor by one of its processes if those cannot use more, else of the machine."""


def run(words: Sequence[str], *, folder: Path, environment: Mapping[str, str], limit: float, single: bool) -> Ended:
    """Run the program, and end it with everything that it started when it takes too long or we are stopped.

    Args:
        words: The program and its arguments.
        folder: Where it runs, and where its output goes: `generator.log`.
        environment: All that it sees of ours.
        limit: Seconds.
        single: Whether each of its processes uses one processor at most.

    Raises:
        NotVerifiedError: it cannot be started, or this machine does not tell how busy it is.
        TimedOutError: it did not end by itself.
    """
    if not (_PROC / "stat").exists():
        raise NotVerifiedError("this machine does not tell how busy it is (/proc); make the load from Linux")
    with (folder / "generator.log").open("wb") as log:
        try:
            process = subprocess.Popen(  # noqa: S603 - the inventory's program, without a shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
                start_new_session=True,
            )
        except OSError as error:
            raise NotVerifiedError(f"{words[0]}: {error.strerror}; install it, or name it: run.program") from error
        try:
            return _watched(process, limit, single=single)
        finally:
            _end(process)


def _watched(process: subprocess.Popen[bytes], limit: float, *, single: bool) -> Ended:
    deadline, peak = time.monotonic() + limit, 0.0
    before, at = _busy(process.pid, single=single), time.monotonic()
    while process.poll() is None:
        time.sleep(_POLL)
        now = time.monotonic()
        if now > deadline:
            raise TimedOutError(f"the load generator did not end within {limit:.0f} s; it was stopped")
        if now - at >= _EVERY:
            after = _busy(process.pid, single=single)
            peak = max(peak, _most(before, after, now - at))
            before, at = after, now
    return Ended(status=process.returncode, cpu_peak_ratio=round(min(peak, 1.0), 3))


def _most(before: Mapping[int, float], after: Mapping[int, float], seconds: float) -> float:
    return max(((after[key] - before[key]) / seconds for key in after.keys() & before.keys()), default=0.0)


def _busy(session: int, *, single: bool) -> dict[int, float]:
    """Return processor seconds by process, or those of the machine, of one processor, under 0."""
    ticks = os.sysconf("SC_CLK_TCK")
    if not single:
        words = [int(word) for word in (_PROC / "stat").read_text().splitlines()[0].split()[1:9]]
        return {0: (sum(words) - words[3] - words[4]) / ticks / (os.cpu_count() or 1)}
    return {pid: (int(fields[11]) + int(fields[12])) / ticks for pid, fields in _of_session(session)}


def _of_session(session: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the processes of the session, with what /proc/PID/stat says behind the name."""
    for folder in _PROC.iterdir():
        if folder.name.isdigit():
            with suppress(OSError, IndexError):
                fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
                if int(fields[3]) == session:
                    yield int(folder.name), fields


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and all that it started, also what made itself a process group of its own."""
    for number, seconds in ((signal.SIGTERM, _GRACE), (signal.SIGKILL, _GRACE)):
        deadline = time.monotonic() + seconds
        while process.poll() is None or any(fields[0] != "Z" for _, fields in _of_session(process.pid)):
            for pid, _ in list(_of_session(process.pid)):
                with suppress(ProcessLookupError, PermissionError):
                    os.kill(pid, number)
            if time.monotonic() > deadline:
                break
            time.sleep(_POLL)
        else:
            return
