"""Waiting for what comes to pass, however busy the machine is."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

Found = TypeVar("Found")

SECONDS = 60.0
"""Longest that anything may take: far more than a healthy answer needs on a machine with other work to do."""


def wait_until(condition: Callable[[], Found | None], complaint: str, *, pause: float = 0.05) -> Found:
    """Return what the condition gives as soon as it gives something."""
    deadline = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, complaint
        time.sleep(pause)
    return found


def limits_begin_with(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time limits of programs begin when the file is there: how soon a program starts is the machine's affair."""

    class Patient(subprocess.Popen[bytes]):
        def wait(self, timeout: float | None = None) -> int:
            if timeout is not None:
                wait_until(file.exists, f"{file} was not written", pause=0.01)
            return super().wait(timeout)

    monkeypatch.setattr(subprocess, "Popen", Patient)


def runs(number: int) -> bool:
    """Return whether a process runs; one that has ended and that nobody has asked about yet does not."""
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
