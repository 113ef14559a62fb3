"""Response times of one page or operation, by a small sample at a bounded rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from signoff.probes.web.http import Session

_SUCCESS = range(200, 400)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """What was measured; seconds from sending to the last byte of the body."""

    seconds: tuple[float, ...]
    failures: int
    """Answers with another status than 2xx or 3xx."""

    @classmethod
    def of(cls, samples: Iterable[Sample]) -> Sample:
        """Return several samples as one."""
        every = list(samples)
        return cls(
            seconds=tuple(seconds for one in every for seconds in one.seconds),
            failures=sum(one.failures for one in every),
        )

    @property
    def failure_ratio(self) -> float:
        """Failed answers, of all."""
        return self.failures / max(len(self.seconds), 1)

    def quantile(self, share: float) -> float:
        """Return the smallest time that at least this share of the answers kept (nearest rank)."""
        ordered = sorted(self.seconds)
        return ordered[max(math.ceil(share * len(ordered)), 1) - 1]


def take(session: Session, url: str, *, requests: int, limit: float = math.inf) -> Sample:
    """Ask the URL again and again; the session's own limits keep the pace.

    The first request, which opens the connection, is made but not counted: users keep theirs open too. It ends early
    when more than 5 % of the requests have already been slower than `limit` seconds: the 95th percentile is then over
    it whatever follows, and asking a slow system again and again would only hurt it.
    """
    session.get(url, allow_redirects=False)
    seconds: list[float] = []
    failures = 0
    while len(seconds) < requests and sum(one > limit for one in seconds) <= requests / 20:
        response = session.get(url, allow_redirects=False)
        seconds.append(session.asked[-1].seconds)
        failures += response.status_code not in _SUCCESS
    return Sample(seconds=tuple(seconds), failures=failures)
