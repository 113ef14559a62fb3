"""What a load test of days says, five minutes by five minutes and hour by hour."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.importers.runs.load_test import LoadTest, Window

FIVE_MINUTES, _HOUR = timedelta(minutes=5), timedelta(hours=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A part of the test."""

    at: datetime
    requests: int
    failures: int
    spent_seconds: float

    @property
    def error_ratio(self) -> float:
        """Failed requests, of all."""
        return self.failures / self.requests if self.requests else 0.0


def five_minutes(test: LoadTest) -> tuple[Share, ...]:
    """Return every five minutes that had requests.

    Raises:
        NotVerifiedError: the report holds totals only.
    """
    return _shares(test, FIVE_MINUTES)


def hourly_means(test: LoadTest) -> tuple[tuple[datetime, float], ...]:
    """Return the mean response time of every whole hour, in seconds.

    Raises:
        NotVerifiedError: the report holds totals only.
    """
    shares = [one for one in _shares(test, _HOUR) if one.requests]
    return tuple((one.at, one.spent_seconds / one.requests) for one in shares[:-1])


def _shares(test: LoadTest, length: timedelta) -> tuple[Share, ...]:
    if not test.windows:
        raise NotVerifiedError("the report holds totals only; import the history as well")
    groups: dict[int, list[Window]] = {}
    for window in test.windows:
        groups.setdefault(int(window.at.timestamp() // length.total_seconds()), []).append(window)
    return tuple(_share(key, group, length) for key, group in sorted(groups.items()))


def _share(key: int, group: Sequence[Window], length: timedelta) -> Share:
    return Share(
        at=datetime.fromtimestamp(key * length.total_seconds(), UTC),
        requests=sum(one.requests for one in group),
        failures=sum(one.failures for one in group),
        spent_seconds=sum(one.spent_seconds for one in group),
    )
