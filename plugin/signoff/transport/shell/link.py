"""The life of one local process that carries a shell: started, spoken to, watched, and ended without a trace."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError, SignoffError, UnreachableError
from signoff.transport.channel import ConnectionLostError, NotSentError, new_future
from signoff.transport.shell.local_process import LocalProcess
from signoff.transport.shell.loop import shared_loop
from signoff.transport.shell.wire import Frame, FrameReader, GarbledError, Wire, judge

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from signoff.transport.channel import Command, Completed
    from signoff.transport.shell.carrier import Carrier

_CHUNK = 262_144
_NOISE = 65_536
"""Bytes kept of what an account says at login."""
_SLACK = 65_536
"""Bytes that a stream may hold beyond the largest answer: `head` on the host has cut it long before."""
_PATIENCE = 1.0
"""Seconds for the process to end by itself after its output has ended, and again after SIGTERM."""


@dataclass(frozen=True, slots=True)
class _Asked:
    number: int
    command: Command
    future: Future[Completed]


class Link:
    """One process and its shell; used up when it is lost."""

    def __init__(self, carrier: Carrier, ended: Callable[[Link, SignoffError], None]) -> None:
        """Start the process soon; `ended` is called once, with the reason, in the loop's thread."""
        self.opened: Future[None] = new_future()
        self._carrier = carrier
        self._ended = ended
        self._lock = threading.Lock()
        self._wire = Wire()
        self._unsent = bytearray(self._wire.prelude())
        self._asked: deque[_Asked] = deque()
        self._count = 0
        self._frames: tuple[deque[Frame], deque[Frame]] = (deque(), deque())
        self._readers = (FrameReader(self._wire.nonce), FrameReader(self._wire.nonce))
        self._process: LocalProcess | None = None
        self._blocked = False
        self._since = time.monotonic()
        """When the shell began with the first of the commands that it has not answered."""
        self._ended_at: float | None = None
        """When it was first seen to have ended while its output was still open."""
        self._closing: float | None = None
        """When its output ended, or we told the process to end."""
        self._error: SignoffError | None = None
        self._gone = threading.Event()
        self._loop = shared_loop()
        self._loop.call(self, self._start)

    def send(self, command: Command, *, as_script: bool) -> Future[Completed]:
        """Send one command; it may be read before the connection stands."""
        future = new_future()
        with self._lock:
            error = self._error
            if error is None:
                self._count += 1
                if not self._asked:
                    self._since = time.monotonic()
                self._asked.append(_Asked(self._count, command, future))
                word = self._wire.script if as_script else self._wire.command
                self._unsent += word(self._count, command)
                self._flush()
        if error is not None:
            future.set_exception(NotSentError(*error.args) if isinstance(error, ConnectionLostError) else error)
        return future

    def end(self, error: SignoffError) -> None:
        """End the process from any thread but the loop's, and wait until it is gone."""
        self._loop.call(self, lambda: self._lose(error))
        self._gone.wait(3 * _PATIENCE)

    # --- in the loop's thread ---------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Look at the limits."""
        carrier = self._carrier
        if self._error is not None:
            self._reap(now)
        elif self._closing is not None:
            self._finish(now)
        elif not self.opened.done():
            if now - self._since > carrier.connect_limit:
                said = self._said()
                reason = f"no answer within {carrier.connect_limit:g} s"
                self._lose(UnreachableError(f"{carrier.name}: {reason}{f': {said}' if said else ''}"))
        elif self._asked and self._process is not None and self._process.status() is not None:
            # A command that outlives its shell holds the output open; what had been answered is read by then.
            self._ended_at = self._ended_at or now
            if now - self._ended_at > _PATIENCE:
                self._close(now)
        else:
            with self._lock:
                late = self._asked and now - self._since > self._asked[0].command.limit + carrier.grace
            if late:
                self._lose(
                    ConnectionLostError(f"{carrier.name}: the connection was lost: nothing came back for {late:.0f} s")
                )

    def fail(self, error: Exception) -> None:
        """Give the connection up after a mistake of ours, rather than leave anybody waiting."""
        self._lose(ConnectionLostError(f"{self._carrier.name}: the connection was closed after {error!r}"))

    def _start(self) -> None:
        if self._error is not None:
            self._gone.set()
            return
        try:
            self._process = LocalProcess(self._carrier.argv)
        except OSError as error:
            self._lose(NotVerifiedError(f"{self._carrier.name}: {self._carrier.argv[0]} cannot be started: {error}"))
            return
        self._loop.read(self, self._process.stdout, lambda: self._read(0))
        self._loop.read(self, self._process.stderr, lambda: self._read(1))
        self._loop.watch(self)
        with self._lock:
            self._since = time.monotonic()
            self._flush()

    def _flush(self) -> None:
        """Write what the pipe takes, with the lock held; the loop writes the rest."""
        if self._process is None or self._blocked:
            return
        descriptor = self._process.stdin
        try:
            while self._unsent:
                del self._unsent[: os.write(descriptor, self._unsent)]
        except BlockingIOError:
            self._blocked = True
            self._loop.call(self, lambda: self._wait_for_room(descriptor))
        except OSError:
            self._unsent.clear()  # the end of its output, which is on its way, says why

    def _wait_for_room(self, descriptor: int) -> None:
        if self._error is None:
            self._loop.write(self, descriptor, self._room)

    def _room(self) -> None:
        if self._process is not None:
            self._loop.forget(self._process.stdin)
        with self._lock:
            self._blocked = False
            self._flush()

    def _read(self, stream: int) -> None:
        if self._process is None:
            return
        descriptor = (self._process.stdout, self._process.stderr)[stream]
        reader = self._readers[stream]
        try:
            data = os.read(descriptor, _CHUNK)
        except BlockingIOError:
            return
        if not data:
            self._loop.forget(descriptor)
            self._close(now=time.monotonic())
            return
        try:
            self._frames[stream].extend(reader.feed(data))
            self._match()
            self._bound(reader)
        except GarbledError as error:
            self._lose(
                ConnectionLostError(
                    f"{self._carrier.name}: what came back is no sequence of answers ({str(error)[:60]!r});"
                    " the connection was closed"
                )
            )

    def _match(self) -> None:
        out, err = self._frames
        while out and err:
            answer, errors = out.popleft(), err.popleft()
            now = time.monotonic()
            if not self.opened.done():
                _check(answer, errors, 0)
                self._since = now
                self.opened.set_result(None)
                continue
            with self._lock:
                if not self._asked:
                    raise GarbledError("an answer that nobody asked for")
                asked = self._asked[0]
                elapsed, self._since = now - self._since, now
            _check(answer, errors, asked.number)
            result: Completed | SignoffError
            try:
                result = judge(self._carrier.name, asked.command, answer, errors, elapsed)
            except SignoffError as error:
                result = error
            with self._lock:
                self._asked.popleft()  # not before: whatever goes wrong above, somebody waits for this answer
            if isinstance(result, SignoffError):
                asked.future.set_exception(result)
            else:
                asked.future.set_result(result)

    def _bound(self, reader: FrameReader) -> None:
        if not self.opened.done():
            reader.forget(_NOISE)
            return
        with self._lock:
            allowed = self._asked[0].command.max_output if self._asked else 0
        if len(reader) > allowed + _SLACK:
            raise GarbledError(f"{len(reader)} bytes without an end")

    def _close(self, now: float) -> None:
        if self._closing is None:
            self._closing = now
        if self._process is not None and self._error is None:
            self._process.wait_a_moment()
            self._finish(now)

    def _finish(self, now: float) -> None:
        """Say why the process ended, once it has; or end it."""
        if self._process is None or self._closing is None:
            return
        status = self._process.status()
        if status is None and now - self._closing < _PATIENCE:
            return
        self._drain_errors()
        said = self._said()
        if not self.opened.done():
            self._lose(self._carrier.explain(status, said))
        else:
            why = said.splitlines()[-1] if said else f"its shell ended (status {status})"
            self._lose(ConnectionLostError(f"{self._carrier.name}: the connection was lost: {why[:200]}"))

    def _drain_errors(self) -> None:
        if self._process is not None:
            with suppress(OSError, GarbledError):
                self._readers[1].feed(os.read(self._process.stderr, _CHUNK))

    def _said(self) -> str:
        out, err = (reader.rest().decode(errors="replace").strip() for reader in self._readers)
        return err or ("" if self.opened.done() else out)

    def _lose(self, error: SignoffError) -> None:
        with self._lock:
            if self._error is not None:
                return
            self._error = error
            asked, self._asked = self._asked, deque()
        self._closing = time.monotonic()
        if self._process is None:
            self._gone.set()
        else:
            for descriptor in self._process.descriptors:
                self._loop.forget(descriptor)
            with self._lock:  # nobody may write to a descriptor that is somebody else's by now
                self._process.close_pipes()
            self._process.signal(signal.SIGTERM)
            self._loop.watch(self)
            self._await_end(self._process)
        self._ended(self, error)
        if not self.opened.done():
            self.opened.set_exception(error)
        for each in asked:
            each.future.set_exception(error)

    def _await_end(self, process: LocalProcess) -> None:
        """Have it reaped the moment it ends, without holding up the other hosts."""
        descriptor = process.end_descriptor()
        if descriptor is None:
            process.wait_a_moment()
            self._reap(time.monotonic())
        else:
            self._loop.read(self, descriptor, lambda: self._reap_ended(descriptor))

    def _reap_ended(self, descriptor: int) -> None:
        self._loop.forget(descriptor)
        os.close(descriptor)
        self._reap(time.monotonic())

    def _reap(self, now: float) -> None:
        if self._process is None or self._closing is None or self._gone.is_set():
            return
        if self._process.status() is None:
            if now - self._closing > _PATIENCE:
                self._process.signal(signal.SIGKILL)
            return
        self._process.signal(signal.SIGKILL)  # what it started for itself may be left
        self._loop.unwatch(self)
        self._gone.set()


def _check(answer: Frame, errors: Frame, number: int) -> None:
    if answer.words[:1] != (str(number),) or errors.words != (str(number),):
        raise GarbledError(f"answer {answer.words[:1]}/{errors.words} to question {number}")
