"""What a stress test shows: how much the system bears, how it fails beyond that, and how soon it is well again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from signoff.importers.runs.load_test import LoadTest, Window

_SAME_LEVEL = 0.1
"""Steps whose users differ by less than this share are one."""
_FEWEST_STEPS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One level of load."""

    users: int
    began: datetime
    duration: timedelta
    requests: int
    failures: int
    p95_seconds: float
    """Of its worst seconds but for the worst tenth."""

    @property
    def error_ratio(self) -> float:
        """Failed requests, of all; 1 if there was none."""
        return self.failures / self.requests if self.requests else 1.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Stress:
    """The outcome of one stress test."""

    steps: tuple[Step, ...]
    """In the order of time, the last and highest of the rise included."""
    knee: int
    """Most users that it bore, with every smaller number; 0: none of the steps."""
    is_overloaded: bool
    """Whether it was driven beyond what it bears."""
    recovery: timedelta | None
    """From the end of the overload until it kept the limits for good; None: it did not, or nobody measured."""
    is_measured_after: bool
    """Whether there were requests after the highest load, with as many users as are usual."""


def read(test: LoadTest, *, error_ratio: float, p95_seconds: float, step: timedelta, usual: int) -> Stress:
    """Return what the test shows.

    Args:
        test: The test.
        error_ratio: Most failed requests of a step that it bears.
        p95_seconds: Longest time of a step that it bears.
        step: Shorter levels are part of the rise, and not judged.
        usual: Users to which the load must fall back before it is to recover.

    Raises:
        NotVerifiedError: no rising steps in it, or the history is not of the whole test.
    """
    windows = [one for one in test.windows if one.users]
    steps = [one for one in _levels(windows) if one.duration >= step]
    highest = max(steps, key=lambda one: one.users, default=None)
    rising = tuple(one for one in steps if highest is not None and one.began <= highest.began)
    levels = {one.users for one in rising}
    if highest is None or len(levels) < _FEWEST_STEPS:
        raise NotVerifiedError(
            f"{len(levels)} steps of {step} and more, at least {_FEWEST_STEPS} rising ones are needed; "
            "raise the load step by step, and import the history"
        )
    borne = [one.error_ratio <= error_ratio and one.p95_seconds <= p95_seconds for one in rising]
    first_bad = next((one.users for one, good in zip(rising, borne, strict=True) if not good), None)
    good = [one.users for one, fine in zip(rising, borne, strict=True) if fine]
    knee = max((users for users in good if first_bad is None or users < first_bad), default=0)
    after = [one for one in windows if one.at >= highest.began + highest.duration and one.users <= usual]
    return Stress(
        steps=rising,
        knee=knee,
        is_overloaded=first_bad is not None,
        recovery=_recovery(after, error_ratio, p95_seconds),
        is_measured_after=any(one.requests for one in after),
    )


def _levels(windows: Sequence[Window]) -> list[Step]:
    """Return the levels one after another, each as long as its users stay about the same."""
    groups: list[list[Window]] = []
    for window in windows:
        if groups and abs(window.users - groups[-1][0].users) <= _SAME_LEVEL * groups[-1][0].users:
            groups[-1].append(window)
        else:
            groups.append([window])
    ends = [*(group[0].at for group in groups[1:]), windows[-1].at] if windows else []
    return [_step(group, end) for group, end in zip(groups, ends, strict=True)]


def _step(group: Sequence[Window], end: datetime) -> Step:
    times = sorted(one.p95_seconds for one in group if one.requests)
    return Step(
        users=max(one.users for one in group),
        began=group[0].at,
        duration=end - group[0].at,
        requests=sum(one.requests for one in group),
        failures=sum(one.failures for one in group),
        p95_seconds=times[int(0.9 * (len(times) - 1))] if times else 0.0,
    )


def _recovery(after: Sequence[Window], error_ratio: float, p95_seconds: float) -> timedelta | None:
    asked = [one for one in after if one.requests]
    if not asked:
        return None
    ill = [one for one in asked if one.failures > error_ratio * one.requests or one.p95_seconds > p95_seconds]
    if not ill:
        return timedelta()
    well = [one for one in asked if one.at > ill[-1].at]
    return well[0].at - asked[0].at if well else None
