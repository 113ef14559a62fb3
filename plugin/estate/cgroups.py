"""One control group for each host: without it, systemds side by side take each other's groups for their own."""

from __future__ import annotations

import os
import time
from pathlib import Path

from estate.layout import EstateError

_TREES = (Path("/sys/fs/cgroup/systemd"), Path("/sys/fs/cgroup/unified"), Path("/sys/fs/cgroup"))
_REMOVAL_TIMEOUT = 60.0


def create(mark: str, host: str) -> list[Path]:
    """Make the host's group in every tree that this machine has, and return them.

    Raises:
        EstateError: this machine has no control groups that can be written.
    """
    groups = [tree / mark / host for tree in _trees()]
    if not groups:
        raise EstateError("this machine has no writable control groups, which systemd needs")
    for group in groups:
        group.mkdir(parents=True, exist_ok=True)
    return groups


def is_possible() -> bool:
    """Return whether this machine has control groups that can be written."""
    return bool(_trees())


def members(mark: str) -> list[int]:
    """Return the processes in all groups of the estate."""
    files = [file for tree in _trees() for file in (tree / mark).rglob("cgroup.procs")]
    return [int(line) for file in files for line in _lines(file)]


def remove(mark: str) -> None:
    """Remove the groups of the estate, whose processes have ended (the last of them perhaps just now).

    Raises:
        EstateError: a group cannot be removed.
    """
    deadline = time.monotonic() + _REMOVAL_TIMEOUT
    while left := [group for tree in _trees() for group in _deepest_first(tree / mark)]:
        for group in left:
            try:
                group.rmdir()
            except FileNotFoundError:
                continue
            except OSError as error:
                if time.monotonic() > deadline:
                    raise EstateError(f"cannot remove the control group {group}: {error.strerror}") from error
                time.sleep(0.02)


def _trees() -> list[Path]:
    return [tree for tree in _TREES if (tree / "cgroup.procs").exists() and os.access(tree, os.W_OK)]


def _deepest_first(top: Path) -> list[Path]:
    if not top.exists():
        return []
    return [Path(folder) for folder, _, _ in os.walk(top, topdown=False)]


def _lines(file: Path) -> list[str]:
    try:
        return file.read_text(encoding="ascii").split()
    except OSError:  # the group has just gone
        return []
