"""The watch after a release: asks the metrics at every step, for as long as it takes to decide."""

from __future__ import annotations

import signal
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Protocol, Self

from signoff.decision.rollback.rule import Measurement, Unknown, judge
from signoff.decision.rollback.watch import decide
from signoff.errors import CouldNotCheckError, NotVerifiedError
from signoff.model import RollbackVerdict, Text
from signoff.probes.metrics.prometheus import open_service
from signoff.probes.metrics.releases import ReleaseMetrics
from signoff.probes.metrics.services import Names

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

    from signoff.config.inventory import Inventory
    from signoff.decision.rollback.rule import Judgement
    from signoff.decision.rollback.watch import Watch
    from signoff.model import RollbackRule
    from signoff.probes.metrics.prometheus import Prometheus

_LAST_TRIES = 3
"""How often, a step apart, windows about which nobody could be asked are asked again after the watch."""


class StoppedError(Exception):
    """Somebody stopped the guard: Ctrl-C, or a signal to terminate."""


class Source(Protocol):
    """Where the metrics of one service come from."""

    @property
    def service(self) -> str:
        """The service's name in the inventory."""

    def measure(self, at: datetime) -> Measurement:
        """Return the window that ends at the instant; what could not be asked is unknown in it."""


class MetricsSource:
    """One web service's metrics, read from the Prometheus that its inventory entry names."""

    def __init__(self, inventory: Inventory, name: str, rule: RollbackRule) -> None:
        """Ask for the server's clock once: windows end by it, not by ours.

        Raises:
            NotVerifiedError: the inventory names no metrics of it, or what answers is no Prometheus.
            CouldNotCheckError: no answer.
        """
        self.service = name
        self._rule = rule
        settings: Any = inventory.service(name)
        if settings.metrics is None:
            hint = "write metrics for it in services.yaml, or name the services to watch with --service"
            raise NotVerifiedError(f"{name}: no metrics named; {hint}")
        self._names, self._server = Names.of(settings.metrics), inventory.service(settings.metrics.prometheus)
        asked = datetime.now(UTC)
        with self._open() as prometheus:
            self._ahead = prometheus.now() - asked

    def measure(self, at: datetime) -> Measurement:
        """Return the window that ends at the instant of our clock."""
        rule = self._rule
        try:
            with self._open() as prometheus:
                reading = ReleaseMetrics(
                    prometheus,
                    self._names,
                    window=rule.window,
                    percentile=rule.percentile,
                    limit_seconds=rule.response_seconds,
                    stale_after=rule.stale_after,
                ).read(at + self._ahead)
        except (CouldNotCheckError, NotVerifiedError) as error:
            return Measurement(service=self.service, at=at, unknown=(Unknown(why="no-answer", what=str(error)),))
        return Measurement(
            service=self.service,
            at=at,
            requests=_decimal(reading.requests),
            errors=_decimal(reading.errors),
            timed=_decimal(reading.timed),
            percentile_seconds=_decimal(reading.percentile_seconds),
            mean_seconds=_decimal(reading.mean_seconds),
            unknown=tuple(Unknown(why=why, what=what) for why, what in reading.gaps),
        )

    def _open(self) -> AbstractContextManager[Prometheus]:
        return open_service(self._server)


class Clock:
    """Our time: as the wall clock said at the beginning, and steady from then on, whatever sets the wall clock."""

    def __init__(self) -> None:
        self._began, self._ticks = datetime.now(UTC), time.monotonic()

    def now(self) -> datetime:
        """Return the instant, UTC."""
        return self._began + timedelta(seconds=time.monotonic() - self._ticks)

    def wait(self, until: datetime) -> None:
        """Return at the instant."""
        time.sleep(max((until - self.now()).total_seconds(), 0))


class Stop:
    """While it is entered, a signal to end raises `StoppedError`; a second one is ignored, for the record's sake."""

    _signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __enter__(self) -> Self:
        """Take the signals over."""
        # What was started so that it outlives its terminal goes on doing so.
        mine = [number for number in self._signals if signal.getsignal(number) is not signal.SIG_IGN]
        self._before = {number: signal.signal(number, self._stop) for number in mine}
        return self

    def __exit__(self, *_: object) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def ignore(self) -> None:
        """Let nothing interrupt what follows."""
        for number in self._signals:
            signal.signal(number, signal.SIG_IGN)

    def _stop(self, *_: object) -> None:
        self.ignore()
        raise StoppedError


@dataclass(kw_only=True)
class Guard:
    """One watch over the services of a release."""

    rule: RollbackRule
    watch: Watch
    sources: Sequence[Source]
    tell: Callable[[Sequence[Judgement], int], None]
    """Called with the judgements on one window, and its number from 1."""
    clock: Clock
    _judged: dict[tuple[datetime, str], Judgement] = field(default_factory=dict)
    _unasked: list[tuple[int, datetime]] = field(default_factory=list)
    """Windows about which nobody could be asked, oldest first: asked again until somebody answers."""

    def run(self, *, wait: bool) -> Judgement:
        """Return the decision: as soon as a window breaks a limit, else at the end of the watch.

        Args:
            wait: False judges what has already happened, and waits for nothing.

        Raises:
            StoppedError: see `Stop`.
        """
        for number, at in enumerate(self.watch.instants, 1):
            if at > self.clock.now():
                if not wait:
                    break
                self.clock.wait(at)
            if self._ask(number, at) or self._ask_again():
                return self.decision
        for _ in range(_LAST_TRIES if wait else 1):
            if self._unasked:
                self.clock.wait(self.clock.now() + (self.rule.step if wait else timedelta(0)))
                self._ask_again()
        return self.decision

    @property
    def decision(self) -> Judgement:
        """What was seen until now says: to hold until all of the watch was seen, or a window broke a limit."""
        return decide(self.watch, [source.service for source in self.sources], self._judged.values())

    @property
    def stopped(self) -> Judgement:
        """The decision on what was seen until somebody stopped the guard: never to keep the release."""
        decision, seen = self.decision, len({at for at, _ in self._judged})
        if decision.verdict is RollbackVerdict.ROLL_BACK:
            return decision
        total = len(self.watch.instants)
        why = Text(
            ko=f"감시가 중단됨: 구간 {total}개 가운데 {seen}개까지 봄",
            en=f"the watch was stopped after {seen} of {total} windows",
        )
        newest = max((at for at, _ in self._judged), default=None)
        values = tuple(value for (at, _), one in self._judged.items() if at == newest for value in one.values)
        return replace(decision, verdict=RollbackVerdict.HOLD, reasons=(why,), values=values)

    def _ask(self, number: int, at: datetime) -> bool:
        """Ask about one window and return whether it broke a limit."""
        measured = [source.measure(at) for source in self.sources]
        judged = [judge(each, self.rule) for each in measured]
        self._judged |= {(one.at, one.service): one for one in judged}
        if any(unknown.why == "no-answer" for each in measured for unknown in each.unknown):
            self._unasked.append((number, at))
        self.tell(judged, number)
        return any(one.verdict is RollbackVerdict.ROLL_BACK for one in judged)

    def _ask_again(self) -> bool:
        """Ask about the windows that are still to be asked, until one fails again; return whether one broke a limit."""
        waiting, self._unasked = self._unasked, []
        while waiting and not self._unasked:
            if self._ask(*waiting.pop(0)):
                return True
        self._unasked.extend(waiting)
        return False


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(repr(value))
