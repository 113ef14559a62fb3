"""A short, real load test of the idle colour, written down as Locust does.

Locust itself patches sockets and threads of the process that imports it; a few threads are enough here.
"""

from __future__ import annotations

import csv
import io
import json
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING, Any

import requests

from signoff.demo.exercises.traffic import Visitor, instance
from signoff.demo.layout import load as load_state
from signoff.demo.postgres import DATABASE
from signoff.probes.postgres.database import Address, connect
from signoff.probes.postgres.statement_snapshot import read as read_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from signoff.demo.layout import Layout

USERS = 10
SECONDS = 2.1
"""Above 2, so that the history spans two whole seconds whenever it starts."""
REQUESTS = 120
"""At least so many, however long that takes: the inventory wants 100."""
_MOST_SECONDS = 120.0
TARGET = "app1_green"
_ROLE = "shop_app"
"""The shop's own, in its database."""
_PAUSE = (0.05, 0.15)
_PATHS = (("/api/products", "/api/products"), ("/api/products/{id}", "/api/products/{}"), ("/", "/"))
_PERCENTILES = (0.5, 0.66, 0.75, 0.8, 0.9, 0.95, 0.98, 0.99, 0.999, 0.9999, 1.0)

_TOTALS = (
    *("Total Request Count", "Total Failure Count", "Total Median Response Time", "Total Average Response Time"),
    *("Total Min Response Time", "Total Max Response Time", "Total Average Content Size"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One answer, or the lack of one; `ended` is Unix time."""

    name: str
    ended: float
    milliseconds: float
    failed: bool
    size: int
    cpu_seconds: float
    """What asking cost the user's own thread."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """Everything that the users did; `started` is Unix time."""

    started: float
    requests: list[Request] = field(default_factory=list)

    @property
    def cpu_peak_ratio(self) -> float:
        """Share of one processor that all users together took in the busiest second."""
        seconds: dict[int, float] = {}
        for request in self.requests:
            second = int(request.ended - self.started)
            seconds[second] = seconds.get(second, 0.0) + request.cpu_seconds
        return round(max(seconds.values(), default=0.0), 3)


def run(layout: Layout) -> dict[str, str]:
    """Load the idle colour and return the files: name to content."""
    before = _snapshot(layout)
    result = Result(started=time.time())
    users = [threading.Thread(target=_use, args=(layout, number, result), daemon=True) for number in range(USERS)]
    for user in users:
        user.start()
    for user in users:
        user.join()
    context = {
        "schema_version": 1,
        "target": instance(layout, TARGET),
        "commit": load_state(layout).commit,
        "generator": {"name": "embedded", "cpu_peak_ratio": result.cpu_peak_ratio},
    }
    return {
        "locust.json": json.dumps(_statistics(result), indent=1) + "\n",
        "locust_history.csv": _history(result),
        "statements-before.json": before,
        "statements-after.json": _snapshot(layout),
        "context.json": json.dumps(context, indent=1) + "\n",
    }


def _snapshot(layout: Layout) -> str:
    address = Address(
        host="localhost", port=layout.port("pg"), database=DATABASE, user="signoff", ca_file=str(layout.ca_file)
    )
    with connect(address, layout.password("pg_signoff")) as database:
        # Whoever saves the database at the same time is no part of the load.
        return json.dumps(read_snapshot(database, [_ROLE]), indent=1) + "\n"


def _use(layout: Layout, number: int, result: Result) -> None:
    random, visitor = Random(number), Visitor(instance(layout, TARGET))  # noqa: S311 - which product is no secret
    while not _is_enough(result):
        name, path = random.choice(_PATHS)
        result.requests.append(_ask(visitor, name, path.format(random.randint(1, 200))))
        time.sleep(random.uniform(*_PAUSE))
    visitor.close()


def _is_enough(result: Result) -> bool:
    seconds = time.time() - result.started
    return seconds >= SECONDS and (len(result.requests) >= REQUESTS or seconds >= _MOST_SECONDS)


def _ask(visitor: Visitor, name: str, path: str) -> Request:
    started, cpu, size, failed = time.perf_counter(), time.thread_time(), 0, True
    try:
        answer = visitor.get(path)
        size, failed = len(answer.content), answer.status_code != requests.codes.ok
    except requests.RequestException:
        pass
    milliseconds = (time.perf_counter() - started) * 1000
    cpu_seconds = time.thread_time() - cpu
    return Request(
        name=name, ended=time.time(), milliseconds=milliseconds, failed=failed, size=size, cpu_seconds=cpu_seconds
    )


def _statistics(result: Result) -> list[dict[str, Any]]:
    by_name: dict[str, list[Request]] = {}
    for request in result.requests:
        by_name.setdefault(request.name, []).append(request)
    return [_entry(name, result.started, found) for name, found in sorted(by_name.items())]


def _entry(name: str, started: float, found: Sequence[Request]) -> dict[str, Any]:
    times = [request.milliseconds for request in found]
    return {
        "name": name,
        "method": "GET",
        "last_request_timestamp": max(request.ended for request in found),
        "start_time": started,
        "num_requests": len(found),
        "num_none_requests": 0,
        "num_failures": sum(request.failed for request in found),
        "total_response_time": sum(times),
        "max_response_time": max(times),
        "min_response_time": min(times),
        "total_content_length": sum(request.size for request in found),
        "response_times": dict(sorted(Counter(map(_rounded, times)).items())),
        "num_reqs_per_sec": dict(sorted(Counter(int(request.ended) for request in found).items())),
        "num_fail_per_sec": dict(sorted(Counter(int(r.ended) for r in found if r.failed).items())),
    }


def _rounded(milliseconds: float) -> int:
    """Return the time as Locust groups it: two significant digits above 100 ms."""
    if milliseconds < 100:  # noqa: PLR2004 - see above
        return round(milliseconds)
    return int(round(milliseconds, -1 if milliseconds < 1000 else -2))  # noqa: PLR2004 - see above


def _history(result: Result) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    labels = [f"{percentile * 100:.10g}%" for percentile in _PERCENTILES]
    writer.writerow(["Timestamp", "User Count", "Type", "Name", "Requests/s", "Failures/s", *labels, *_TOTALS])
    last = int(max((request.ended for request in result.requests), default=result.started))
    for second in range(int(result.started), last + 1):
        writer.writerow([second, USERS, "", "Aggregated", *_row(result.requests, second)])
    return text.getvalue()


def _row(every: Iterable[Request], second: int) -> list[float | int | str]:
    found = [request for request in every if request.ended < second + 1]
    if not found:
        return [0, 0, *["N/A"] * len(_PERCENTILES), 0, 0, 0, 0, 0, 0, 0]
    now = [request for request in found if request.ended >= second]
    times = sorted(request.milliseconds for request in found)
    quantiles = [_rounded(times[min(len(times) - 1, int(share * len(times)))]) for share in _PERCENTILES]
    failures = sum(request.failed for request in found)
    sizes = sum(request.size for request in found) / len(found)
    average = sum(times) / len(times)
    return [
        *(len(now), sum(request.failed for request in now), *quantiles, len(found), failures),
        *(quantiles[0], average, times[0], times[-1], sizes),
    ]
