"""Where a program is, and which version it says it is: bounded in time and output, and without our secrets."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.cli.tools.table import Program

LIMIT = 15.0
"""Seconds that a program may take to say its version; some load a whole runtime for it."""
_MOST = 20_000
_NUMBER = re.compile(r"(?<![A-Za-z0-9.])v?(\d+(?:\.\d+)+[\w.+-]*)")
_PASSED = frozenset({"PATH", "HOME", "LANG", "LC_ALL", "USER", "TMPDIR", "SYSTEMROOT", "XDG_CACHE_HOME"})
_MORE = ("/usr/local/sbin", "/usr/sbin", "/sbin")


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """One program as it is on this machine."""

    program: Program
    path: str
    """Empty: not found."""
    version: str
    """Empty: not found, or it did not say."""


def find(programs: Sequence[Program], environ: Mapping[str, str], *, limit: float = LIMIT) -> tuple[Found, ...]:
    """Return each program as it is on this machine; all are asked at once.

    Args:
        programs: what to look for.
        environ: the environment, of which they see PATH, HOME and the language only.
        limit: seconds for one answer.
    """
    with ThreadPoolExecutor(max_workers=4) as pool:
        return tuple(pool.map(lambda program: _find(program, environ, limit), programs))


def _find(program: Program, environ: Mapping[str, str], limit: float) -> Found:
    folders = os.pathsep.join([environ.get("PATH", os.defpath), str(Path(sys.executable).parent), *_MORE])
    for name in program.names or (program.name,):
        path = shutil.which(name, path=folders)
        if path is not None:
            return Found(program=program, path=path, version=_version([path, *program.version], environ, limit))
    return Found(program=program, path="", version="")


def version_of(command: Sequence[str], environ: Mapping[str, str], *, limit: float = LIMIT) -> str:
    """Return the version that a program says it is; empty if it does not say."""
    return _version(command, environ, limit)


def _version(command: Sequence[str], environ: Mapping[str, str], limit: float) -> str:
    """Return the first thing in the answer that looks like a version; the exit status says nothing."""
    mine = {name: value for name, value in environ.items() if name in _PASSED}
    try:
        process = subprocess.Popen(  # noqa: S603 - a program of the table with fixed arguments, no shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=mine,
            start_new_session=True,
        )
    except OSError:
        return ""
    with process:
        assert process.stdout is not None
        timer = Timer(limit, _end, [process])
        timer.start()
        text = process.stdout.read(_MOST).decode("utf-8", "replace")
        timer.cancel()
        _end(process)
    match = _NUMBER.search(text)
    return match[1].rstrip(".") if match else ""


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the program and whatever it started: those may hold its output open."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
