"""A shell that stays: one process per host, commands pipelined through its input, answers cut from its output."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from signoff.errors import SignoffError, UnreachableError
from signoff.transport.channel import ConnectionLostError, NotSentError, new_future
from signoff.transport.shell.batch import submit_in_chunks
from signoff.transport.shell.link import Link

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from signoff.transport.channel import Command, Completed
    from signoff.transport.shell.carrier import Carrier


class ShellChannel:
    """Commands through the one long-lived shell of a carrier."""

    def __init__(self, carrier: Carrier) -> None:
        """Nothing is started before the first question."""
        self._carrier = carrier
        self._lock = threading.Lock()
        self._link: Link | None = None
        self._lost: SignoffError | None = None

    def open(self) -> Future[None]:
        """Start the process if none is there."""
        with self._lock:
            self._lost = None
            return self._linked().opened

    def submit(self, command: Command) -> Future[Completed]:
        """Send the command."""
        return self._send(command, as_script=False)

    def submit_batch(self, texts: Sequence[str], limit: float) -> list[Future[Completed]]:
        """Send many commands as few scripts."""
        return submit_in_chunks(self._carrier.name, texts, limit, lambda command: self._send(command, as_script=True))

    def close(self) -> None:
        """End the process, and what it started."""
        error = UnreachableError(f"{self._carrier.name}: the connection was closed")
        with self._lock:
            link, self._link, self._lost = self._link, None, error
        if link is not None:
            link.end(error)

    def _linked(self) -> Link:
        if self._link is None:
            self._link = Link(self._carrier, self._forget)
        return self._link

    def _send(self, command: Command, *, as_script: bool) -> Future[Completed]:
        with self._lock:
            lost = self._lost
            if lost is None:
                return self._linked().send(command, as_script=as_script)
        future = new_future()
        future.set_exception(NotSentError(*lost.args) if isinstance(lost, ConnectionLostError) else lost)
        return future

    def _forget(self, link: Link, error: SignoffError) -> None:
        with self._lock:
            if self._link is link:
                self._link, self._lost = None, error
