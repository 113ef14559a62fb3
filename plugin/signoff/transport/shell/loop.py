"""One background thread that does the waiting for all hosts, so that a thousand of them cost no thousand threads."""

from __future__ import annotations

import os
import selectors
import threading
import time
from collections import deque
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

_TICK = 0.25
"""Seconds between two looks at the limits."""


class Owner(Protocol):
    """Whoever is called back, and wants to know the time now and then."""

    def tick(self, now: float) -> None:
        """Look at limits; `now` is monotonic."""

    def fail(self, error: Exception) -> None:
        """End: a callback ended with this error, which is a mistake of ours."""


class Loop:
    """Calls back when a descriptor is ready; everything but `call` is for callbacks, in the loop's own thread."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()
        self._calls: deque[tuple[Owner, Callable[[], None]]] = deque()
        self._watched: set[Owner] = set()
        self._wake_read, self._wake_write = os.pipe()
        os.set_blocking(self._wake_read, False)
        os.set_blocking(self._wake_write, False)
        self._selector.register(self._wake_read, selectors.EVENT_READ, (None, self._woken))
        self._thread = threading.Thread(target=self._run, name="signoff-hosts", daemon=True)
        self._thread.start()

    def call(self, owner: Owner, function: Callable[[], None]) -> None:
        """Call the function soon, from any thread."""
        self._calls.append((owner, function))
        with suppress(BlockingIOError):  # the pipe is full of calls to wake up: one is enough
            os.write(self._wake_write, b"\0")

    def read(self, owner: Owner, descriptor: int, ready: Callable[[], None]) -> None:
        """Call `ready` whenever there is something to read."""
        self._selector.register(descriptor, selectors.EVENT_READ, (owner, ready))

    def write(self, owner: Owner, descriptor: int, ready: Callable[[], None]) -> None:
        """Call `ready` whenever there is room to write."""
        if descriptor not in self._selector.get_map():
            self._selector.register(descriptor, selectors.EVENT_WRITE, (owner, ready))

    def forget(self, descriptor: int) -> None:
        """Call nobody any more; unknown descriptors are no mistake."""
        with suppress(KeyError):
            self._selector.unregister(descriptor)

    def watch(self, owner: Owner) -> None:
        """Tell it the time now and then."""
        self._watched.add(owner)

    def unwatch(self, owner: Owner) -> None:
        """Tell it no more."""
        self._watched.discard(owner)

    def _woken(self) -> None:
        with suppress(BlockingIOError):
            os.read(self._wake_read, 4096)

    def _run(self) -> None:
        due = time.monotonic() + _TICK
        while True:
            for key, _ in self._selector.select(max(0.0, due - time.monotonic()) if self._watched else None):
                if self._selector.get_map().get(key.fd) is key:  # not forgotten by the callback before this one
                    _guarded(*key.data)
            while self._calls:
                _guarded(*self._calls.popleft())
            if (now := time.monotonic()) >= due:
                due = now + _TICK
                for owner in tuple(self._watched):
                    _guarded(owner, partial(owner.tick, now))


def _guarded(owner: Owner | None, function: Callable[[], None]) -> None:
    try:
        function()
    except Exception as error:
        if owner is None:
            raise
        owner.fail(error)


_lock = threading.Lock()
_shared: dict[int, Loop] = {}


def shared_loop() -> Loop:
    """Return this process's loop; a forked child gets one of its own."""
    with _lock:
        pid = os.getpid()
        if pid not in _shared:
            _shared.clear()
            _shared[pid] = Loop()
        return _shared[pid]
