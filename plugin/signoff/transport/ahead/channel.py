"""A channel whose questions may have been answered already."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from signoff.transport.ahead.ahead import Ahead
    from signoff.transport.channel import Channel, Command, Completed


class AheadChannel:
    """Answers from memory what is there; everything else is the inner channel's."""

    def __init__(self, name: str, inner: Channel, ahead: Ahead) -> None:
        self._name = name
        self._inner = inner
        self._ahead = ahead

    def open(self) -> Future[None]:
        """Connect again."""
        self._ahead.lost(self._name)
        return self._inner.open()

    def submit(self, command: Command) -> Future[Completed]:
        """Answer from memory, or ask."""
        return self._ahead.ask(self._name, self._inner, command)

    def submit_batch(self, texts: Sequence[str], limit: float) -> list[Future[Completed]]:
        """Ask."""
        return self._inner.submit_batch(texts, limit)

    def close(self) -> None:
        """End the connection."""
        self._inner.close()
