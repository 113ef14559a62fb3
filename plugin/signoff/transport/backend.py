"""A testinfra backend in which every command has an end, and a lost host is asked once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from testinfra.backend.base import BaseBackend

from signoff.errors import AuthenticationError, CouldNotCheckError, SignoffError, TimedOutError, UnreachableError
from signoff.meter import METER
from signoff.transport.ahead.read_only import Nature, nature
from signoff.transport.channel import MAX_OUTPUT, Command, ConnectionLostError, NotSentError
from signoff.transport.elevation import Elevation, mentions_a_way_up

if TYPE_CHECKING:
    from testinfra.backend.base import CommandResult

    from signoff.transport.channel import Channel, Completed

_RECONNECTS = 3
"""Lost connections of one host in one run after which it counts as gone."""


class BoundedBackend(BaseBackend):  # type: ignore[misc]  # testinfra ships no type information
    """Commands over one channel; typed errors, and a circuit breaker for the life of the object.

    Args:
        name: The inventory's name of the host, for messages.
        channel: The way to the host.
        limit: Seconds that one command may take on the host.
        elevation: What may be run as root.
    """

    NAME = "signoff"

    def __init__(self, name: str, channel: Channel, *, limit: float = 30.0, elevation: Elevation | None = None) -> None:
        super().__init__(name)
        self._notices: list[str] = []
        self._name = name
        self._channel = channel
        self._limit = limit
        self._elevation = elevation or Elevation(name=name)
        self._losses = 0
        self._password_refused = False
        self._lost: SignoffError | None = None

    @property
    def channel(self) -> Channel:
        """The way to the host."""
        return self._channel

    @property
    def lost(self) -> SignoffError | None:
        """Why the host counts as gone; None: it answers."""
        return self._lost

    def open(self) -> None:
        """Wait until the connection stands.

        Raises:
            CouldNotCheckError: no way to the host; remembered, so that the second question costs nothing.
            NotVerifiedError: what the channel needs is not installed here.
        """
        self._refuse_if_lost()
        try:
            self._channel.open().result()
        except SignoffError as error:
            self._lost = error
            raise

    def run(
        self,
        command: str,
        *args: str,
        limit: float | None = None,
        max_output: int = MAX_OUTPUT,
        read_only: bool = False,
        **_kwargs: Any,
    ) -> CommandResult:
        """Run one command without input and return its result, whatever its exit status.

        Args:
            command: Shell text, with `%s` for each of the arguments.
            *args: Quoted for the shell and put in their places.
            limit: Seconds for this command instead of the default.
            max_output: Bytes that each of its output streams may have.
            read_only: It changes nothing: may be asked once more after a lost connection.

        Raises:
            UnreachableError, AuthenticationError: no way to the host, now or at an earlier question.
            TimedOutError: the command did not end within its limit.
            NotVerifiedError: more output than allowed, the host could not run it to its end, or sudo refused it.
            GuardError: it would run something as root that the inventory does not list, or the check has asked as much
                as its plan allows.
            ValueError: longer than one command line can carry.
        """
        text = self.get_command(command, *args)
        METER.spend("commands")
        seconds = self._limit if limit is None else limit
        asked = Command(text=text, limit=seconds, max_output=max_output, read_only=read_only)
        if mentions_a_way_up(text) and self._elevation.check(text):
            try:
                completed = self._ask_as_root(asked)
            except TimedOutError as error:
                raise TimedOutError(f"{error}; it may go on: what runs as root is not ours to end") from error
        else:
            completed = self._ask(asked)
        return self.result(completed.status, text.encode(), completed.stdout, completed.stderr)

    def take_notices(self) -> list[str]:
        """Return, once each, what must be seen beside the answers, such as a question that was asked again."""
        taken, self._notices = self._notices, []
        return taken

    def close(self) -> None:
        """End the connection."""
        self._channel.close()

    def decode(self, data: bytes) -> str:
        """Decode as UTF-8; what is none stays visible, and no command is spent on asking for the encoding."""
        return data.decode(errors="backslashreplace")

    def encode(self, data: str) -> bytes:
        """Encode as UTF-8."""
        return data.encode()

    def get_sudo_command(self, command: str, sudo_user: str | None) -> str:
        """Return what `host.sudo()` runs: the listed command itself, never a root shell."""
        return self._elevation.raised(command, sudo_user)

    def _ask_as_root(self, command: Command) -> Completed:
        completed = self._ask(command)
        if self._elevation.asks_for_password(completed):
            text = self._elevation.with_password(command.text)
            if text is not None and not self._password_refused:
                completed = self._ask(replace(command, text=text, secret=self._elevation.password))
                # A wrong one is not tried again: accounts are locked after a few.
                self._password_refused = self._elevation.refuses_password(completed)
        self._elevation.verify(command.text, completed)
        return completed

    def _ask(self, command: Command) -> Completed:
        self._refuse_if_lost()
        try:
            return self._channel.submit(command).result()
        except ConnectionLostError as error:
            self._reconnect(error)
            if not _may_ask_again(command, error):
                raise
        except (UnreachableError, AuthenticationError) as error:
            self._lost = error
            raise
        self._notices.append(f"{self._name}: asked again after a lost connection: {command.text[:120]}")
        try:
            return self._channel.submit(command).result()
        except CouldNotCheckError as error:
            self._lost = error
            raise

    def _reconnect(self, lost: ConnectionLostError) -> None:
        self._losses += 1
        if self._losses > _RECONNECTS:
            self._lost = lost
            raise lost
        try:
            self._channel.open().result()
        except SignoffError as error:
            self._lost = error
            raise error from lost

    def _refuse_if_lost(self) -> None:
        if self._lost is not None:
            raise type(self._lost)(*self._lost.args)  # a new one each time: the same text, a traceback of its own


def _may_ask_again(command: Command, error: ConnectionLostError) -> bool:
    if isinstance(error, NotSentError) or command.read_only:
        return True
    return not command.secret and nature(command.text) is not Nature.UNKNOWN
