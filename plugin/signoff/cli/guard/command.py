"""Runs the command of a decision to roll back: once, without a shell, within a time limit, its output redacted."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, BinaryIO, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_READ = 64 * 1024
"""Bytes at the output's end that are redacted, so that a secret that was cut in two is not among what is kept."""
_KEPT = 2_000
"""Characters of the output that are kept."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """What became of a command."""

    outcome: Literal["succeeded", "failed", "timed-out", "not-started"]
    exit_status: int | None
    seconds: Decimal
    output: str
    """The end of what it wrote to both streams, redacted."""


def parse(command: str) -> list[str]:
    """Return the words of the command.

    Raises:
        ValueError: there is none, or a quotation is not closed.
    """
    words = shlex.split(command)
    if not words:
        raise ValueError("is empty")
    return words


def execute(words: list[str], *, limit: float, environment: Mapping[str, str], redact: Callable[[str], str]) -> Ended:
    """Run the command to its end.

    It gets a session of its own: what ends the guard does not end a rollback halfway. On the time limit everything
    that it started is killed.

    Args:
        words: the program and its arguments.
        limit: seconds.
        environment: added to our own.
        redact: takes secrets out of the output.
    """
    started = time.monotonic()
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(  # noqa: S603 - the user's own command, asked for in so many words
                words,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**os.environ, **environment},
                start_new_session=True,
            )
        except OSError as error:
            reason = f"{words[0]}: {error.strerror}"
            return Ended(outcome="not-started", exit_status=None, seconds=_since(started), output=redact(reason))
        try:
            status: int | None = process.wait(timeout=limit)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            status = None
        seconds, text = _since(started), _tail(output, redact)
    if status is None:
        return Ended(outcome="timed-out", exit_status=None, seconds=seconds, output=text)
    return Ended(outcome="failed" if status else "succeeded", exit_status=status, seconds=seconds, output=text)


def _tail(output: BinaryIO, redact: Callable[[str], str]) -> str:
    end = output.seek(0, os.SEEK_END)
    output.seek(max(end - _READ, 0))
    return redact(output.read().decode("utf-8", "replace"))[-_KEPT:].strip()


def _since(started: float) -> Decimal:
    return Decimal(f"{time.monotonic() - started:.1f}")
