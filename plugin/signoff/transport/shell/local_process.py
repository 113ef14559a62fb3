"""One local process in a session of its own, with pipes that never block us."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import signal
    from collections.abc import Sequence

_MOMENT = 0.02
"""Seconds in which a process that was told to end, or has closed its output, usually has ended."""


class LocalProcess:
    """A process, the descriptors of its pipes, and its end."""

    def __init__(self, argv: Sequence[str]) -> None:
        """Start it.

        Raises:
            OSError: it cannot be started.
        """
        self._process = subprocess.Popen(  # noqa: S603 - ssh or sh; the arguments are ours, or the inventory's
            argv,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        pipes = (self._process.stdin, self._process.stdout, self._process.stderr)
        self._pipes = [pipe for pipe in pipes if pipe is not None]
        self.stdin, self.stdout, self.stderr = (pipe.fileno() for pipe in self._pipes)
        for descriptor in self.descriptors:
            os.set_blocking(descriptor, False)

    @property
    def pid(self) -> int:
        """Its number, and that of its session and process group."""
        return self._process.pid

    @property
    def descriptors(self) -> tuple[int, int, int]:
        """Its input, its output and its standard error."""
        return self.stdin, self.stdout, self.stderr

    def status(self) -> int | None:
        """Return how it ended; None: it runs."""
        return self._process.poll()

    def wait_a_moment(self) -> None:
        """Give it the time that it usually takes to end."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_MOMENT)

    def end_descriptor(self) -> int | None:
        """Return a descriptor of the caller's that becomes readable when it ends; None where the system has none."""
        try:
            return os.pidfd_open(self._process.pid)
        except (AttributeError, OSError):
            return None

    def close_pipes(self) -> None:
        """Close our ends of its pipes."""
        for pipe in self._pipes:
            with suppress(OSError):
                pipe.close()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to it and to what it started, such as a ProxyCommand."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
