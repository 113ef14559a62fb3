"""What monitoring checks talk about: Prometheus, the error tracker and the central log."""

from __future__ import annotations

import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.central_log import CentralLogService
    from signoff.config.kinds.error_tracking import ErrorTrackingService
    from signoff.config.kinds.prometheus import PrometheusService
    from signoff.probes.logs.model import LogAlert, LogStore
    from signoff.probes.metrics.prometheus import Prometheus
    from signoff.probes.products.sentry import AlertRule, Ingest, Project, Sentry
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Metrics:
    """A Prometheus server."""

    name: str
    settings: PrometheusService
    api: Prometheus
    hosts: tuple[str, ...] = ()
    """What the inventory's hosts are called in the label of hosts."""


@pytest.fixture
def metrics(target: BoundTarget, inventory: Inventory) -> Iterator[Metrics]:
    """Return the current Prometheus server."""
    from signoff.probes.metrics.prometheus import open_service

    settings: PrometheusService = target.settings
    with open_service(settings) as api:
        hosts = tuple(host.settings.metrics_instance or name for name, host in inventory.hosts.items())
        yield Metrics(name=target.name, settings=settings, api=api, hosts=hosts)


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
    settings: ErrorTrackingService = target.settings
    with _sentry(settings) as sentry:
        started = time.monotonic()
        project = sentry.project(settings.project)
        ingest, rules = sentry.ingest(project, settings.period), sentry.rules(project)
        seconds = time.monotonic() - started
    return ErrorTracker(
        name=target.name, settings=settings, project=project, ingest=ingest, rules=rules, seconds=seconds
    )


@contextmanager
def _sentry(settings: ErrorTrackingService) -> Iterator[Sentry]:
    from signoff.probes.products.sentry import Sentry
    from signoff.probes.web.http import Session

    headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
    with Session(origins=[settings.url], ca_file=settings.ca_file or None, headers=headers, budget=60) as session:
        yield Sentry(session, settings.url, settings.organization)


@dataclass(frozen=True, kw_only=True)
class KeptEvents:
    """How long an error tracker keeps events: by its settings, and by what can still be read."""

    name: str
    settings: ErrorTrackingService
    days: int | None
    """By the settings of the installation; None: they are hidden."""
    oldest: timedelta | None
    """Age of the oldest event; None: there is none."""
    project: timedelta | None
    """Age of the project; None: unknown."""


@pytest.fixture
def kept_events(target: BoundTarget, connect: Callable[[str], Any]) -> KeptEvents:
    """Return what the current error tracker keeps: two GETs, and its settings if they are named."""
    import shlex
    from datetime import UTC, datetime

    from signoff.probes.products.sentry import retention_days

    settings: ErrorTrackingService = target.settings
    wanted, file = settings.retention, settings.retention.settings
    with _sentry(settings) as sentry:
        project = sentry.project(settings.project)
        oldest = sentry.oldest_event(project, (wanted.max + wanted.slack).days + 1)
    text = connect(file.host).run_expect([0], f"cat -- {shlex.quote(file.path)}").stdout if file else ""
    now = datetime.now(UTC)
    return KeptEvents(
        name=target.name,
        settings=settings,
        days=retention_days(text) if file else None,
        oldest=now - oldest if oldest else None,
        project=now - project.created if project.created else None,
    )


@dataclass(frozen=True, kw_only=True)
class CollectedLogs:
    """The central log and the hosts that must be in it."""

    name: str
    settings: CentralLogService
    log: LogStore
    hosts: tuple[str, ...]


@pytest.fixture
def logs(
    target: BoundTarget,
    inventory: Inventory,
    connect: Callable[[str], Any],
    open_aws_account: Callable[[str], Any],
) -> Iterator[CollectedLogs]:
    """Return the current central log."""
    from signoff.probes.logs.open import open_log

    settings: CentralLogService = target.settings
    hosts = settings.hosts or tuple(inventory.hosts)
    with open_log(settings, hosts=hosts, connect=connect, aws=open_aws_account) as log:
        yield CollectedLogs(name=target.name, settings=settings, log=log, hosts=hosts)


@pytest.fixture
def traced_request(logs: CollectedLogs) -> str:
    """Make one normal request and return the id that its answer carries; empty if it carries none."""
    from signoff.probes.web.http import Session

    trace = logs.settings.trace
    with Session(origins=[trace.url], ca_file=trace.ca_file or None) as session:
        return session.get(trace.url).headers.get(trace.header, "")


@pytest.fixture
def log_alerts(logs: CollectedLogs, inventory: Inventory) -> tuple[LogAlert, ...]:
    """Return the rules over the current central log: its own, and those of Prometheus on metrics of it."""
    wanted = logs.settings.alerts
    found = logs.log.alerts()
    if not wanted.prometheus:
        return found
    prometheus: Any = inventory.service(wanted.prometheus)
    routing = _routing(inventory, wanted.prometheus)
    return (*found, *_rules_on_metrics(prometheus, wanted.required, wanted.metrics, routing))


def _rules_on_metrics(
    prometheus: PrometheusService, names: tuple[str, ...], metrics: tuple[str, ...], routing: Any
) -> Iterator[LogAlert]:
    from signoff.probes.logs.model import LogAlert
    from signoff.probes.metrics.prometheus import open_service

    with open_service(prometheus) as api:
        rules, taking = api.rules(), api.alertmanagers()
    for rule in rules:
        if rule.type != "alerting" or not (rule.name in names or any(one in rule.expression for one in metrics)):
            continue
        labels = {**rule.labels, "alertname": rule.name}
        receivers = taking
        if routing is not None and taking:
            # A receiver without an integration is a bin: Alertmanager takes the alert and tells nobody.
            receivers = tuple(one for one in routing.receivers(labels) if routing.integrations.get(one))
        yield LogAlert(
            name=rule.name,
            is_active=True,
            receivers=receivers,
            problem=rule.last_error if rule.health == "err" else "",
        )


def _routing(inventory: Inventory, prometheus: str) -> Any:
    """Return the routing of the Alertmanager that takes this Prometheus' alerts; None if the inventory names none."""
    from signoff.probes.products.alertmanager import open_alertmanager

    entries: Any = inventory.services_of("alertmanager").values()
    settings = next((one for one in entries if one.prometheus == prometheus), None)
    if settings is None:
        return None
    password = settings.password.get_secret_value() if settings.password else ""
    with open_alertmanager(
        settings.url, user=settings.user, password=password, ca_file=settings.ca_file or None
    ) as api:
        return api.routing()
