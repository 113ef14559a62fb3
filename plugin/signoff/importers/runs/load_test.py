"""One load test, whatever tool made it: what was asked, how it was answered, and when."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """Some seconds of a load test."""

    at: datetime
    """Its beginning."""
    users: int
    """Most at once; 0: the report does not say."""
    requests: int
    failures: int
    p95_seconds: float
    spent_seconds: float
    """Response times of all requests together."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailureKinds:
    """Why requests failed, as far as it tells how a system behaves that has too much to do."""

    refused: int
    """Answered 429 or 503: told in time to come back later."""
    timed_out: int
    other: int

    @property
    def refused_ratio(self) -> float:
        """Refused requests, of all that failed; 1 if none failed."""
        total = self.refused + self.timed_out + self.other
        return self.refused / total if total else 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadTest:
    """One load test, all requests together."""

    tool: str = "locust"
    started: datetime
    finished: datetime
    users: tuple[tuple[datetime, int], ...]
    """How many users there were, over time; empty: the report does not say."""
    requests: int
    failures: int
    milliseconds: tuple[tuple[int, int], ...] = ()
    """Response times, as fine as the tool tells, with the number of answers; shortest first."""
    quantiles: Mapping[float, float] = field(default_factory=dict)
    """Seconds by share, where a report holds no more than these."""
    windows: tuple[Window, ...] = ()
    """The test piece by piece; empty: the report holds totals only."""
    kinds: FailureKinds | None = None
    """None: the report does not say why requests failed."""
    crossed: tuple[str, ...] = ()
    """Limits of the test's own that were not kept."""
    target: str
    commit: str
    generator_cpu_ratio: float
    """Busiest moment of the machine that made the load, as a share of one processor or of all: near 1 it measured
    itself."""

    @property
    def duration(self) -> timedelta:
        """From the first request to the last."""
        return self.finished - self.started

    @property
    def peak_users(self) -> int:
        """Most users at once; 0 if the report does not say."""
        return max((count for _, count in self.users), default=0)

    @property
    def error_ratio(self) -> float:
        """Failed requests, of all."""
        return self.failures / self.requests

    def with_crossed(self, crossed: tuple[str, ...]) -> LoadTest:
        """Return the same test with the limits of its own that were not kept."""
        return replace(self, crossed=crossed)

    def require(self, *, target: str, min_requests: int, generator_cpu_ratio: float) -> None:
        """Return if the test says something about the target at all.

        Raises:
            NotVerifiedError: another target, too few requests, or a load generator that was busy with itself.
        """
        if self.target.rstrip("/") != target.rstrip("/"):
            raise NotVerifiedError(f"the load test was run against {self.target}, not {target}; run it there")
        if self.requests < min_requests:
            raise NotVerifiedError(f"{self.requests} requests, at least {min_requests} are needed; run it for longer")
        if self.generator_cpu_ratio > generator_cpu_ratio:
            raise NotVerifiedError(
                f"the load generator was {self.generator_cpu_ratio:.0%} busy, limit is {generator_cpu_ratio:.0%}; "
                "it measured itself: use more or larger generators"
            )

    def held(self, users: int) -> timedelta:
        """Return the longest time without a moment of fewer users.

        Raises:
            NotVerifiedError: the report does not say how many there were.
        """
        if not self.users:
            raise NotVerifiedError("the report does not say how many users there were, and when; import that as well")
        longest, began = timedelta(), None
        for at, count in self.users:
            began = (began or at) if count >= users else None
            longest = max(longest, at - began if began else timedelta())
        return longest

    def quantile_seconds(self, share: float) -> float:
        """Return the time that at least this share of the answers kept.

        Raises:
            NotVerifiedError: the report holds neither response times nor this quantile.
        """
        if not self.milliseconds:
            if share not in self.quantiles:
                raise NotVerifiedError(f"the report holds no p{share * 100:g}; have the tool write it")
            return self.quantiles[share]
        wanted = math.ceil(share * sum(count for _, count in self.milliseconds))
        for milliseconds, count in self.milliseconds:
            wanted -= count
            if wanted <= 0:
                return milliseconds / 1000
        return self.milliseconds[-1][0] / 1000
