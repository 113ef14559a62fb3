"""A straight line through measurements, and how sure its slope is."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

_FEWEST = 12
"""With fewer points a normal distribution says too little of the slope's error."""
_SURE = statistics.NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, kw_only=True, slots=True)
class Trend:
    """How measurements change over time, by least squares; `low` and `high` bound the slope with 95 % confidence."""

    mean: float
    last: float
    """The line's value at the last measurement."""
    slope: float
    low: float
    high: float
    """Change a second."""
    points: int

    def growth(self, over: timedelta) -> tuple[float, float]:
        """Return the least and the most that the value grows in that time, with 95 % confidence."""
        seconds = over.total_seconds()
        return self.low * seconds, self.high * seconds


def trend_of(points: Sequence[tuple[datetime, float]]) -> Trend:
    """Return the line through the points.

    Raises:
        NotVerifiedError: fewer than twelve points.
    """
    if len(points) < _FEWEST:
        raise NotVerifiedError(f"{len(points)} measurements, a trend needs {_FEWEST}; measure for longer")
    began = points[0][0]
    times = [(at - began).total_seconds() for at, _ in points]
    values = [value for _, value in points]
    slope, intercept = statistics.linear_regression(times, values)
    residuals = sum((value - intercept - slope * at) ** 2 for at, value in zip(times, values, strict=True))
    middle = statistics.fmean(times)
    spread = sum((at - middle) ** 2 for at in times)
    error = _SURE * (residuals / (len(points) - 2) / spread) ** 0.5
    return Trend(
        mean=statistics.fmean(values),
        last=intercept + slope * times[-1],
        slope=slope,
        low=slope - error,
        high=slope + error,
        points=len(points),
    )
