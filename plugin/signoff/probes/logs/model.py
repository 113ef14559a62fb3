"""What every central log tells: its newest and oldest lines, how long it keeps them, its room, rules and views."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class NewestLine:
    """The newest line of one host or service, against the clock of whoever keeps the log."""

    source: str
    at: datetime | None
    """None: nothing of it is there, or none of its last lines has a readable time."""
    age: timedelta | None
    """Negative if the source's clock is ahead."""
    lag: timedelta | None = None
    """How long its lines are on their way; None: the store does not keep when it took a line."""
    lag_at_most: bool = False
    """The lag is only the most that it can have been: the line's age."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """Lines that a search found, how long it took until the first was there, and how long one search takes."""

    lines: tuple[Mapping[str, Any], ...]
    seconds: float
    search_seconds: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Keeping:
    """How long some part of the log is kept."""

    what: str
    keeps: timedelta | None
    """None: for ever."""
    source: str
    """Where that is set."""

    def __str__(self) -> str:
        """Return `what: n days (source)`."""
        return f"{self.what}: {'for ever' if self.keeps is None else f'{self.keeps.days} days'} ({self.source})"


@dataclass(frozen=True, kw_only=True, slots=True)
class OldestLine:
    """The oldest line that can still be read of some part of the log."""

    what: str
    age: timedelta | None
    """None: there is no line with a readable time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """Where lines are written to."""

    name: str
    used: float
    """Share between 0 and 1."""
    limit: float | None = None
    """Share from which on the store itself takes measures; None: it has no such limit."""
    takes_lines: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class LogAlert:
    """A rule over log lines."""

    name: str
    is_active: bool
    receivers: tuple[str, ...]
    """Who or what is told, in the product's words."""
    problem: str = ""
    """Why it does not work, if the product says so."""


class LogStore(Protocol):
    """A central log.

    Raises (every method):
        NotVerifiedError: the answer proves nothing; the message says what to do.
        AuthenticationError, UnreachableError, TimedOutError, CouldNotCheckError: no answer.
    """

    def newest(self, hosts: Sequence[str], services: Sequence[str] = ()) -> tuple[NewestLine, ...]:
        """Return the newest line of each host and service."""

    def search(self, text: str, *, within: float) -> Found:
        """Look for a text until it is there, for `within` seconds at most."""

    def keeping(self) -> tuple[Keeping, ...]:
        """Return how long lines are kept, for each part of the log that has a rule of its own."""

    def oldest(self) -> tuple[OldestLine, ...]:
        """Return the oldest line of each part of the log."""

    def volumes(self) -> tuple[Volume, ...]:
        """Return what lines are written to; empty where the provider sees to it."""

    def alerts(self) -> tuple[LogAlert, ...]:
        """Return the store's own rules over its lines."""

    def views(self) -> frozenset[str]:
        """Return the names of the saved views that can be opened."""


def wait_for(
    ask: Callable[[], Sequence[Mapping[str, Any]]],
    *,
    within: float,
    pause: float = 1.0,
    sleep: Callable[[float], None] = time.sleep,
) -> Found:
    """Ask until there is an answer, for `within` seconds at most; it is asked at least once."""
    started = time.monotonic()
    while True:
        asked = time.monotonic()
        lines = tuple(ask())
        now = time.monotonic()
        if lines or now - started >= within:
            return Found(lines=lines, seconds=now - started, search_seconds=now - asked)
        sleep(pause)
