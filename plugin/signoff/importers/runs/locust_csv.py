"""What `locust --csv` writes: statistics, their history, and why requests failed.

Columns: https://docs.locust.io/en/stable/retrieving-stats.html. The JSON of `--json-file` is preferred where there is
one: it holds every response time, the CSV quantiles only.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers.runs.load_test import FailureKinds, Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

TOTAL_ROW = "Aggregated"
_STATS, _HISTORY, _FAILURES = "Locust statistics", "Locust history", "Locust failures"
_REFUSED = re.compile(r"\b(429|503)\b")
_TIMED_OUT = re.compile(r"timeout|timed out", re.IGNORECASE)
_WRONG = (KeyError, TypeError, ValueError, OverflowError, OSError, csv.Error)


@dataclass(frozen=True, kw_only=True, slots=True)
class Totals:
    """The row of all requests together."""

    requests: int
    failures: int
    quantiles: Mapping[float, float]
    """Seconds by share."""


def totals(stats: bytes) -> Totals:
    """Return what `…_stats.csv` says of all requests together.

    Raises:
        NotVerifiedError: not such a file.
    """
    rows = _rows(stats)
    try:
        found = [row for row in rows if row["Name"] == TOTAL_ROW]
        return _totals(found[0])
    except (*_WRONG, IndexError) as error:
        raise NotVerifiedError(f"{_STATS}: no whole row named {TOTAL_ROW}; import …_stats.csv") from error


def history(text: bytes) -> tuple[tuple[tuple[datetime, int], ...], tuple[Window, ...]]:
    """Return the users over time, and the test piece by piece.

    Raises:
        NotVerifiedError: not such a file.
    """
    rows = _rows(text)
    try:
        found = sorted((_moment(row) for row in rows if row["Name"] == TOTAL_ROW), key=lambda one: one.at)
    except _WRONG as error:
        raise NotVerifiedError(
            f"{_HISTORY}: row {rows.line_num}: no Timestamp, Name and User Count; import …_stats_history.csv"
        ) from error
    if not found:
        raise NotVerifiedError(f"{_HISTORY}: no row named {TOTAL_ROW}; import …_stats_history.csv")
    return tuple((one.at, one.users) for one in found), tuple(_windows(found))


def kinds(failures: bytes, total: int) -> FailureKinds:
    """Return why requests failed, from `…_failures.csv`.

    Raises:
        NotVerifiedError: not such a file, or not of as many failures as the statistics count.
    """
    rows, counted = _rows(failures), {"refused": 0, "timed_out": 0, "other": 0}
    try:
        for row in rows:
            error, times = row["Error"], int(row["Occurrences"])
            kind = "refused" if _REFUSED.search(error) else "timed_out" if _TIMED_OUT.search(error) else "other"
            counted[kind] += times
    except _WRONG as error:
        raise NotVerifiedError(f"{_FAILURES}: row {rows.line_num}: cannot be read; import …_failures.csv") from error
    if sum(counted.values()) != total or min(counted.values()) < 0:
        raise NotVerifiedError(f"{_FAILURES}: {sum(counted.values())} failures, the statistics count {total}")
    return FailureKinds(**counted)


@dataclass(frozen=True, slots=True)
class _Moment:
    at: datetime
    users: int
    requests: int
    failures: int
    p95_milliseconds: float
    spent_milliseconds: float


def _moment(row: Mapping[str, str]) -> _Moment:
    requests = int(row.get("Total Request Count") or 0)
    p95, mean = (row.get(name) or "0" for name in ("95%", "Total Average Response Time"))
    return _Moment(
        datetime.fromtimestamp(float(row["Timestamp"]), UTC),
        int(row["User Count"]),
        requests,
        int(row.get("Total Failure Count") or 0),
        0.0 if p95 == "N/A" else float(p95),
        requests * float(mean),
    )


def _windows(found: list[_Moment]) -> Iterator[Window]:
    for before, after in pairwise(found):
        requests, failures = after.requests - before.requests, after.failures - before.failures
        if requests < 0 or failures < 0:
            raise NotVerifiedError(f"{_HISTORY}: its totals fall; import the history of one run, and of that all")
        yield Window(
            at=before.at,
            users=max(before.users, after.users),
            requests=requests,
            failures=failures,
            p95_seconds=after.p95_milliseconds / 1000,
            spent_seconds=max(after.spent_milliseconds - before.spent_milliseconds, 0) / 1000,
        )


def _totals(row: Mapping[str, str]) -> Totals:
    shares = [name for name in row if name.endswith("%")]
    return Totals(
        requests=int(row["Request Count"]),
        failures=int(row["Failure Count"]),
        quantiles={round(float(name[:-1]) / 100, 6): float(row[name]) / 1000 for name in shares},
    )


def _rows(text: bytes) -> csv.DictReader[str]:
    return csv.DictReader(io.StringIO(text.decode("utf-8-sig", "replace")))
