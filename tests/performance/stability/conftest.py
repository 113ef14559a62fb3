"""What checks of stability talk about: days of load, long runs, injected faults, and processes that come back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime, timedelta
    from pathlib import Path

    from signoff.config.hosts import SupervisedProcess
    from signoff.config.inventory import Inventory
    from signoff.config.kinds.fault_drills import FaultDrillsService, InjectedFault
    from signoff.config.kinds.kubernetes_workloads import KubernetesWorkloadsService, Workload
    from signoff.config.kinds.long_run import LongRunService
    from signoff.config.kinds.soak_report import SoakReportService
    from signoff.importers.drills.chaos import Experiment
    from signoff.importers.runs.load_test import LoadTest
    from signoff.importers.runs.soak import Share
    from signoff.probes.cloud.kubernetes_workloads import WorkloadFacts
    from signoff.probes.hosts.supervision import RestartPolicy
    from signoff.probes.metrics.long_run import ErrorWindow, LongRun, ProcessRun
    from signoff.probes.metrics.trend import Trend
    from signoff.pytest_plugin.fixtures import BoundTarget


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
    from signoff.probes.metrics.prometheus import open_service

    settings: LongRunService = target.settings
    with open_service(inventory.service(settings.prometheus)) as api:
        now = api.now()
        metrics = LongRun(api, settings, settings.duration, now)
        yield Watched(name=target.name, settings=settings, metrics=metrics, now=now)


@pytest.fixture
def restart_policies(target: BoundTarget, host: Any) -> tuple[tuple[SupervisedProcess, RestartPolicy], ...]:
    """Return what happens on the current host when one of its processes ends."""
    from signoff import not_verified
    from signoff.probes.hosts.supervision import read

    processes: tuple[SupervisedProcess, ...] = target.settings.processes
    if not processes:
        not_verified(f"{target.name}: no processes named; write signoff.processes for it in hosts.yaml")
    return tuple((one, read(host, one.name, manager=one.manager, config=one.config)) for one in processes)
