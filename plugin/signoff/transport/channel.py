"""The seam of the transport: whatever can run shell commands on a host, many at a time, each within limits."""

from __future__ import annotations

import math
from concurrent.futures import Future
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from signoff.errors import UnreachableError

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_COMMAND = 100_000
"""Bytes of one command: kernels refuse a single argument of 128 KiB and more."""
MAX_OUTPUT = 16 * 1024 * 1024
"""Bytes of one output stream of one command, unless its caller says otherwise."""


class ConnectionLostError(UnreachableError):
    """The connection was there and is gone: what was asked last may or may not have been done."""


class NotSentError(ConnectionLostError):
    """The connection was gone before the question was sent: it may be asked over a new one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Command:
    """One command: text for `/bin/sh -c`, run without input in a shell of its own."""

    text: str
    limit: float = 30.0
    """Seconds that it may take on the host; then its whole process tree is ended."""
    max_output: int = MAX_OUTPUT
    """Bytes that each of its two output streams may have."""
    read_only: bool = False
    """Whether it may be asked again after a lost connection: it changes nothing."""
    secret: str = ""
    """Given to the command as a line of standard input, never part of a command line."""

    def __post_init__(self) -> None:
        """Refuse what no command line can carry, and what would never end.

        Raises:
            ValueError: longer than `MAX_COMMAND`, a NUL in it, or no time limit.
        """
        if not 0 < self.limit < math.inf:
            raise ValueError(f"limit={self.limit}: a command needs a time limit, in seconds")
        if len(self.text) > MAX_COMMAND or len(self.text.encode()) > MAX_COMMAND:
            raise ValueError(f"command of {len(self.text)} characters: more than one command line can carry; split it")
        if "\0" in self.text:
            raise ValueError("command with a NUL character: no shell can be given one")


@dataclass(frozen=True, kw_only=True, slots=True)
class Completed:
    """What came back from one command: its own exit status, and its two output streams apart."""

    status: int
    stdout: bytes
    stderr: bytes


class Channel(Protocol):
    """One way to a host. Nothing blocks but `close`; answers arrive in the order of the questions.

    Errors arrive in the futures:
        UnreachableError: no connection (`ConnectionLostError`: not any more; `NotSentError`: and it was not sent).
        AuthenticationError: the host refused us, or its key is not the known one.
        TimedOutError: the command was ended at its limit.
        NotVerifiedError: what the channel needs is not installed here, or the output is larger than allowed.
    """

    def open(self) -> Future[None]:
        """Start connecting if there is no connection; after a loss, start a new one."""

    def submit(self, command: Command) -> Future[Completed]:
        """Send the command; opens the channel if needed, but not again after a loss."""

    def submit_batch(self, texts: Sequence[str], limit: float) -> list[Future[Completed]]:
        """Send commands known to be read-only and well-behaved in the cheapest form; `limit` holds for each chunk.

        A future with `NotVerifiedError` means: unclear in this form, ask by `submit`.
        """

    def close(self) -> None:
        """End the connection and every local process that served it."""


def new_future() -> Future[Any]:
    """Return a future that nobody can cancel: an answer that was asked for will arrive."""
    future: Future[Any] = Future()
    future.set_running_or_notify_cancel()
    return future
