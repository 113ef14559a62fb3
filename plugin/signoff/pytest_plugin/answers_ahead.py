"""Runs beside the tests of one process: connects to their hosts early, asks ahead, and learns what they ask."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import ConfigError
from signoff.pytest_plugin.collection import CELL
from signoff.pytest_plugin.reaching_out import watched
from signoff.transport.ahead.upcoming import Asker

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping, Sequence

    from signoff.pytest_plugin.hosts import Hosts
    from signoff.pytest_plugin.questions import Remembered
    from signoff.transport.ahead.ahead import Asked

FIGURES = "signoff_hosts"
"""Key of what a worker says at its end."""
_FEW = 4
"""Tests still to come that are known here; with fewer, a worker looks for new ones that it was given."""


class AnswersAhead:
    """The hosts' part of a process that runs tests.

    Args:
        hosts: The connections.
        remembered: What the last run asked.
    """

    def __init__(self, hosts: Hosts, remembered: Remembered) -> None:
        self._hosts = hosts
        self._ahead = hosts.ahead
        self._remembered = remembered
        self._order: list[Asker] = []
        self._targets: dict[str, list[str]] = {}
        """Targets of each check in this session, in order."""
        self._left = 0
        self._queue: Any = None
        self._taught: set[str] = set()
        self._asks: dict[Asker, Mapping[str, tuple[str, ...]]] = {}
        self._changing: set[str] = set()

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Connect to the hosts of the selected tests, and send what they are known to ask.

        A worker waits until it is told which of the tests are its own.
        """
        if session.config.option.collectonly:
            return
        self._order = [_asker(item) for item in session.items]
        for asker in self._order:
            self._targets.setdefault(asker.check, []).append(asker.target)
        if self._ahead is not None:
            for check in self._remembered.changing:
                self._ahead.changes(check)
        if hasattr(session.config, "workerinput"):
            plugins = session.config.pluginmanager.get_plugins()
            self._queue = next((each.torun for each in plugins if type(each).__name__ == "WorkerInteractor"), None)
        else:
            self._expect(self._order)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> Generator[None, object, object]:
        """Say whose questions are asked now."""
        asker = _asker(item)
        self._left -= 1
        if self._left < _FEW:
            given = [_asker(each) for each in (item, nextitem) if each is not None]
            self._expect([*given, *self._given()])
        if self._ahead is None:
            return (yield)
        marker = item.get_closest_marker("checklist")
        self._ahead.begin(asker, fresh=bool(marker and marker.kwargs.get("fresh")))
        try:
            return (yield)
        finally:
            self._learn(asker, self._ahead.end())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        """Notice what fixtures do beside asking hosts."""
        return (yield from self._watched())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, object, object]:
        """Notice what the test does beside asking hosts."""
        return (yield from self._watched())

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        """Notice what fixtures do at their end."""
        return (yield from self._watched())

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Leave the figures for the controller."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output[FIGURES] = self.report()

    def report(self) -> dict[str, Any]:
        """Return what happened here, as plain data."""
        asks = [[*asker, {host: list(texts) for host, texts in asked.items()}] for asker, asked in self._asks.items()]
        return {**self._hosts.figures(), "asks": asks, "changing": sorted(self._changing)}

    def _watched(self) -> Generator[None, object, object]:
        if self._ahead is None:
            return (yield)
        with watched(self._ahead.disturb):
            return (yield)

    def _expect(self, askers: Sequence[Asker]) -> None:
        known = self._remembered.asks
        names = [host for asker in askers for host in (asker.target, *known.get(asker, ()))]
        if self._ahead is not None:
            self._left = max(self._left, 0) + len(self._ahead.expect(askers, known))
        else:
            self._left = len(askers)
        with suppress(ConfigError):  # the tests that need the host will say so
            self._hosts.pool.start(dict.fromkeys(names))

    def _given(self) -> Iterator[Asker]:
        """Yield the tests that pytest-xdist has put into this worker's queue."""
        if self._queue is None:
            return
        with self._queue.lock() as waiting:
            numbers = [number for number in waiting if isinstance(number, int)]
        yield from (self._order[number] for number in numbers)

    def _learn(self, asker: Asker, asked: Asked) -> None:
        """Keep what a test asked; what it asked of its own host, the same check will ask of the other ones."""
        questions = {host: tuple(texts) for host, texts in asked.questions.items()}
        self._asks[asker] = questions
        if asked.changes:
            self._changing.add(asker.check)
        own = questions.get(asker.target, ())
        if self._ahead is None or asked.changes or not own or asker.check in self._taught:
            return
        self._taught.add(asker.check)
        known = {Asker(asker.check, target): {target: own} for target in self._targets.get(asker.check, ())}
        self._remembered.asks = known | self._remembered.asks  # for tests that this worker is given later
        self._ahead.know(known)


def _asker(item: pytest.Item) -> Asker:
    cell = item.stash.get(CELL, None)
    return Asker(cell.check, cell.target) if cell is not None else Asker(item.nodeid, "")
