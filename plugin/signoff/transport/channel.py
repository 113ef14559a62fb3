"""The seam of the transport: whatever can run a shell script on a host within a time limit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Completed:
    """What came back from one script: its exit status as the carrier reports it, and both streams."""

    status: int
    stdout: bytes
    stderr: bytes


class Channel(Protocol):
    """One way to a host. Implementations open lazily and are used by one thread."""

    def run(self, script: str, limit: float) -> Completed:
        """Run the script by `/bin/sh` on the host; `limit` is in seconds of local time, connecting included.

        Raises:
            UnreachableError: no connection, or it was lost.
            AuthenticationError: the host refused us, or its key is not the known one.
            TimedOutError: nothing came back within the limit.
        """

    def close(self) -> None:
        """End the connection and every process that served it."""
