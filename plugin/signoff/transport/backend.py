"""A testinfra backend in which every command has an end, and a lost host is asked once."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from testinfra.backend.base import BaseBackend

from signoff.errors import AuthenticationError, CouldNotCheckError, TimedOutError, UnreachableError
from signoff.transport.script import Framed

if TYPE_CHECKING:
    from testinfra.backend.base import CommandResult

    from signoff.transport.channel import Channel

_TIMED_OUT = frozenset({124, 137})
"""What timeout(1) exits with after TERM, and after KILL."""
_PROBE_SECONDS = 5.0


class BoundedBackend(BaseBackend):  # type: ignore[misc]  # testinfra ships no type information
    """Commands over one channel; typed errors, and a circuit breaker for the life of the object.

    Args:
        name: The inventory's name of the host, for messages.
        channel: The way to the host.
        limit: Seconds that one command may take on the host.
        grace: Seconds that connecting and the way back may take on top.
    """

    NAME = "signoff"

    def __init__(self, name: str, channel: Channel, *, limit: float = 30.0, grace: float = 10.0) -> None:
        super().__init__(name)
        self._name = name
        self._channel = channel
        self._limit = limit
        self._grace = grace
        self._bounded: bool | None = None
        self._lost: CouldNotCheckError | None = None

    def open(self) -> None:
        """Connect, and learn whether the host has timeout(1).

        Raises:
            CouldNotCheckError: no way to the host; remembered, so that the second question costs nothing.
        """
        if self._bounded is None:
            status, _, _ = self._send("timeout -k 1 5 true", None, _PROBE_SECONDS)
            self._bounded = status == 0

    def run(self, command: str, *args: str, limit: float | None = None, **_kwargs: Any) -> CommandResult:
        """Run one command without input and return its result, whatever its exit status.

        Args:
            command: Shell text, with `%s` for each of the arguments.
            *args: Quoted for the shell and put in their places.
            limit: Seconds for this command instead of the default.

        Raises:
            UnreachableError, AuthenticationError: no way to the host, now or at an earlier question.
            TimedOutError: the command did not end within its limit.
        """
        self.open()
        text = self.quote(command, *args)
        seconds = self._limit if limit is None else limit
        started = time.monotonic()
        status, stdout, stderr = self._send(text, seconds if self._bounded else None, seconds)
        if self._bounded and status in _TIMED_OUT and time.monotonic() - started >= seconds:
            raise TimedOutError(f"{self._name}: not done within {seconds:g} s: {text[:120]}")
        return self.result(status, text.encode(), stdout, stderr)

    def close(self) -> None:
        """End the connection."""
        self._channel.close()

    def decode(self, data: bytes) -> str:
        """Decode as UTF-8; what is none stays visible, and no command is spent on asking for the encoding."""
        return data.decode(errors="backslashreplace")

    def encode(self, data: str) -> bytes:
        """Encode as UTF-8."""
        return data.encode()

    def _send(self, command: str, bound: float | None, seconds: float) -> tuple[int, bytes, bytes]:
        if self._lost is not None:
            raise type(self._lost)(f"{self._lost} (remembered; not tried again in this run)")
        framed = Framed(command, bound)
        try:
            completed = self._channel.run(framed.script, seconds + self._grace)
        except (UnreachableError, AuthenticationError) as error:
            self._lost = error
            raise
        except TimedOutError as error:
            # A host that bounds its own commands and still says nothing is gone; else the command is just slow.
            if bound is not None or self._bounded is None:
                self._lost = UnreachableError(str(error))
                raise self._lost from error
            raise
        answer = framed.unframe(completed)
        if answer is None:
            said = (completed.stderr or completed.stdout).decode(errors="replace").strip()
            self._lost = UnreachableError(f"{self._name}: the account's shell did not run the command: {said[:200]}")
            raise self._lost
        return answer.status, answer.stdout, answer.stderr
