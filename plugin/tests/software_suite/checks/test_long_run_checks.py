"""PERF-STAB-1 and PERF-STAB-3 against a real Prometheus with three days of history: healthy runs and others."""

from __future__ import annotations

import random
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.software_suite.checks.conftest import Environment, Results

SCRAPE, HOUR, MIB = 60, 3600, 2**20
LONG = 50 * HOUR
LATE = 30 * 60
"""For how long after now there are samples, so that it does not matter when within that time somebody looks."""


@dataclass(frozen=True, kw_only=True)
class Story:
    """What two processes of one application did, by seconds before now."""

    started: Callable[[int, int], int] = lambda _process, _before: 60 * HOUR
    """How long ago the process that ran then was started."""
    up: Callable[[int, int], int | None] = lambda _process, _before: 1
    """None: nothing was measured."""
    memory: Callable[[int], float] = lambda _before: 300
    """MiB."""
    errors: Callable[[int], float] = lambda _before: 0.001
    seconds: Callable[[int], float] = lambda _before: 0.2
    rate: float = 1.0
    killed: Callable[[int], int] = lambda _before: 0
    processes: int = 2


def _hours(before: int) -> float:
    """Return how many hours of the last fifty were over."""
    return (LONG - before) / HOUR


STORIES = {
    "steady": Story(memory=lambda before: 300 + 20 * (before % (3 * HOUR)) / HOUR),
    "restarted": Story(started=lambda process, before: 60 * HOUR if process or before > 20 * HOUR else 20 * HOUR),
    "away": Story(up=lambda process, before: int(process == 0 or not 10 * HOUR < before < 11 * HOUR)),
    "gaps": Story(up=lambda _, before: None if 10 * HOUR < before < 12 * HOUR else 1),
    "young": Story(started=lambda _process, _before: 30 * HOUR, up=lambda _, before: 1 if before < 30 * HOUR else None),
    "alone": Story(processes=1),
    "burst": Story(errors=lambda before: 0.05 if 600 < before - 5 * HOUR < 1500 else 0.001),
    "idle": Story(rate=0.01),
    "slower": Story(seconds=lambda before: 0.2 + 0.002 * _hours(before)),
    "noisy": Story(seconds=lambda before: 0.2 * random.Random(before // HOUR).uniform(0.2, 1.8)),
    "leaking": Story(memory=lambda before: 300 + 6 * _hours(before)),
    "uncertain": Story(memory=lambda before: 700 * random.Random(before // HOUR).uniform(0.5, 1.5)),
    "killed": Story(killed=lambda before: 2 if before < 3 * HOUR else 0),
}


def _lines(job: str, story: Story, now: int) -> Iterator[str]:
    """Yield the samples as scrapes would have found them, in the exchange format."""
    total = failed = spent = 0.0
    for moment in range(LONG, -LATE, -SCRAPE):
        at, before, hits = now - moment, max(moment, 0), story.rate * SCRAPE
        total, failed = total + hits, failed + hits * story.errors(before)
        spent += hits * story.seconds(before)
        measured = [process for process in range(story.processes) if story.up(process, before) is not None]
        for process in measured:
            labels = f'{{job="{job}",instance="app{process + 1}"}}'
            yield f"up{labels} {story.up(process, before)} {at}"
            yield f"process_start_time_seconds{labels} {now - story.started(process, before)} {at}"
            yield f"process_resident_memory_bytes{labels} {story.memory(before) * MIB} {at}"
        if measured:
            yield f'http_requests_total{{job="{job}",status="200"}} {total - failed} {at}'
            yield f'http_requests_total{{job="{job}",status="500"}} {failed} {at}'
            yield f'http_request_duration_seconds_sum{{job="{job}"}} {spent} {at}'
            yield f'http_request_duration_seconds_count{{job="{job}"}} {total} {at}'
        if job != "alone":
            yield f'node_vmstat_oom_kill{{job="node",of="{job}",instance="db1"}} {story.killed(before)} {at}'


@pytest.fixture(scope="module")
def long_history(
    prometheus_storage: Callable[[list[str]], Path], start_prometheus: Callable[..., Any]
) -> Iterator[str]:
    """Return the address of a Prometheus that saw all of it."""
    now = int(time.time()) - SCRAPE
    lines = [line for job, story in STORIES.items() for line in _lines(job, story, now)]
    with start_prometheus(prometheus_storage(lines)) as server:
        yield server.url


@pytest.fixture
def seen(environment: Environment, long_history: str) -> Results:
    environment.services["prometheus"] = {"kind": "prometheus", "url": long_history, "jobs": ["node"]}
    environment.services["gone"] = {"kind": "prometheus", "url": "http://127.0.0.1:1", "jobs": ["node"]}
    for job in (*STORIES, "unknown"):
        environment.services[job] = _entry(job, "prometheus")
    environment.services["unreachable"] = _entry("steady", "gone")
    return environment.run("tests/performance/stability", "-k", "not crash")


def _entry(job: str, prometheus: str) -> dict[str, Any]:
    return {
        "kind": "long_run",
        "prometheus": prometheus,
        "selector": f'job="{job}"',
        "host_selector": f'of="{job}"',
        "instances": 2,
        "memory_limit_mib": 1024,
    }


def test_each_story_is_told_by_its_own_check(seen: Results) -> None:
    nothing = {"unknown": "NOT_VERIFIED: nothing measured", "unreachable": "ERROR: "}
    expected = {
        "processes_ran_for_the_whole_time": {
            "restarted": "FAIL: app1 was restarted 1 times",
            "away": "FAIL: app2 answered 97",
            "gaps": "NOT_VERIFIED: gaps in what was seen of app1, app2",
            "young": "NOT_VERIFIED: gaps",
            "alone": "NOT_VERIFIED: 1 of 2 processes measured",
        },
        "errors_stayed_rare_all_the_time": {
            "burst": r"FAIL: [34] times over 1.00%, worst 5",
            "idle": "NOT_VERIFIED: too few requests",
            "gaps": "NOT_VERIFIED: requests enough in 5",
            "young": "NOT_VERIFIED: requests enough in 3",
        },
        "response_times_did_not_grow": {
            "slower": "FAIL: response times grew by 3",
            "noisy": "NOT_VERIFIED: growth is between",
        },
        "memory_suffices_for_days": {
            "leaking": r"FAIL: app1 will use 1[56]\d\d MiB, limit is 1024",
            "uncertain": "NOT_VERIFIED: too uncertain for app1, app2",
            "restarted": "NOT_VERIFIED: app1 started less than 1 day",
            "alone": "NOT_VERIFIED: 1 of 2 processes measured",
        },
        "no_process_was_killed_for_memory": {
            "killed": "FAIL: for want of memory on db1",
            "alone": "NOT_VERIFIED: no such metric",
            "unknown": "NOT_VERIFIED: no such metric",
            "unreachable": "ERROR: ",
        },
    }
    everywhere = dict.fromkeys([*STORIES, "unknown", "unreachable"], "PASS")
    for check, named in expected.items():
        assert not seen.differences(check, everywhere | nothing | named), check
