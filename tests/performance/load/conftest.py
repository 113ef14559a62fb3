"""What checks under load talk about: stress, response times and statements."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.database_profile import DatabaseProfileService
    from signoff.config.kinds.load_report import LoadFiles
    from signoff.config.kinds.stress_report import StressReportService
    from signoff.config.kinds.web import Journey, Metrics, WebService
    from signoff.importers.runs.load_test import LoadTest
    from signoff.importers.runs.statements import Profile
    from signoff.importers.runs.stress import Stress
    from signoff.probes.postgres.database import Database
    from signoff.probes.postgres.statements import Statements
    from signoff.probes.web.sessions import WebSessions
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def stress(target: BoundTarget, load_test: LoadTest) -> Stress:
    """Return what the current stress test shows: what is borne, how more than that fails, and how soon that is over."""
    from signoff.importers.runs.stress import read

    limits: StressReportService = target.settings
    return read(
        load_test,
        error_ratio=limits.error_ratio,
        p95_seconds=limits.p95_seconds,
        step=limits.step,
        usual=limits.users,
    )


@pytest.fixture
def profile(
    target: BoundTarget,
    inventory: Inventory,
    evaluated_at: datetime,
    workspace_path: Callable[[str], Path],
    read_load: Callable[[LoadFiles], LoadTest],
) -> Profile:
    """Return what the database did during the current load test, which both snapshots must enclose closely."""
    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.importers.runs.statements import between, read

    settings: DatabaseProfileService = target.settings
    loads = {**inventory.services_of("load_report"), **inventory.services_of("stress_report")}
    if settings.load not in loads:
        not_verified(f"{target.name}: {settings.load!r} is no load_report or stress_report; correct load:")
    load: Any = loads[settings.load]
    test = read_load(load)
    require_release(settings.load, test.commit, inventory.policy.commit)
    require_recent(settings.load, test.finished, evaluated_at, load.max_age)
    before, after = (read(read_file(workspace_path(path))) for path in (settings.before, settings.after))
    found = between(before, after)
    margins = (test.started - found.began, found.ended - test.finished)
    if not all(-settings.margin / 100 <= margin <= settings.margin for margin in margins):
        not_verified(
            f"{target.name}: the snapshots are of {found.began:%H:%M:%S} and {found.ended:%H:%M:%S}, the load test was "
            f"from {test.started:%H:%M:%S} to {test.finished:%H:%M:%S}; take them right before and after it"
        )
    return found


@dataclass(frozen=True, kw_only=True)
class Measured:
    """How long one main function took."""

    journey: Journey
    requests: int
    p95_seconds: float
    error_ratio: float
    source: str


@pytest.fixture
def journeys(target: BoundTarget, inventory: Inventory) -> tuple[Measured, ...]:
    """Return the response times of the current application's main functions: of real users, else of a small sample."""
    from signoff import not_verified
    from signoff.probes.web.sessions import WebSessions

    settings: WebService = target.settings
    if not settings.journeys:
        not_verified(f"{target.name}: no main functions named; write journeys for it in services.yaml")
    with WebSessions.of(settings) as sessions:
        return tuple(
            _of_users(one, settings.metrics, inventory) or _of_sample(one, settings.sample.requests, sessions)
            for one in settings.journeys
        )


def _of_users(journey: Journey, metrics: Metrics | None, inventory: Inventory) -> Measured | None:
    """Return what Prometheus knows; None without metrics, or with too few requests to say anything."""
    from signoff.errors import NotVerifiedError
    from signoff.probes.metrics.prometheus import open_service
    from signoff.probes.metrics.services import Names, ServiceMetrics

    if metrics is None or not journey.route:
        return None
    with open_service(inventory.service(metrics.prometheus)) as api:
        watched = ServiceMetrics(api, Names.of(metrics), metrics.window)
        try:
            found = watched.traffic(min_requests=metrics.min_requests, route=journey.route)
        except NotVerifiedError:
            return None
    requests, p95 = int(found.requests), found.p95_seconds
    return Measured(journey=journey, requests=requests, p95_seconds=p95, error_ratio=found.error_ratio, source="users")


def _of_sample(journey: Journey, requests: int, sessions: WebSessions) -> Measured:
    from signoff.probes.web.response_times import take

    session, limit = sessions.session(journey.identity), journey.p95_seconds
    sample = take(session, sessions.url(journey.path), requests=requests, limit=limit)
    p95 = sample.quantile(0.95)
    return Measured(
        journey=journey,
        requests=len(sample.seconds),
        p95_seconds=p95,
        error_ratio=sample.failure_ratio,
        source="sample",
    )


@pytest.fixture
def statements(target: BoundTarget, database: Database) -> Statements:
    """Return what the current database spent its time on, if it was watched for long enough to compare shares."""
    from signoff import not_verified
    from signoff.probes.postgres.statements import read

    limits = target.settings.statements
    statements = read(database, limits.roles)
    statements.require(limits.min_statistics_age, limits.max_evictions)
    if statements.total_ms < limits.min_total_ms:
        not_verified(
            f"{target.name}: {statements.total_ms:.0f} ms of execution, shares need {limits.min_total_ms:.0f} ms; "
            "check again after more use or after a load test"
        )
    return statements
