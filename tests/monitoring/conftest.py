"""What monitoring checks talk about: Prometheus, the error tracker and the central log."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.central_log import CentralLogService
    from signoff.config.kinds.error_tracking import ErrorTrackingService
    from signoff.config.kinds.prometheus import PrometheusService
    from signoff.probes.metrics.prometheus import Prometheus
    from signoff.probes.products.central_log import CentralLog
    from signoff.probes.products.sentry import AlertRule, Ingest, Project
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """A Prometheus server."""

    name: str
    settings: PrometheusService
    api: Prometheus


@pytest.fixture
def metrics(target: BoundTarget) -> Iterator[Metrics]:
    """Return the current Prometheus server."""
    from signoff.probes.metrics.prometheus import open_prometheus

    settings: PrometheusService = target.settings
    password = settings.password.get_secret_value() if settings.password else ""
    with open_prometheus(settings.url, user=settings.user, password=password, ca_file=settings.ca_file or None) as api:
        yield Metrics(name=target.name, settings=settings, api=api)


@dataclass(frozen=True, kw_only=True)
class ErrorTracker:
    """A project on an error tracking server, as it answered."""

    name: str
    settings: ErrorTrackingService
    project: Project
    ingest: Ingest
    rules: tuple[AlertRule, ...]
    seconds: float
    """For all answers together."""


@pytest.fixture
def error_tracker(target: BoundTarget) -> ErrorTracker:
    """Return what the current error tracker says of its project: three GETs."""
    from signoff.probes.products.sentry import Sentry
    from signoff.probes.web.http import Session

    settings: ErrorTrackingService = target.settings
    headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
    with Session(origins=[settings.url], ca_file=settings.ca_file or None, headers=headers, budget=10) as session:
        sentry = Sentry(session, settings.url, settings.organization)
        started = time.monotonic()
        project = sentry.project(settings.project)
        ingest, rules = sentry.ingest(project, settings.period), sentry.rules(project)
        seconds = time.monotonic() - started
    return ErrorTracker(
        name=target.name, settings=settings, project=project, ingest=ingest, rules=rules, seconds=seconds
    )


@dataclass(frozen=True, kw_only=True)
class CollectedLogs:
    """The central log and the hosts that must be in it."""

    name: str
    settings: CentralLogService
    log: CentralLog
    hosts: tuple[str, ...]


@pytest.fixture
def logs(target: BoundTarget, inventory: Inventory, connect: Callable[[str], Any]) -> CollectedLogs:
    """Return the current central log."""
    from signoff.probes.products.central_log import CentralLog

    settings: CentralLogService = target.settings
    log = CentralLog(connect(settings.host), settings.path, time_field=settings.time_field)
    return CollectedLogs(name=target.name, settings=settings, log=log, hosts=settings.hosts or tuple(inventory.hosts))


@pytest.fixture
def traced_request(logs: CollectedLogs) -> str:
    """Make one normal request and return the id that its answer carries; empty if it carries none."""
    from signoff.probes.web.http import Session

    trace = logs.settings.trace
    with Session(origins=[trace.url], ca_file=trace.ca_file or None) as session:
        return session.get(trace.url).headers.get(trace.header, "")
