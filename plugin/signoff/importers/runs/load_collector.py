"""Adds up the samples of a load test one by one, in memory that does not grow with their number."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError, NotVerifiedError
from signoff.importers.runs.load_test import FailureKinds, LoadTest, Window

if TYPE_CHECKING:
    from signoff.importers.runs.load_note import Note

WINDOW = 10
"""Seconds that are added up together."""
_MOST_WINDOWS = 70_000
"""Eight days: a longer test is a time stamp gone wrong."""
_DAY = 86_400_000
_EXACT = 60_000
"""Milliseconds up to which each is counted for itself; longer ones are rounded up to seconds."""
_FINE = math.log(1.1)
_EARLIEST, _LATEST = 946_684_800, 4_102_444_800  # 2000 to 2100
REFUSED = frozenset({"429", "503"})


@dataclass(slots=True)
class _Piece:
    users: int = 0
    requests: int = 0
    failures: int = 0
    spent: int = 0
    times: dict[int, int] = field(default_factory=dict)

    def p95_seconds(self) -> float:
        wanted = math.ceil(0.95 * self.requests)
        for bucket, count in sorted(self.times.items()):
            wanted -= count
            if wanted <= 0:
                return math.exp(bucket * _FINE) / 1000
        return 0.0


class Collector:
    """Takes samples in any order; `kind` names the sort of report in messages."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._pieces: dict[int, _Piece] = {}
        self._times: dict[int, int] = {}
        self._first, self._last = math.inf, -math.inf
        self._refused = self._timed_out = 0
        self.requests = self.failures = 0

    def sample(self, at: float, milliseconds: int, *, ok: bool, status: str = "", timed_out: bool = False) -> None:
        """Count one request that began at the Unix time.

        Raises:
            DamagedReportError: a time that no load test has.
        """
        if not 0 <= milliseconds <= _DAY:
            raise DamagedReportError(f"{self._kind}: a request took {milliseconds} ms; that is no response time")
        piece = self._piece(at)
        rounded = milliseconds if milliseconds <= _EXACT else math.ceil(milliseconds / 1000) * 1000
        self._times[rounded] = self._times.get(rounded, 0) + 1
        bucket = math.ceil(math.log(max(milliseconds, 1)) / _FINE)
        piece.times[bucket] = piece.times.get(bucket, 0) + 1
        piece.requests += 1
        piece.spent += milliseconds
        self.requests += 1
        self._first, self._last = min(self._first, at), max(self._last, at + milliseconds / 1000)
        if not ok:
            piece.failures += 1
            self.failures += 1
            self._refused += status in REFUSED
            self._timed_out += timed_out and status not in REFUSED

    def users(self, at: float, count: int) -> None:
        """Note how many users there were at the Unix time."""
        piece = self._piece(at)
        piece.users = max(piece.users, count)

    def finish(self, note: Note, tool: str) -> LoadTest:
        """Return the load test.

        Raises:
            NotVerifiedError: no request was made.
        """
        if not self.requests:
            raise NotVerifiedError(f"{self._kind}: no request in it; import the result of a test that ran")
        windows = tuple(self._window(key) for key in sorted(self._pieces))
        return LoadTest(
            tool=tool,
            started=_instant(self._first),
            finished=_instant(self._last),
            users=tuple((one.at, one.users) for one in windows) if any(one.users for one in windows) else (),
            requests=self.requests,
            failures=self.failures,
            milliseconds=tuple(sorted(self._times.items())),
            windows=windows,
            kinds=FailureKinds(
                refused=self._refused,
                timed_out=self._timed_out,
                other=self.failures - self._refused - self._timed_out,
            ),
            target=note.target,
            commit=note.commit,
            generator_cpu_ratio=note.generator_cpu_ratio,
        )

    def _piece(self, at: float) -> _Piece:
        if not _EARLIEST <= at < _LATEST:
            raise DamagedReportError(f"{self._kind}: {at:.0f} is no Unix time of a load test")
        key = int(at // WINDOW)
        if key not in self._pieces and len(self._pieces) >= _MOST_WINDOWS:
            raise DamagedReportError(f"{self._kind}: its times are more than a week apart; import one run alone")
        return self._pieces.setdefault(key, _Piece())

    def _window(self, key: int) -> Window:
        piece = self._pieces[key]
        return Window(
            at=_instant(key * WINDOW),
            users=piece.users,
            requests=piece.requests,
            failures=piece.failures,
            p95_seconds=piece.p95_seconds(),
            spent_seconds=piece.spent / 1000,
        )


def _instant(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
