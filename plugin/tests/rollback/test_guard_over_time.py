"""The guard while time passes: it waits for the end of the watch, survives a server's absence, and can be stopped."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest

from signoff.cli.guard.watch import Clock, Guard, MetricsSource, StoppedError
from signoff.decision.rollback.watch import Watch
from signoff.model import RollbackVerdict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEEP, HOLD, ROLL_BACK = RollbackVerdict.KEEP, RollbackVerdict.HOLD, RollbackVerdict.ROLL_BACK


class Wound(Clock):
    """A clock in the past that is wound forward by whoever waits."""

    def __init__(self, now: datetime, tick: Callable[[datetime], None] = lambda _: None) -> None:
        self._now, self._tick = now, tick

    def now(self) -> datetime:
        return self._now

    def wait(self, until: datetime) -> None:
        self._now = max(until, self._now)
        self._tick(self._now)


class Watched:
    """A guard over one scenario, with everything it said."""

    def __init__(self, suite: Any, clock: Clock, service: str = "healthy") -> None:
        self.lines: list[tuple[int, RollbackVerdict]] = []
        inventory = suite.workspace.inventory
        rule = inventory.policy.rollback
        source = MetricsSource(inventory, service, rule)
        source._ahead = timedelta(0)  # the scenarios are judged by the clock of their own past
        self.guard = Guard(
            rule=rule,
            watch=Watch.of(rule, suite.released),
            sources=[source],
            tell=lambda judged, number: self.lines.append((number, judged[0].verdict)),
            clock=clock,
        )


@pytest.fixture
def own_server(
    history: tuple[Path, datetime], tmp_path: Path, suite: Any, start_prometheus: Callable[..., Any]
) -> Iterator[Any]:
    """Give a server of the test's own, that it may stop and start."""
    storage = tmp_path / "db"
    # The blocks alone: the server of the session works on all other files.
    shutil.copytree(history[0], storage, ignore=shutil.ignore_patterns("wal", "chunks_head", "lock", "queries.active"))
    with start_prometheus(storage) as server:
        suite.watch_server(server.url)
        yield server


def test_a_release_is_kept_only_when_the_watch_is_over(suite: Any) -> None:
    clock = Wound(suite.released)
    watched = Watched(suite, clock)
    assert watched.guard.run(wait=True).verdict is KEEP
    assert clock.now() == suite.released + timedelta(minutes=15)
    assert watched.lines == [(number, KEEP) for number in range(1, 12)]


def test_it_does_not_wait_any_longer_once_a_limit_is_broken(suite: Any) -> None:
    clock = Wound(suite.released)
    watched = Watched(suite, clock, "burst")
    assert watched.guard.run(wait=True).verdict is ROLL_BACK
    assert clock.now() == suite.released + timedelta(minutes=10)


def test_nothing_is_asked_before_the_first_window_is_full(suite: Any) -> None:
    watched = Watched(suite, Wound(suite.released + timedelta(minutes=4, seconds=59)))
    assert watched.guard.run(wait=False).verdict is HOLD
    assert watched.lines == []


@pytest.mark.parametrize(("service", "verdict"), [("healthy", KEEP), ("burst", ROLL_BACK)])
def test_a_server_that_was_away_is_asked_again_about_what_was_missed(
    suite: Any, own_server: Any, service: str, verdict: RollbackVerdict
) -> None:
    """The windows are those of the past, so a restart of the server loses nothing that it had stored."""

    def tick(now: datetime) -> None:
        minutes = (now - suite.released) / timedelta(minutes=1)
        if minutes == 7:
            own_server.stop()
        if minutes == 12:
            own_server.start()

    watched = Watched(suite, Wound(suite.released, tick), service)
    decision = watched.guard.run(wait=True)
    assert decision.verdict is verdict
    away = [number for number, seen in watched.lines if seen is HOLD]
    assert set(away) == {3, 4, 5, 6, 7}
    if verdict is KEEP:
        assert {number for number, seen in watched.lines if seen is KEEP} == set(range(1, 12))


def test_a_server_that_stays_away_is_never_kept(suite: Any, own_server: Any) -> None:
    def tick(now: datetime) -> None:
        if now - suite.released == timedelta(minutes=7):
            own_server.stop()

    watched = Watched(suite, Wound(suite.released, tick))
    decision = watched.guard.run(wait=True)
    assert decision.verdict is HOLD
    assert decision.reasons[0].en == "9 of 11 windows could not be judged"
    assert "Prometheus could not be asked" in decision.reasons[1].en


def test_a_guard_that_is_stopped_holds_and_says_how_far_it_came(suite: Any) -> None:
    def tick(now: datetime) -> None:
        if now - suite.released == timedelta(minutes=8):
            raise StoppedError

    watched = Watched(suite, Wound(suite.released, tick))
    with pytest.raises(StoppedError):
        watched.guard.run(wait=True)
    decision = watched.guard.stopped
    assert decision.verdict is HOLD
    assert decision.reasons[0].en == "the watch was stopped after 3 of 11 windows"
    assert {value.name for value in decision.values} >= {"error-ratio"}


def test_our_clock_may_be_wrong_and_may_jump(suite: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows end by the server's clock, and steps are paced by one that nobody sets."""
    inventory = suite.workspace.inventory
    source = MetricsSource(inventory, "healthy", inventory.policy.rollback)
    assert abs(source._ahead) < timedelta(minutes=1)
    clock = Clock()
    before = clock.now()
    assert abs(before - datetime.now(UTC)) < timedelta(minutes=1)

    yesterday = Mock(now=lambda zone: datetime.now(zone) - timedelta(days=1))
    monkeypatch.setattr("signoff.cli.guard.watch.datetime", yesterday)
    assert clock.now() >= before
    late = MetricsSource(inventory, "healthy", inventory.policy.rollback)
    assert late._ahead > timedelta(hours=23)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_guard_with_a_recorded_hold(suite: Any, number: signal.Signals) -> None:
    since = (datetime.now(UTC) - timedelta(minutes=11)).isoformat()
    # A shell may have had what it runs in the background ignore Ctrl-C.
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler);from signoff.cli import main; main()"
    )
    line = [sys.executable, "-c", program, "guard", "--service", "healthy"]
    options = ["--since", since, "--lang", "en", "--exec", "false"]
    with subprocess.Popen(
        [*line, *options],
        cwd=suite.folder,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        first = process.stdout.readline()
        process.send_signal(number)
        rest = process.stdout.read()
    assert "1/11" in first
    assert process.returncode == 21, rest
    (decision,) = suite.decisions
    assert decision.verdict is HOLD
    assert "the watch was stopped after" in decision.reasons[0].en
    assert "Hold (hold)" in rest
    assert suite.commands == []
