from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.importers.runs.locust import read

if TYPE_CHECKING:
    from signoff.importers.runs.load_test import LoadTest

START = 1_795_000_000
MINUTE = 60
HEADER = "Timestamp,User Count,Type,Name,Requests/s,Failures/s,50%,95%,Total Request Count,Total Failure Count"
CONTEXT = {
    "schema_version": 1,
    "target": "https://staging.example.test",
    "commit": "0123456",
    "generator": {"name": "load1", "cpu_peak_ratio": 0.4},
}


def entry(name: str, times: dict[str, int], failures: int = 0) -> dict[str, Any]:
    return {
        "name": name,
        "method": "GET",
        "start_time": START + 0.5,
        "last_request_timestamp": START + 40 * MINUTE + 0.25,
        "num_requests": sum(times.values()),
        "num_none_requests": 0,
        "num_failures": failures,
        "response_times": times,
        "num_reqs_per_sec": {},
    }


STATS = [entry("/", {"10": 900, "250": 60}, failures=3), entry("/cart", {"1200": 30, "20": 10})]


def history(users: tuple[int, ...] = (10, 50, 50, 50, 5)) -> str:
    rows = [
        f"{START + minute * 10 * MINUTE},{count},,Aggregated,9,0,10,250,1000,3" for minute, count in enumerate(users)
    ]
    return "\n".join([HEADER, f"{START},0,GET,/,9,0,10,250,1000,3", *rows]) + "\n"


def imported(stats: object = None, users: str | None = None, context: object = None) -> LoadTest:
    return read(
        stats=(stats if isinstance(stats, str) else json.dumps(STATS if stats is None else stats)).encode(),
        history=(history() if users is None else users).encode(),
        context=(context if isinstance(context, str) else json.dumps(CONTEXT if context is None else context)).encode(),
    )


def test_a_load_test_is_the_sum_of_its_requests() -> None:
    seen = imported()

    assert (seen.requests, seen.failures, seen.error_ratio) == (1_000, 3, 0.003)
    assert seen.started == datetime.fromtimestamp(START + 0.5, UTC)
    assert seen.finished - seen.started == timedelta(minutes=40, seconds=-0.25)
    assert (seen.target, seen.commit, seen.generator_cpu_ratio) == ("https://staging.example.test", "0123456", 0.4)


def test_quantiles_are_over_all_requests_together() -> None:
    seen = imported()

    assert [seen.quantile_seconds(share) for share in (0.5, 0.91, 0.95, 0.97, 0.98, 1.0)] == [
        0.01,
        0.02,
        0.25,
        0.25,
        1.2,
        1.2,
    ]


def test_the_peak_counts_only_as_long_as_it_was_held() -> None:
    seen = imported()

    assert seen.peak_users == 50
    assert seen.held(50) == timedelta(minutes=20)
    assert seen.held(10) == timedelta(minutes=30)
    assert seen.held(51) == timedelta()


@pytest.mark.parametrize(
    ("files", "complaint"),
    [
        ({"stats": ""}, "Locust statistics: not a JSON document"),
        ({"stats": json.dumps(STATS)[:-20]}, "it may be truncated"),
        ({"stats": []}, "no request in it"),
        ({"stats": {}}, "expected a list"),
        ({"stats": [entry("/", {})]}, "no request was made"),
        ({"stats": [entry("/", {"10": 1}) | {"response_times": {}}]}, "no response time in it"),
        ({"stats": [entry("/", {"fast": 5})]}, "response time 'fast' is no number"),
        ({"stats": [{"name": "/"}]}, r"\$\[0\]\.start_time: expected a number"),
        ({"stats": [entry("/", {"10": 1}) | {"start_time": 1e30}]}, "expected Unix time"),
        ({"users": ""}, "no row named Aggregated"),
        ({"users": HEADER + "\n"}, "no row named Aggregated"),
        ({"users": "a,b\n1,2\n"}, "row 2: no Timestamp, Name and User Count"),
        ({"users": f"{HEADER}\n{START},many,,Aggregated\n"}, "no Timestamp, Name and User Count"),
        ({"users": f"{HEADER}\n{START - 86_400},50,,Aggregated\n"}, "import the files of one run"),
        ({"context": "{"}, "load test note: not a JSON document"),
        ({"context": CONTEXT | {"schema_version": 2}}, "expected 1"),
        ({"context": {"schema_version": 1}}, r"\$\.target: expected a text, found nothing"),
        ({"context": CONTEXT | {"generator": {}}}, r"cpu_peak_ratio: expected a number"),
    ],
)
def test_damaged_and_foreign_files_cannot_be_judged(files: dict[str, Any], complaint: str) -> None:
    with pytest.raises(NotVerifiedError, match=complaint):
        imported(**files)
