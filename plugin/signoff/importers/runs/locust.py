"""A load test as Locust wrote it down, and a note of what Locust does not know: target, commit, load generator."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node
from signoff.importers.runs import load_note, locust_csv
from signoff.importers.runs.load_test import LoadTest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.importers.runs.load_test import FailureKinds, Window

_STATS, _HISTORY = "Locust statistics", "Locust history"
_SAME_RUN = timedelta(minutes=2)


def read(*, stats: bytes, history: bytes, context: bytes, failures: bytes | None = None) -> LoadTest:
    """Return the load test.

    Args:
        stats: What `locust --json-file` writes, or `locust --csv` to `…_stats.csv`.
        history: What `locust --csv` writes to `…_stats_history.csv`.
        context: The note, see `load_note`.
        failures: What `locust --csv` writes to `…_failures.csv`; without it nobody knows why requests failed.

    Raises:
        NotVerifiedError: damaged, empty, or files of different runs.
    """
    if stats.lstrip(b"\xef\xbb\xbf").startswith(b"Type,Name,"):
        return _from_csv(stats, history, context, failures)
    entries = Node.parse(stats, kind=_STATS).items()
    if not entries:
        raise NotVerifiedError(f"{_STATS}: no request in it; import the result of a test that ran")
    started = min(_epoch(entry.at("start_time")) for entry in entries)
    finished = max(_epoch(entry.at("last_request_timestamp")) for entry in entries)
    users, windows = locust_csv.history(history)
    _same_run(users, started, finished)
    note = load_note.read(context, tool="locust")
    requests = sum(entry.at("num_requests").count() for entry in entries)
    failed = sum(entry.at("num_failures").count() for entry in entries)
    _sensible(requests, failed)
    return LoadTest(
        started=started,
        finished=finished,
        users=users,
        requests=requests,
        failures=failed,
        milliseconds=_milliseconds(entries),
        windows=_counted(windows, requests),
        kinds=_kinds(failures, failed),
        target=note.target,
        commit=note.commit,
        generator_cpu_ratio=note.generator_cpu_ratio,
    )


def _from_csv(stats: bytes, history: bytes, context: bytes, failures: bytes | None) -> LoadTest:
    found, note = locust_csv.totals(stats), load_note.read(context, tool="locust")
    users, windows = locust_csv.history(history)
    _sensible(found.requests, found.failures)
    if not _counted(windows, found.requests):
        raise NotVerifiedError(f"{_HISTORY}: its totals are not those of the statistics; import the files of one run")
    return LoadTest(
        started=users[0][0],
        finished=users[-1][0],
        users=users,
        requests=found.requests,
        failures=found.failures,
        quantiles=found.quantiles,
        windows=windows,
        kinds=_kinds(failures, found.failures),
        target=note.target,
        commit=note.commit,
        generator_cpu_ratio=note.generator_cpu_ratio,
    )


def _same_run(users: Sequence[tuple[datetime, int]], started: datetime, finished: datetime) -> None:
    if abs(users[0][0] - started) > _SAME_RUN or abs(users[-1][0] - finished) > _SAME_RUN:
        raise NotVerifiedError(f"{_HISTORY}: its times are not those of the statistics; import the files of one run")


def _sensible(requests: int, failures: int) -> None:
    if not requests:
        raise NotVerifiedError(f"{_STATS}: no request was made; import the result of a test that ran")
    if failures > requests:
        raise NotVerifiedError(f"{_STATS}: {failures} of {requests} requests failed; import one whole run")


def _counted(windows: tuple[Window, ...], requests: int) -> tuple[Window, ...]:
    """Return the pieces if they tell of the whole run: Locust writes its last row a little before the end."""
    counted = sum(window.requests for window in windows)
    return windows if 0.9 * requests <= counted <= requests else ()


def _kinds(failures: bytes | None, failed: int) -> FailureKinds | None:
    return None if failures is None else locust_csv.kinds(failures, failed)


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
