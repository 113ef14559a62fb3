"""Answers ahead of questions: what checks are known to ask is sent early, and answered from memory when asked.

Only commands that are known to read (`read_only`), only within one run, and never so that a result could differ:

- an answer counts for `STALE_AFTER` seconds, and in one test for no longer than `SAME_MOMENT` from its first use:
  a test that looks twice at one thing gets one answer, a test that waits for something sees it come;
- after any command that is not known to read, on whichever host, and after any other act of a test (`disturb`), all
  answers are forgotten;
- what is not a plain answer (a timeout, an error, no text) is thrown away, and the question is asked as if there
  had been no answer.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from signoff.errors import AuthenticationError, UnreachableError
from signoff.transport.ahead.answers import pass_on, plain_answer
from signoff.transport.ahead.read_only import Nature, nature
from signoff.transport.ahead.upcoming import Asker, Upcoming
from signoff.transport.channel import Command, new_future

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Future

    from signoff.transport.channel import Channel, Completed

STALE_AFTER = 60.0
"""Seconds after which an answer is not used any more, counted from the moment at which the question was sent."""
SAME_MOMENT = 0.1
"""Seconds within which a test that asks the same again means the same."""
BATCH_LIMIT = 10.0
"""Seconds that one batch may take on the host."""
_BATCH = 200
"""Questions of one batch: few large ones are cheaper for a host than many small ones."""
_AT_ONCE = 32


@dataclass(slots=True)
class Asked:
    """What one test asked: commands by host in their order, and whether any of them may have changed something."""

    questions: dict[str, dict[str, None]] = field(default_factory=dict)
    changes: bool = False


@dataclass(slots=True)
class _Answer:
    future: Future[Completed]
    sent: float
    used_by: int = -1
    used_at: float = 0.0


class Ahead:
    """Sends what is due to connected hosts, a batch per host at a time, and answers from what came back.

    Args:
        limit: Commands that were asked with a longer limit (seconds) are known to be slow: they are not sent ahead.
        window: See `Upcoming`.
        clock: Monotonic seconds.
    """

    def __init__(
        self, *, limit: float = 30.0, window: int = 5_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit = limit
        self._clock = clock
        self._lock = threading.RLock()
        self._upcoming = Upcoming(window)
        self._channels: dict[str, Channel] = {}
        self._answers: dict[str, dict[str, _Answer]] = {}
        self._busy: set[str] = set()
        """Hosts that have a batch to answer."""
        self._unsettled = 0
        """Commands on their way that may change something."""
        self._era = 0
        """Counts what may have changed something."""
        self._pumping = self._more = False
        self._test: Asker | None = None
        self._number = 0
        self._fresh = False
        self._now = Asked()
        self._sent = self._used = 0

    @property
    def sent(self) -> int:
        """Commands that were sent ahead."""
        return self._sent

    @property
    def used(self) -> int:
        """Questions that were answered from memory."""
        return self._used

    # --- what the tests do --------------------------------------------------------------------------------------

    def expect(self, tests: Sequence[Asker], known: Mapping[Asker, Mapping[str, tuple[str, ...]]]) -> list[Asker]:
        """Append tests to come, with what earlier runs know of them; return those that were not expected yet."""
        with self._lock:
            added = self._upcoming.add(tests)
            for test in added:
                if test in known:
                    self._upcoming.know(test, _harmless(known[test]))
        self._pump()
        return added

    def begin(self, test: Asker, *, fresh: bool = False) -> None:
        """Note that a test starts; `fresh`: it wants no answer that is older than its question."""
        with self._lock:
            self._test, self._fresh = test, fresh
            self._number += 1
            self._now = Asked()
            self._upcoming.begin(test)
        self._pump()

    def end(self) -> Asked:
        """Note that the test is over; return what it asked."""
        with self._lock:
            test, asked = self._test, self._now
            if test is not None:
                self._test = None
                if asked.changes:
                    self._upcoming.changes(test.check)
                self._upcoming.end(test)
        self._pump()
        return asked

    def changes(self, check: str) -> None:
        """Learn that a check runs commands that may change something."""
        with self._lock:
            self._upcoming.changes(check)

    def know(self, questions: Mapping[Asker, Mapping[str, tuple[str, ...]]]) -> None:
        """Learn in the middle of a run what tests will ask."""
        with self._lock:
            for test, asked in questions.items():
                self._upcoming.know(test, _harmless(asked))
        self._pump()

    # --- what channels do ---------------------------------------------------------------------------------------

    def disturb(self) -> None:
        """Note that the running test does what may change hosts: what was known before it no longer counts."""
        with self._lock:
            self._now.changes = True
            self._era += 1
            self._answers.clear()
            self._upcoming.start_over()

    def attach(self, name: str, channel: Channel) -> None:
        """Note that a host is connected: it may be asked from now on."""
        with self._lock:
            self._channels[name] = channel
        self._pump()

    def lost(self, name: str) -> None:
        """Note that a connection was lost: what was known of the host no longer counts, nothing more is sent ahead."""
        with self._lock:
            self._drop(name)

    def ask(self, name: str, channel: Channel, command: Command) -> Future[Completed]:
        """Answer from memory if that is the same as asking, else ask."""
        kind = nature(command.text)
        if command.secret and kind >= Nature.APART:
            kind = Nature.UNKNOWN  # it is told apart by what it is told
        if kind is Nature.UNKNOWN and not command.read_only:
            return self._change(channel, command)
        answer = self._remembered(name, command) if kind >= Nature.APART else None
        if answer is None:
            return channel.submit(command)
        if answer.future.done() and plain_answer(answer.future, command.max_output) is not None:
            with self._lock:
                self._used += 1
            return answer.future
        result: Future[Completed] = new_future()

        def use(future: Future[Completed]) -> None:
            completed = plain_answer(future, command.max_output)
            if completed is None:
                channel.submit(command).add_done_callback(lambda asked: pass_on(asked, result))
                return
            with self._lock:
                self._used += 1
            result.set_result(completed)

        answer.future.add_done_callback(use)
        return result

    def _remembered(self, name: str, command: Command) -> _Answer | None:
        """Return an answer that may be used for this question, and note the question for the tests to come."""
        with self._lock:
            if self._fresh or command.limit > self._limit:
                return None
            self._now.questions.setdefault(name, {})[command.text] = None
            kept = self._answers.get(name, {})
            answer = kept.get(command.text)
            if answer is None:
                return None
            now = self._clock()
            again = answer.used_by == self._number
            if (again and now - answer.used_at >= SAME_MOMENT) or now - answer.sent >= STALE_AFTER:
                del kept[command.text]
                return None
            if not again:
                answer.used_by, answer.used_at = self._number, now
            return answer

    def _change(self, channel: Channel, command: Command) -> Future[Completed]:
        """Ask what may change something: what was known before it, of whichever host, no longer counts."""
        with self._lock:
            self.disturb()
            self._unsettled += 1
        future = channel.submit(command)
        future.add_done_callback(self._settled)
        return future

    def _drop(self, name: str) -> None:
        self._channels.pop(name, None)
        self._answers.pop(name, None)

    def _settled(self, _: object) -> None:
        with self._lock:
            self._unsettled -= 1

    # --- sending ------------------------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Send what is due, as far as the limits allow; called by one thread while it sends, it goes on for all."""
        with self._lock:
            self._more = True
            if self._pumping:
                return
            self._pumping = True
        while True:
            with self._lock:
                batch = self._next_batch()
                if batch is None and not self._more:
                    self._pumping = False
                    return
                self._more = False
            if batch is not None:
                self._send(*batch)

    def _next_batch(self) -> tuple[str, Channel, list[str], int] | None:
        if self._unsettled:
            return None
        now = self._clock()
        for name in self._upcoming.hosts():
            if len(self._busy) >= _AT_ONCE:
                return None
            if name not in self._channels or name in self._busy:
                continue
            kept = self._answers.setdefault(name, {})
            due = self._upcoming.take(name, _BATCH)
            if texts := [text for text in due if text not in kept or now - kept[text].sent >= STALE_AFTER]:
                self._busy.add(name)
                return name, self._channels[name], texts, self._era
        return None

    def _send(self, name: str, channel: Channel, texts: list[str], era: int) -> None:
        # Without the lock: a channel calls back from its own thread, and may hold a lock of its own.
        now = self._clock()
        futures = channel.submit_batch(texts, BATCH_LIMIT)
        with self._lock:
            self._sent += len(texts)
            if era == self._era:
                kept = {text: _Answer(future, now) for text, future in zip(texts, futures, strict=True)}
                self._answers.setdefault(name, {}).update(kept)
        left = [len(futures)]

        def landed(future: Future[Completed]) -> None:
            with self._lock:
                left[0] -= 1
                if isinstance(future.exception(), (UnreachableError, AuthenticationError)):
                    self._drop(name)
                if left[0]:
                    return
                self._busy.discard(name)
            self._pump()

        for future in futures:
            future.add_done_callback(landed)


def _harmless(questions: Mapping[str, tuple[str, ...]]) -> Mapping[str, tuple[str, ...]]:
    """Return the questions that may be sent ahead, wherever they come from."""
    return {host: tuple(text for text in texts if nature(text) >= Nature.APART) for host, texts in questions.items()}
