"""A real Prometheus whose past holds every kind of release, and a suite that watches them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner, Result

from signoff.cli.main import main
from signoff.model import RollbackCommand, RollbackDecision
from signoff.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from signoff.model import LedgerRecord, Signoff

SCRAPE = 15
BEFORE, AFTER = -15 * 60, 20 * 60
"""Seconds around the release for which there are samples."""
BOUNDS = (0.1, 0.5, 1.0, 2.5)


@dataclass
class Traffic:
    """What one release does: requests per second by status, each with the time it takes, at a second of its life."""

    at: Callable[[float], list[tuple[str, float, float]]]
    bounds: tuple[float, ...] = BOUNDS
    status_label: str = "status"
    ends: int = AFTER
    extra: dict[str, Callable[[float], float]] = field(default_factory=dict)
    """Series written as they are, by name and labels; NaN where they are not there yet."""
    nan_after: float | None = None


def _healthy(_second: float) -> list[tuple[str, float, float]]:
    return [("200", 9.9, 0.2), ("500", 0.1, 0.2)]


def _during(second: float, first: int, last: int) -> bool:
    return first * 60 <= second < last * 60


SCENARIOS: dict[str, Traffic] = {
    "healthy": Traffic(at=_healthy),
    "exactly-five": Traffic(at=lambda _: [("200", 9.5, 0.2), ("503", 0.5, 0.2)]),
    "barely-over": Traffic(at=lambda _: [("200", 9.4, 0.2), ("503", 0.6, 0.2)]),
    "burst": Traffic(at=lambda s: [("200", 8, 0.2), ("502", 2, 0.2)] if _during(s, 9, 11) else [("200", 10, 0.2)]),
    "old-errors": Traffic(at=lambda s: [("200", 8, 0.2), ("502", 2, 0.2)] if s < 0 else [("200", 10, 0.2)]),
    "slow": Traffic(at=lambda s: [("200", 9, 0.2), ("200", 1, 2.0)] if s > 480 else [("200", 10, 0.2)]),
    "slow-mean": Traffic(at=lambda s: [("200", 9.6, 0.2), ("200", 0.4, 60.0)] if s > 480 else [("200", 10, 0.2)]),
    "few": Traffic(at=lambda _: [("200", 0.1, 0.2)]),
    "quiet": Traffic(at=lambda _: [("200", 0, 0.2)]),
    "stops": Traffic(at=_healthy, ends=10 * 60),
    "no-status": Traffic(at=_healthy, status_label="code"),
    "short-buckets": Traffic(at=_healthy, bounds=(0.1, 1.0)),
    "slow-and-short": Traffic(at=lambda _: [("200", 5, 0.2), ("200", 5, 1.3)], bounds=(0.1, 0.5, 1.0)),
    "not-a-number": Traffic(at=_healthy, nan_after=480),
    # 400 errors between two scrapes: the series comes into being with all of them, and never grows.
    "first-errors": Traffic(
        at=lambda _: [("200", 9.9, 0.2)],
        extra={
            'http_requests_total{job="first-errors",status="500",instance="app1"}': lambda s: 400 if s > 660 else -1
        },
    ),
}


def _lines(job: str, traffic: Traffic, base: int) -> Iterator[str]:
    """Yield the samples of one release in the exchange format, as scrapes of one instance would have found them."""
    counts: dict[str, float] = {}
    buckets = dict.fromkeys([*traffic.bounds, float("inf")], 0.0)
    total = spent = 0.0
    labels = f'job="{job}",instance="app1"'
    for second in range(BEFORE, traffic.ends + 1, SCRAPE):
        for status, rate, seconds in traffic.at(second):
            hits = rate * SCRAPE
            counts[status] = counts.get(status, 0.0) + hits
            total, spent = total + hits, spent + hits * seconds
            for bound in buckets:
                buckets[bound] += hits if seconds <= bound else 0
        at = base + second
        lost = traffic.nan_after is not None and second > traffic.nan_after
        for status, count in counts.items():
            yield f'http_requests_total{{{labels},{traffic.status_label}="{status}"}} {"NaN" if lost else count} {at}'
        for name, value in traffic.extra.items():
            if value(second) >= 0:
                yield f"{name} {value(second)} {at}"
        for bound, count in buckets.items():
            le = "+Inf" if bound == float("inf") else f"{bound:g}"
            yield f'http_request_duration_seconds_bucket{{{labels},le="{le}"}} {count} {at}'
        yield f"http_request_duration_seconds_sum{{{labels}}} {spent} {at}"
        yield f"http_request_duration_seconds_count{{{labels}}} {total} {at}"


@pytest.fixture(scope="session")
def history(prometheus_storage: Callable[[list[str]], Path]) -> tuple[Path, datetime]:
    """Return a Prometheus' storage with every scenario, and when the releases went live."""
    base = int(time.time()) - AFTER - 60
    lines = [line for job, traffic in SCENARIOS.items() for line in _lines(job, traffic, base)]
    return prometheus_storage(lines), datetime.fromtimestamp(base, UTC)


@pytest.fixture(scope="session")
def prometheus(history: tuple[Path, datetime], start_prometheus: Callable[..., Any]) -> Iterator[str]:
    """Return the address of a Prometheus that knows every scenario."""
    with start_prometheus(history[0]) as server:
        yield server.url


@pytest.fixture(scope="session")
def released(history: tuple[Path, datetime]) -> datetime:
    """Return when the releases went live."""
    return history[1]


PYPROJECT = '[tool.pytest]\nsignoff_checklist = "tests/checklist.yaml"\n'
CHECKLIST = """
schema_version: 1
areas:
  rollback:
    title: {ko: 롤백, en: Rollback}
    sections: {triggers: {ko: 기준, en: Triggers}}
owners: {devops: {ko: DevOps 엔지니어, en: DevOps}}
stages: {1: {ko: 준비, en: Prepare}}
items:
  RBK-TRG-1:
    title: {ko: 기준, en: Criteria}
    section: triggers
    owner: devops
    stage: 1
    severity: high
    method: examine
    max_age: 7d
    remediation: {ko: 정의, en: Define}
"""
POLICY = """
schema_version: 1
product: Shop
environment: production
timezone: Asia/Seoul
release: {version: 1.4.0, commit: abcdef1}
roster:
  - {name: Kim Tech, roles: [tech, devops]}
  - {name: Lee QA, roles: [qa]}
rollback:
  window: 5m
  watch: 15m
  step: 1m
  min_samples: 100
  deciders: [devops]
"""
SECRET = "s3cret-of-the-server"


@dataclass
class Suite:
    """A suite on disk whose services are the scenarios."""

    folder: Path
    released: datetime

    def guard(self, *options: str, service: str = "healthy") -> Result:
        """Judge the scenario's past as `signoff guard` does."""
        since = () if "--since" in options else ("--since", self.released.isoformat())
        words = ["guard", "--service", service, "--once", *since, "--lang", "en", *options]
        return CliRunner().invoke(main, words, catch_exceptions=False)

    def decide(self, *options: str) -> Result:
        """Record somebody's decision."""
        return CliRunner().invoke(main, ["guard", "decide", *options, "--lang", "en"], catch_exceptions=False)

    def watch_server(self, url: str) -> None:
        """Have the services watched by another server."""
        write_suite(self.folder, url)

    @property
    def workspace(self) -> Workspace:
        """The suite as it is now."""
        return Workspace.load(self.folder, inventory="production")

    @property
    def records(self) -> list[LedgerRecord]:
        """What the ledger holds."""
        return list(self.workspace.store.ledger().records)

    @property
    def decisions(self) -> list[RollbackDecision]:
        """The decisions in the ledger, oldest first."""
        return [record.body for record in self.records if isinstance(record.body, RollbackDecision)]

    @property
    def commands(self) -> list[RollbackCommand]:
        """The ends of commands in the ledger, oldest first."""
        return [record.body for record in self.records if isinstance(record.body, RollbackCommand)]

    def signoff(self) -> Signoff:
        """Return the decision on the release as it stands."""
        return self.workspace.evaluate(datetime.now(UTC) + timedelta(seconds=1))


def write_suite(folder: Path, url: str) -> None:
    """Write a suite whose web services are the scenarios, watched by the server at the URL."""
    services = [
        f"  prometheus: {{kind: prometheus, url: '{url}', user: guard, password: {SECRET}, jobs: [healthy]}}",
        "  silent: {kind: web, url: 'http://127.0.0.1:1'}",
    ]
    services += [
        f"  {name}: {{kind: web, url: 'http://127.0.0.1:1', metrics: {{prometheus: prometheus, "
        f"selector: 'job=\"{name}\"'}}}}"
        for name in [*SCENARIOS, "renamed"]
    ]
    files = {
        "pyproject.toml": PYPROJECT,
        "tests/checklist.yaml": CHECKLIST,
        "inventories/production/policy.yaml": POLICY,
        "inventories/production/hosts.yaml": "all:\n  hosts: {}\n",
        "inventories/production/services.yaml": "\n".join(["schema_version: 1", "services:", *services, ""]),
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, prometheus: str, released: datetime) -> Suite:
    """Return a suite in a folder of its own, which is the current one."""
    write_suite(tmp_path, prometheus)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SIGNOFF_INVENTORY", "production")
    return Suite(folder=tmp_path, released=released)
