"""What performance checks talk about: load tests, response times, statements, and processes that come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime, timedelta
    from pathlib import Path

    from signoff.config.hosts import SupervisedProcess
    from signoff.config.inventory import Inventory
    from signoff.config.kinds.database_profile import DatabaseProfileService
    from signoff.config.kinds.fault_drills import FaultDrillsService, InjectedFault
    from signoff.config.kinds.kubernetes_workloads import KubernetesWorkloadsService, Workload
    from signoff.config.kinds.load_report import LoadFiles
    from signoff.config.kinds.long_run import LongRunService
    from signoff.config.kinds.soak_report import SoakReportService
    from signoff.config.kinds.stress_report import StressReportService
    from signoff.config.kinds.web import Journey, Metrics, WebService
    from signoff.importers.drills.chaos import Experiment
    from signoff.importers.runs.load_test import LoadTest
    from signoff.importers.runs.soak import Share
    from signoff.importers.runs.statements import Profile
    from signoff.importers.runs.stress import Stress
    from signoff.probes.cloud.kubernetes_workloads import WorkloadFacts
    from signoff.probes.hosts.supervision import RestartPolicy
    from signoff.probes.metrics.long_run import ErrorWindow, LongRun, ProcessRun
    from signoff.probes.metrics.prometheus import Prometheus
    from signoff.probes.metrics.trend import Trend
    from signoff.probes.postgres.database import Database
    from signoff.probes.postgres.statements import Statements
    from signoff.probes.web.sessions import WebSessions
    from signoff.pytest_plugin.fixtures import BoundTarget


def _read_load(settings: LoadFiles, find: Callable[[str], Path]) -> LoadTest:
    """Return what a tool left behind, whichever it was."""
    from zoneinfo import ZoneInfo

    from signoff.importers.runs.jmeter import Layout
    from signoff.importers.runs.load import read

    jmeter = settings.jmeter
    return read(
        settings.tool,
        results=find(settings.stats),
        note=find(settings.context),
        history=find(settings.history) if settings.history else None,
        failures=find(settings.failures) if settings.failures else None,
        layout=Layout(
            columns=jmeter.columns,
            delimiter=jmeter.delimiter,
            timestamp=jmeter.timestamp,
            timezone=ZoneInfo(jmeter.timezone),
        ),
    )


@pytest.fixture
def load_test(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> LoadTest:
    """Return the current load test, if it may be used at all: this release, recent, the right target, not saturated."""
    from signoff.importers.admissible import require_recent, require_release

    limits: LoadFiles = target.settings
    load_test = _read_load(limits, workspace_path)
    require_release(target.name, load_test.commit, inventory.policy.commit)
    require_recent(target.name, load_test.finished, evaluated_at, limits.max_age)
    load_test.require(
        target=limits.target, min_requests=limits.min_requests, generator_cpu_ratio=limits.generator_cpu_ratio
    )
    return load_test


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


@dataclass(frozen=True, kw_only=True)
class Soak:
    """A load test of days."""

    test: LoadTest
    windows: tuple[Share, ...]
    """Every five minutes with requests enough to judge them."""
    expected: int
    """How many times five minutes there must be."""
    response_times: Trend
    """Of the hourly mean."""


@pytest.fixture
def soak(target: BoundTarget, load_test: LoadTest) -> Soak:
    """Return what the current load test of days says of each part of it."""
    from signoff.importers.runs.soak import FIVE_MINUTES, five_minutes, hourly_means
    from signoff.probes.metrics.trend import trend_of

    limits: SoakReportService = target.settings
    return Soak(
        test=load_test,
        windows=tuple(one for one in five_minutes(load_test) if one.requests >= limits.window_requests),
        expected=int(limits.duration / FIVE_MINUTES),
        response_times=trend_of(hourly_means(load_test)),
    )


@pytest.fixture
def profile(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
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
    test = _read_load(load, workspace_path)
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
class Drilled:
    """One fault that must have been injected, and the experiment that did it; None: there is no such record."""

    fault: InjectedFault
    experiment: Experiment | None
    why: str = ""
    """Why there is none, or why it may not be used."""


@pytest.fixture
def fault_drills(
    target: BoundTarget, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> tuple[Drilled, ...]:
    """Return the faults that the current environment must survive, each with its experiment."""
    return _drilled(target.settings, evaluated_at, workspace_path)


def _drilled(settings: FaultDrillsService, now: datetime, workspace_path: Callable[[str], Path]) -> tuple[Drilled, ...]:
    return tuple(_one_drilled(fault, settings.max_age, now, workspace_path) for fault in settings.faults)


def _one_drilled(
    fault: InjectedFault, max_age: timedelta, now: datetime, workspace_path: Callable[[str], Path]
) -> Drilled:
    from signoff.errors import NotVerifiedError
    from signoff.importers.admissible import read_file, require_recent
    from signoff.importers.drills.chaos import read

    name = fault.experiment or fault.name
    try:
        found = [one for one in read(read_file(workspace_path(fault.report)), fault.form) if one.name == name]
        if not found:
            return Drilled(fault=fault, experiment=None, why=f"no experiment {name!r} in its report")
        newest = max(found, key=lambda one: one.at)
        require_recent(fault.name, newest.at, now, max_age)
    except NotVerifiedError as error:
        return Drilled(fault=fault, experiment=None, why=str(error))
    return Drilled(fault=fault, experiment=newest)


@pytest.fixture
def restart_proofs(
    inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> dict[str, Experiment]:
    """Return, by the name of the fault, the recent experiments after which the system recovered."""
    services: Any = inventory.services_of("fault_drills").values()
    drilled = [one for settings in services for one in _drilled(settings, evaluated_at, workspace_path)]
    return {
        one.fault.name: one.experiment
        for one in drilled
        if one.experiment is not None and one.experiment.completed and one.experiment.recovered
    }


@pytest.fixture
def workloads(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> tuple[tuple[Workload, WorkloadFacts], ...]:
    """Return the current workloads of a cluster, as the cluster describes them."""
    from signoff import not_verified
    from signoff.probes.cloud.kubernetes_workloads import read
    from signoff.probes.cloud.open import open_documents

    settings: KubernetesWorkloadsService = target.settings
    cloud: Any = inventory.services_of("cloud").get(settings.cloud)
    if cloud is None or cloud.provider != "kubernetes":
        not_verified(f"{target.name}: {settings.cloud!r} is no cloud of provider kubernetes; correct cloud:")
    documents = open_documents(cloud, evaluated_at, workspace_path)
    facts = read(documents, cloud.account, [(one.type, one.name) for one in settings.workloads])
    return tuple(zip(settings.workloads, facts, strict=True))


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
    from signoff.probes.metrics.services import Names, ServiceMetrics

    if metrics is None or not journey.route:
        return None
    with _prometheus(inventory, metrics.prometheus) as api:
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


@dataclass(frozen=True, kw_only=True)
class Watched:
    """An application over a long time that ends now, and its limits."""

    name: str
    settings: LongRunService
    metrics: LongRun
    now: datetime

    @property
    def began(self) -> datetime:
        """When the time began."""
        return self.now - self.settings.duration

    @property
    def windows(self) -> int:
        """How many times five minutes it has."""
        return int(self.settings.duration.total_seconds() // 300)

    def processes(self) -> tuple[ProcessRun, ...]:
        """Return every process that was measured."""
        return self.metrics.processes()

    def errors(self) -> tuple[ErrorWindow, ...]:
        """Return the error ratio in every five minutes with requests enough."""
        return self.metrics.errors(min_requests=self.settings.min_requests)

    def response_times(self) -> Trend:
        """Return the trend of the hourly mean."""
        return self.metrics.response_times()

    def memory(self) -> dict[str, Trend]:
        """Return the trend of each process's memory."""
        return self.metrics.memory()

    def younger_than(self, age: timedelta) -> list[str]:
        """Return the processes that started within that time."""
        return [one.instance for one in self.processes() if one.started > self.now - age]

    def killed_for_memory(self) -> dict[str, int]:
        """Return by host how many processes the kernel ended for want of memory."""
        return self.metrics.killed_for_memory(self.settings.oom, self.settings.host_selector)


@pytest.fixture
def long_run(target: BoundTarget, inventory: Inventory) -> Iterator[Watched]:
    """Return what Prometheus saw of the current application for as long as it must have run."""
    from signoff.probes.metrics.long_run import LongRun

    settings: LongRunService = target.settings
    with _prometheus(inventory, settings.prometheus) as api:
        now = api.now()
        metrics = LongRun(api, settings, settings.duration, now)
        yield Watched(name=target.name, settings=settings, metrics=metrics, now=now)


def _prometheus(inventory: Inventory, name: str) -> AbstractContextManager[Prometheus]:
    from signoff.probes.metrics.prometheus import open_prometheus

    server: Any = inventory.service(name)
    password = server.password.get_secret_value() if server.password else ""
    return open_prometheus(server.url, user=server.user, password=password, ca_file=server.ca_file or None)


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


@pytest.fixture
def restart_policies(target: BoundTarget, host: Any) -> tuple[tuple[SupervisedProcess, RestartPolicy], ...]:
    """Return what happens on the current host when one of its processes ends."""
    from signoff import not_verified
    from signoff.probes.hosts.supervision import read

    processes: tuple[SupervisedProcess, ...] = target.settings.processes
    if not processes:
        not_verified(f"{target.name}: no processes named; write signoff.processes for it in hosts.yaml")
    return tuple((one, read(host, one.name, manager=one.manager, config=one.config)) for one in processes)
