"""The processes of one copy: found by what they carry, never by number alone, and stopped without leaving one."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

import psutil

from signoff.demo.layout import MARKER, Process

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

_GRACE = 3.0
_WITHOUT_MARKER = ("postgres", "valkey-server", "initdb", "git", "sh")
"""Servers that overwrite their environment with a title, and what an interrupted start may leave for a moment."""


def identify(pid: int) -> Process:
    """Return the process with its start time, so that a later process of the same number is told apart.

    Raises:
        psutil.NoSuchProcess: it is gone.
    """
    return Process(pid=pid, started=psutil.Process(pid).create_time())


def is_running(process: Process | None) -> bool:
    """Return whether exactly this process still runs."""
    if process is None:
        return False
    try:
        found = psutil.Process(process.pid)
        return bool(found.create_time() == process.started and found.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def find(layout: Layout) -> list[psutil.Process]:
    """Return every live process of this copy, except ourselves and those that started us."""
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    return [process for process in psutil.process_iter() if process.pid not in own and _belongs(process, layout)]


def stop_all(layout: Layout) -> int:
    """Stop every process of this copy, kindly first, and return how many there were."""
    first = find(layout)
    for process in first:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    psutil.wait_procs(first, timeout=_GRACE)
    # Whatever ignored us, and whatever was being started while we looked.
    while remaining := find(layout):
        for process in remaining:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(remaining, timeout=_GRACE)
    return len(first)


def _belongs(process: psutil.Process, layout: Layout) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        if process.environ().get(MARKER) == str(layout.dir):
            return True
        return process.name() in _WITHOUT_MARKER and _works_in(process, layout)
    except (psutil.Error, OSError):
        return False


def _works_in(process: psutil.Process, layout: Layout) -> bool:
    directory = str(layout.dir)
    # A shell is judged by its script: people stand in the directory with theirs.
    places = process.cmdline() if process.name() in {"sh", "initdb"} else [process.cwd()]
    return any(place == directory or place.startswith(f"{directory}/") for place in places)
