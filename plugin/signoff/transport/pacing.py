"""Starts many connections at a pace that SSH servers and jump hosts accept, each host once, within a bounded time."""

from __future__ import annotations

import random
import re
import shlex
import threading
import time
from collections import Counter, deque
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from signoff.errors import CouldNotCheckError, TimedOutError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from signoff.transport.address import HostAddress
    from signoff.transport.breaker import Breaker
    from signoff.transport.channel import Channel

_TURNED_AWAY = re.compile(
    r"turned the connection away before log-in|maxstartups|reading SSH protocol banner|connection reset by",
    re.IGNORECASE,
)
"""What clients say when a server drops a connection before it has asked who we are (sshd's MaxStartups)."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_TURN_PAUSE = 0.05
"""Seconds until another process is asked again whether it is done with its attempt."""
_HARD_END = 30.0
"""Seconds on top of the patience after which an attempt that does not end by itself is ended from here."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pace:
    """How many connections may be starting at the same time, and how long one host may take."""

    at_once: int = 16
    per_gateway: int = 8
    """Through one jump host, or to one address: sshd starts to drop them at random from ten on (MaxStartups)."""
    patience: float = 5.0
    """Seconds for which a host that turns us away is asked again."""


@dataclass(slots=True)
class _Attempt:
    """One host on its way to a connection."""

    name: str
    gateway: str
    result: Future[Channel] = field(default_factory=Future)
    channel: Channel | None = None
    since: float = 0.0
    """When it was first tried; 0: not yet."""
    not_before: float = 0.0
    opened: Future[None] | None = None
    deadline: float = 0.0
    pause: float = _FIRST_PAUSE


class Starter:
    """Opens channels on a thread of its own, which runs no code of checks.

    Args:
        make: Builds the channel of a host; nothing is started by that.
        gateway: Says through what a host is reached; empty: no SSH server is involved.
        breaker: Knows which hosts are lost, and whose turn it is to try one.
        pace: The limits.
    """

    def __init__(
        self, make: Callable[[str], Channel], gateway: Callable[[str], str], breaker: Breaker, pace: Pace
    ) -> None:
        self._make = make
        self._gateway = gateway
        self._breaker = breaker
        self._pace = pace
        self._attempts: dict[str, _Attempt] = {}
        self._waiting: deque[_Attempt] = deque()
        self._running: list[_Attempt] = []
        self._narrowed: dict[str, int] = {}
        """Gateways that turned us away, and how many may start there at once since."""
        self._changed = threading.Condition()
        self._closed = False
        self._thread: threading.Thread | None = None

    def start(self, names: Iterable[str]) -> None:
        """Begin with hosts that were not begun yet, in this order; does not wait."""
        with self._changed:
            for name in names:
                if name not in self._attempts:
                    self._attempts[name] = attempt = _Attempt(name=name, gateway=self._gateway(name))
                    self._waiting.append(attempt)
            if self._waiting and self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="signoff-connect", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def result(self, name: str) -> Future[Channel]:
        """Return what becomes of the one attempt for this host."""
        self.start([name])
        return self._attempts[name].result

    def hurry(self, name: str) -> None:
        """Put a host that was not begun yet before the others: somebody waits for it."""
        with self._changed:
            attempt = self._attempts[name]
            if attempt in self._waiting:
                self._waiting.remove(attempt)
                self._waiting.appendleft(attempt)
                self._changed.notify_all()

    def close(self) -> None:
        """Give up what has not connected yet, and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        left = [*self._running, *self._waiting]
        self._running.clear()
        self._waiting.clear()
        for attempt in left:
            self._end(attempt, UnreachableError(f"{attempt.name}: not connected before the end of the run"))

    # --- on the thread ------------------------------------------------------------------------------------------

    def _work(self) -> None:
        while True:
            with self._changed:
                while not self._closed and (attempt := self._next()) is None:
                    self._changed.wait(self._rest())
                if self._closed:
                    return
            assert attempt is not None
            if attempt.opened is None:
                self._begin(attempt)
            else:
                self._finish(attempt)

    def _next(self) -> _Attempt | None:
        """Return an attempt with something to do: first those that have ended."""
        now = time.monotonic()
        for attempt in self._running:
            assert attempt.opened is not None
            if attempt.opened.done() or now >= attempt.deadline:
                self._running.remove(attempt)
                return attempt
        if len(self._running) >= self._pace.at_once:
            return None
        busy = Counter(attempt.gateway for attempt in self._running)
        for attempt in self._waiting:
            limit = self._narrowed.get(attempt.gateway, self._pace.per_gateway)
            if attempt.not_before <= now and (not attempt.gateway or busy[attempt.gateway] < limit):
                self._waiting.remove(attempt)
                return attempt
        return None

    def _rest(self) -> float | None:
        """Return the seconds until something happens by itself; None: never."""
        ends = [attempt.deadline for attempt in self._running]
        if len(self._running) < self._pace.at_once:
            ends += [attempt.not_before for attempt in self._waiting if attempt.not_before]
        return max(0.0, min(ends) - time.monotonic()) + 0.01 if ends else None

    def _begin(self, attempt: _Attempt) -> None:
        now = time.monotonic()
        if not attempt.since:
            if not self._breaker.may_try(attempt.name):
                self._again(attempt, _TURN_PAUSE)
                return
            if (lost := self._breaker.failure(attempt.name)) is not None:
                self._breaker.give_back(attempt.name)
                attempt.result.set_exception(lost)
                return
            attempt.since = now
        try:
            attempt.channel = self._make(attempt.name)
            attempt.opened = attempt.channel.open()
        except Exception as error:  # noqa: BLE001 - whatever it is, whoever waits for the host must hear of it
            self._end(attempt, error)
            return
        attempt.deadline = now + self._pace.patience + _HARD_END
        with self._changed:
            self._running.append(attempt)
        attempt.opened.add_done_callback(self._wake)

    def _finish(self, attempt: _Attempt) -> None:
        opened, channel = attempt.opened, attempt.channel
        assert opened is not None
        assert channel is not None
        if not opened.done():
            self._end(attempt, UnreachableError(f"{attempt.name}: the attempt to connect did not end"))
            return
        error = opened.exception()
        if error is None:
            self._breaker.succeeded(attempt.name)
            attempt.result.set_result(channel)
        elif self._turned_away(attempt, error):
            channel.close()
            attempt.opened = attempt.channel = None
            self._again(attempt, attempt.pause * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
            attempt.pause = min(_LONGEST_PAUSE, attempt.pause * 2)
        else:
            self._end(attempt, error)

    def _turned_away(self, attempt: _Attempt, error: BaseException) -> bool:
        """Whether the server only has too many connections starting; if so, fewer are started there from now on."""
        if not (attempt.gateway and isinstance(error, UnreachableError) and _TURNED_AWAY.search(str(error))):
            return False
        if time.monotonic() - attempt.since >= self._pace.patience:
            return False
        limit = self._narrowed.get(attempt.gateway, self._pace.per_gateway)
        self._narrowed[attempt.gateway] = max(1, limit // 2)
        return True

    def _again(self, attempt: _Attempt, seconds: float) -> None:
        attempt.not_before = time.monotonic() + seconds
        with self._changed:
            self._waiting.append(attempt)

    def _end(self, attempt: _Attempt, error: BaseException) -> None:
        if attempt.channel is not None:
            attempt.channel.close()
        if isinstance(error, TimedOutError):
            error = UnreachableError(*error.args)
        if isinstance(error, CouldNotCheckError) and not self._closed:
            self._breaker.failed(attempt.name, error)
        else:
            self._breaker.give_back(attempt.name)
        attempt.result.set_exception(error)

    def _wake(self, _: object) -> None:
        with self._changed:
            self._changed.notify_all()


def gateway(address: HostAddress) -> str:
    """Return the SSH server that a connection to the host meets first; empty: none."""
    if address.testinfra_url or address.connection == "local":
        return ""
    words = shlex.split(address.ssh_args)
    for number, word in enumerate(words):
        option = words[number + 1] if word in {"-o", "-J"} and number + 1 < len(words) else word.removeprefix("-o")
        if word == "-J":
            return option
        key, _, value = option.replace("=", " ", 1).partition(" ")
        if key.strip().lower() in {"proxyjump", "proxycommand"} and value.strip() != "none":
            return value.strip()
    return f"{address.destination}:{address.port or ''}"
