"""Which commands the tests to come will ask of which host, and which of them may be sent now."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Asker(NamedTuple):
    """One test to come: the check, and what it is about (a host's or a service's name)."""

    check: str
    target: str


class Upcoming:
    """The tests in their order, what they are known to ask, and how far ahead of them one may go.

    A test of a check that runs commands which may change something is a border: nothing behind it is due before it
    is over.

    Args:
        window: Tests beyond the current one whose questions may be due.
    """

    def __init__(self, window: int = 5_000) -> None:
        self._window = window
        self._tests: list[Asker] = []
        self._place: dict[Asker, int] = {}
        self._questions: dict[int, Mapping[str, tuple[str, ...]]] = {}
        self._changing: set[str] = set()
        self._borders: list[int] = []
        self._next = 0
        """Place of the test that runs, or will run next."""
        self._released = 0
        """Places below this one have had their questions made due."""
        self._due: dict[str, deque[tuple[int, str]]] = {}

    def add(self, tests: Iterable[Asker]) -> list[Asker]:
        """Append tests; return those that were not known yet."""
        added = [test for test in tests if test not in self._place and self._append(test)]
        self._release()
        return added

    def know(self, test: Asker, questions: Mapping[str, tuple[str, ...]]) -> None:
        """Learn what a test will ask, by host; it replaces nothing that is known of it."""
        place = self._place.get(test)
        if place is None or place < self._next or place in self._questions or test.check in self._changing:
            return
        self._questions[place] = questions
        if place < self._released:
            self._make_due(place)

    def changes(self, check: str) -> None:
        """Learn that a check runs commands that may change something."""
        if check not in self._changing:
            self._changing.add(check)
            for place in range(self._next, len(self._tests)):
                if self._tests[place].check == check:
                    self._border(place)

    def start_over(self) -> None:
        """Take back what is due or was sent: the answers no longer count. Goes on with the next test."""
        self._due.clear()
        self._released = self._next + 1

    def begin(self, test: Asker) -> None:
        """Note that a test starts."""
        if test not in self._place:
            self._append(test)
        self._go_to(self._place[test])

    def end(self, test: Asker) -> None:
        """Note that a test is over."""
        self._go_to(self._place[test] + 1)

    def hosts(self) -> list[str]:
        """Return the hosts for which something is due."""
        return list(self._due)

    def take(self, host: str, most: int) -> list[str]:
        """Return what is due for the host, the next test's first and each once; it is not due any more."""
        waiting = self._due.get(host, deque())
        taken: dict[str, None] = {}
        while waiting and len(taken) < most:
            place, text = waiting.popleft()
            if place >= self._next:
                taken[text] = None
        if not waiting:
            self._due.pop(host, None)
        return list(taken)

    def _append(self, test: Asker) -> bool:
        self._place[test] = place = len(self._tests)
        self._tests.append(test)
        if test.check in self._changing:
            self._border(place)
        return True

    def _border(self, place: int) -> None:
        insort(self._borders, place)
        self._questions.pop(place, None)

    def _go_to(self, place: int) -> None:
        self._next = place
        self._release()

    def _release(self) -> None:
        """Make due what may be sent now; goes back to nothing behind it."""
        if self._released - self._next > self._window // 2:
            return  # enough for now: few large batches are cheaper than many small ones
        border = bisect_left(self._borders, self._next)
        end = min(self._next + self._window, len(self._tests), *self._borders[border : border + 1])
        for place in range(max(self._released, self._next), end):
            self._make_due(place)
        self._released = max(self._released, end)

    def _make_due(self, place: int) -> None:
        for host, texts in self._questions.get(place, {}).items():
            self._due.setdefault(host, deque()).extend((place, text) for text in texts)
