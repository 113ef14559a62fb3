"""Mounts of the estate: made by the system's own tools, found again in the kernel's table."""

from __future__ import annotations

import subprocess
from pathlib import Path

from estate.layout import EstateError

_MOUNT_POINT = 4
"""Field of /proc/self/mountinfo, counted from 0."""


def overlay(target: Path, *, lower: Path, upper: Path, work: Path) -> None:
    """Mount a writable layer over a folder that stays as it is."""
    options = f"lowerdir={lower},upperdir={upper},workdir={work}"
    _mount("-t", "overlay", "-o", options, "estate", str(target))


def make_private(folder: Path) -> None:
    """Make the folder a mount of its own whose later mounts stay with it (namespace files need that)."""
    if not is_mounted(folder):
        _mount("--bind", str(folder), str(folder))
    _mount("--make-private", str(folder))


def is_mounted(path: Path) -> bool:
    """Return whether something is mounted exactly there."""
    return str(path) in _points()


def unmount_below(folder: Path) -> None:
    """Unmount everything in the folder and the folder itself, the newest first."""
    prefix = f"{folder}/"
    for point in reversed(_points()):
        if point == str(folder) or point.startswith(prefix):
            # Lazily: a forgotten shell inside of a host must not keep the estate from going.
            _run("umount", "--lazy", point)


def _points() -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return [line.split(" ")[_MOUNT_POINT].encode().decode("unicode_escape") for line in lines]


def _mount(*arguments: str) -> None:
    _run("mount", *arguments)


def _run(*command: str) -> None:
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise EstateError(f"`{' '.join(command)}` failed: {ran.stderr.strip()}")
