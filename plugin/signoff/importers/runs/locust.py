"""A load test as Locust wrote it down, and a note of what Locust does not know: target, commit, load generator."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

_STATS, _HISTORY, _CONTEXT = "Locust statistics", "Locust history", "load test note"
_TOTAL_ROW = "Aggregated"
_SAME_RUN = timedelta(minutes=2)


@dataclass(frozen=True, kw_only=True, slots=True)
class LoadTest:
    """One load test, all requests together."""

    started: datetime
    finished: datetime
    users: tuple[tuple[datetime, int], ...]
    """How many users there were, over time."""
    requests: int
    failures: int
    milliseconds: tuple[tuple[int, int], ...]
    """Response times, rounded as Locust does, with the number of answers; shortest first."""
    target: str
    commit: str
    generator_cpu_ratio: float
    """Busiest moment of the machine that made the load, as a share of one processor or of all: near 1 it measured
    itself."""

    @property
    def peak_users(self) -> int:
        """Most users at once."""
        return max(count for _, count in self.users)

    @property
    def error_ratio(self) -> float:
        """Failed requests, of all."""
        return self.failures / self.requests

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
        """Return how long at least so many users were there, from the first moment to the last."""
        moments = [at for at, count in self.users if count >= users]
        return moments[-1] - moments[0] if moments else timedelta()

    def quantile_seconds(self, share: float) -> float:
        """Return the time that at least this share of the answers kept."""
        wanted = math.ceil(share * sum(count for _, count in self.milliseconds))
        for milliseconds, count in self.milliseconds:
            wanted -= count
            if wanted <= 0:
                return milliseconds / 1000
        return self.milliseconds[-1][0] / 1000


def read(*, stats: bytes, history: bytes, context: bytes) -> LoadTest:
    """Return the load test.

    Args:
        stats: What `locust --json-file` writes.
        history: What `locust --csv` writes to `…_stats_history.csv`.
        context: JSON with `schema_version` 1, `target`, `commit` and `generator.cpu_peak_ratio`.

    Raises:
        NotVerifiedError: damaged, empty, or files of different runs.
    """
    entries = Node.parse(stats, kind=_STATS).items()
    if not entries:
        raise NotVerifiedError(f"{_STATS}: no request in it; import the result of a test that ran")
    started = min(_epoch(entry.at("start_time")) for entry in entries)
    finished = max(_epoch(entry.at("last_request_timestamp")) for entry in entries)
    users = _users(history)
    if abs(users[0][0] - started) > _SAME_RUN or abs(users[-1][0] - finished) > _SAME_RUN:
        raise NotVerifiedError(f"{_HISTORY}: its times are not those of the statistics; import the files of one run")
    note = Node.parse(context, kind=_CONTEXT)
    if note.at("schema_version").count() != 1:
        raise note.at("schema_version").wrong("1")
    requests = sum(entry.at("num_requests").count() for entry in entries)
    if not requests:
        raise NotVerifiedError(f"{_STATS}: no request was made; import the result of a test that ran")
    return LoadTest(
        started=started,
        finished=finished,
        users=users,
        requests=requests,
        failures=sum(entry.at("num_failures").count() for entry in entries),
        milliseconds=_milliseconds(entries),
        target=note.at("target").text(),
        commit=note.at("commit").text(),
        generator_cpu_ratio=note.at("generator").at("cpu_peak_ratio").seconds(),
    )


def _epoch(node: Node) -> datetime:
    try:
        return datetime.fromtimestamp(node.seconds(), UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise node.wrong("Unix time") from error


def _milliseconds(entries: list[Node]) -> tuple[tuple[int, int], ...]:
    found: dict[int, int] = {}
    for entry in entries:
        for key, count in entry.at("response_times").members().items():
            try:
                rounded = round(float(key))
            except (ValueError, OverflowError) as error:
                raise NotVerifiedError(f"{_STATS}: response time {key[:20]!r} is no number") from error
            found[rounded] = found.get(rounded, 0) + count.count()
    if not sum(found.values()):
        raise NotVerifiedError(f"{_STATS}: no response time in it; import a complete report")
    return tuple(sorted(found.items()))


def _users(history: bytes) -> tuple[tuple[datetime, int], ...]:
    rows = csv.DictReader(io.StringIO(history.decode("utf-8", "replace")))
    try:
        found = [
            (datetime.fromtimestamp(float(row["Timestamp"]), UTC), int(row["User Count"]))
            for row in rows
            if row["Name"] == _TOTAL_ROW
        ]
    except (KeyError, TypeError, ValueError, OverflowError, OSError, csv.Error) as error:
        raise NotVerifiedError(
            f"{_HISTORY}: row {rows.line_num}: no Timestamp, Name and User Count; import …_stats_history.csv"
        ) from error
    if not found:
        raise NotVerifiedError(f"{_HISTORY}: no row named {_TOTAL_ROW}; import …_stats_history.csv")
    return tuple(sorted(found))
