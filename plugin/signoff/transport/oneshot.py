"""Carriers that run one script at a time and keep nothing open, as channels: a worker thread asks in turn."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Protocol

from signoff.errors import AuthenticationError, SignoffError, UnreachableError
from signoff.transport.channel import Command, new_future
from signoff.transport.shell.batch import submit_in_chunks
from signoff.transport.shell.wire import Frame, GarbledError, Wire, judge, last_frame

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from signoff.transport.channel import Completed


class ScriptRunner(Protocol):
    """Runs one shell script on a host."""

    def run(self, script: bytes, limit: float) -> Completed:
        """Run the script by `/bin/sh` on the host; `limit` is in seconds of local time, connecting included.

        Raises:
            UnreachableError: no connection, or it was lost.
            AuthenticationError: the host refused us, or its key is not the known one.
            TimedOutError: nothing came back within the limit.
        """

    def close(self) -> None:
        """End the connection and every process that served it."""


class Asker(Protocol):
    """Puts one question to a host and waits for the answer."""

    def greet(self) -> None:
        """Find out whether the host answers at all; raises what `ask` raises."""

    def ask(self, command: Command, *, as_script: bool) -> Completed:
        """Run the command, or hand it to a shell as standard input; errors as in `Channel`."""

    def close(self) -> None:
        """End the connection and every process that served it."""


class OneShotChannel:
    """Questions in a queue, answered by one thread."""

    def __init__(self, name: str, asker: Asker, *, scripts: bool = True) -> None:
        """Nothing is started before the first question; without `scripts`, batches are single questions."""
        self._name = name
        self._asker = asker
        self._scripts = scripts
        self._work = threading.Condition()
        self._queue: deque[tuple[Callable[[], Any], Future[Any]]] = deque()
        self._thread: threading.Thread | None = None
        self._opened: Future[None] | None = None
        self._lost: BaseException | None = None
        self._closed = False

    def open(self) -> Future[None]:
        """Ask the host for a first word."""
        with self._work:
            if self._opened is None or self._lost is not None:
                self._lost = None
                self._opened = self._enqueue(self._asker.greet)
            return self._opened

    def submit(self, command: Command) -> Future[Completed]:
        """Ask when those before are answered."""
        return self._send(command, as_script=False)

    def submit_batch(self, texts: Sequence[str], limit: float) -> list[Future[Completed]]:
        """Ask many at once: one script each for a few dozen."""
        if not self._scripts:
            return [self.submit(Command(text=text, limit=limit, read_only=True)) for text in texts]
        return submit_in_chunks(self._name, texts, limit, lambda command: self._send(command, as_script=True))

    def close(self) -> None:
        """Answer nobody any more."""
        with self._work:
            self._closed = True
            self._lost = self._lost or UnreachableError(f"{self._name}: the connection was closed")
            self._work.notify()
        self._asker.close()

    def _send(self, command: Command, *, as_script: bool) -> Future[Completed]:
        if self._opened is None:
            self.open()
        with self._work:
            return self._enqueue(lambda: self._asker.ask(command, as_script=as_script))

    def _enqueue(self, work: Callable[[], Any]) -> Future[Any]:
        future = new_future()
        if self._lost is not None:
            future.set_exception(self._lost)
            return future
        self._queue.append((work, future))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"signoff-{self._name}", daemon=True)
            self._thread.start()
        self._work.notify()
        return future

    def _run(self) -> None:
        while True:
            with self._work:
                while not self._queue and not self._closed:
                    self._work.wait()
                if self._closed and not self._queue:
                    return
                work, future = self._queue.popleft()
                lost = self._lost
            if lost is not None:
                future.set_exception(lost)
                continue
            try:
                future.set_result(work())
            except SignoffError as error:
                if isinstance(error, (UnreachableError, AuthenticationError)) or work == self._asker.greet:
                    self._lost = error
                future.set_exception(error)
            except BaseException as error:  # noqa: BLE001 - whoever asked must hear of it, whatever it is
                future.set_exception(error)


class FramedAsker:
    """Questions to a runner of scripts, each in a shell of its own that is taught everything anew."""

    def __init__(self, name: str, runner: ScriptRunner, *, grace: float = 15.0) -> None:
        """`grace` is in seconds on top of a command's own limit, connecting included."""
        self._name = name
        self._runner = runner
        self._grace = grace

    def greet(self) -> None:
        """Ask for a first word."""
        wire = Wire()
        self._cut(wire, self._runner.run(wire.prelude(), self._grace), 0)

    def ask(self, command: Command, *, as_script: bool) -> Completed:
        """Run one script."""
        wire = Wire()
        line = (wire.script if as_script else wire.command)(1, command)
        started = time.monotonic()
        completed = self._runner.run(wire.prelude() + line, command.limit + self._grace)
        elapsed = time.monotonic() - started
        answer, errors = self._cut(wire, completed, 1)
        return judge(self._name, command, answer, errors, elapsed)

    def close(self) -> None:
        """End the runner."""
        self._runner.close()

    def _cut(self, wire: Wire, completed: Completed, number: int) -> list[Frame]:
        try:
            return [last_frame(wire.nonce, stream, number) for stream in (completed.stdout, completed.stderr)]
        except GarbledError:
            said = (completed.stderr or completed.stdout).decode(errors="replace").strip()
            raise UnreachableError(
                f"{self._name}: no shell answered: {said[:200] or f'status {completed.status}'}"
            ) from None
