"""Counts events by outcome over time, as Sentry's `stats_v2` endpoint does."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_FIELD = "sum(quantity)"
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_CATEGORY = "error"
_GROUPS = frozenset({"outcome", "category", "project", "reason"})


class StatsError(Exception):
    """The question is malformed: Sentry answers 400 with this text."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """What became of one event, and when it arrived."""

    at: datetime
    outcome: str


def summarize(
    outcomes: Iterable[Outcome], query: Mapping[str, Sequence[str]], *, now: datetime, retention: timedelta
) -> dict[str, Any]:
    """Return the answer to a query of `stats_v2`: the intervals, and totals and series for every group.

    Raises:
        StatsError: a parameter is missing or malformed.
    """
    if _FIELD not in query.get("field", ()):
        raise StatsError(f'At least one "field" is required, such as {_FIELD}.')
    groups = query.get("groupBy", ())
    if not groups:
        raise StatsError("At least one groupBy is required.")
    if unknown := set(groups) - _GROUPS:
        raise StatsError(f'Invalid groupBy: "{min(unknown)}"')
    interval = duration(query.get("interval", ["1h"])[0])
    start, end = _range(query, now=now, interval=interval, retention=retention)
    intervals = [start + number * interval for number in range(-((start - end) // interval))]
    series: dict[tuple[str | int, ...], list[int]] = {}
    for event in outcomes:
        wanted = not query.get("outcome") or event.outcome in query["outcome"]
        if wanted and start <= event.at < end and query.get("category", [_CATEGORY]) == [_CATEGORY]:
            key = tuple(_label(name, event.outcome) for name in groups)
            counts = series.setdefault(key, [0] * len(intervals))
            counts[(event.at - start) // interval] += 1
    return {
        "start": _text(start),
        "end": _text(end),
        "intervals": [_text(instant) for instant in intervals],
        "groups": [
            {
                "by": dict(zip(groups, key, strict=True)),
                "totals": {_FIELD: sum(counts)},
                "series": {_FIELD: counts},
            }
            for key, counts in sorted(series.items())
        ],
    }


def _label(group: str, outcome: str) -> str | int:
    reason = "key_quota" if outcome == "rate_limited" else "none"
    labels: dict[str, str | int] = {"outcome": outcome, "category": _CATEGORY, "project": 1, "reason": reason}
    return labels[group]


def _range(
    query: Mapping[str, Sequence[str]], *, now: datetime, interval: timedelta, retention: timedelta
) -> tuple[datetime, datetime]:
    if "start" in query and "end" in query:
        start, end = _instant(query["start"][0]), _instant(query["end"][0])
    else:
        start, end = now - duration(query.get("statsPeriod", ["24h"])[0]), now
    # Whole intervals, as Sentry rounds them: the first one starts early, the last one ends late.
    start = max(start, now - retention)
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    first = epoch + (start - epoch) // interval * interval
    return first, epoch - (epoch - end) // interval * interval


def duration(text: str) -> timedelta:
    """Return a period as Sentry writes it, such as `24h`.

    Raises:
        StatsError: it is none.
    """
    match = re.fullmatch(r"(\d+)([mhdw])", text)
    if match is None or int(match[1]) == 0:
        raise StatsError(f'Invalid statsPeriod or interval: "{text}"')
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise StatsError("Unable to parse start or end") from None
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
