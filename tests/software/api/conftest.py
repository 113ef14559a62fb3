"""What checks of APIs talk about: an application, its document, its traffic and its errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.web import ErrorCase, WebService
    from signoff.probes.metrics.services import ServiceMetrics, Traffic
    from signoff.probes.web.error_answers import ErrorAnswer
    from signoff.probes.web.openapi import Document
    from signoff.probes.web.openapi_coverage import Changing, Reading
    from signoff.probes.web.sessions import WebSessions
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Application:
    """A web application, asked as anybody or as one of its synthetic accounts."""

    name: str
    settings: WebService
    sessions: WebSessions


@pytest.fixture
def application(target: BoundTarget) -> Iterator[Application]:
    """Return the current application."""
    from signoff.probes.web.sessions import WebSessions

    with WebSessions.of(target.settings) as sessions:
        yield Application(name=target.name, settings=target.settings, sessions=sessions)


@pytest.fixture
def metrics(application: Application, inventory: Inventory) -> Iterator[ServiceMetrics | None]:
    """Return the current application's metrics; None if it has none."""
    from signoff.probes.metrics.prometheus import open_prometheus
    from signoff.probes.metrics.services import Names, ServiceMetrics

    names = application.settings.metrics
    if names is None:
        yield None
        return
    server: Any = inventory.service(names.prometheus)
    password = server.password.get_secret_value() if server.password else ""
    with open_prometheus(server.url, user=server.user, password=password, ca_file=server.ca_file or None) as api:
        yield ServiceMetrics(api, Names.of(names), names.window)


@pytest.fixture
def api_document(application: Application) -> Document:
    """Return the OpenAPI document that the current application serves."""
    from signoff.probes.web.openapi import fetch

    return fetch(application.sessions.session(), application.sessions.url(application.settings.openapi_path))


@pytest.fixture
def reading_operations(application: Application, api_document: Document) -> Reading:
    """Call every GET operation of the current application's document."""
    from signoff.probes.web.openapi_coverage import read

    api, web = application.settings.api, application.sessions
    return read(
        api_document,
        application.settings.url,
        lambda operation: web.session(api.identities.get(operation, "")),
        samples=api.samples,
        exclude={one.operation for one in api.exclude},
    )


@pytest.fixture
def changing_operations(
    application: Application, api_document: Document, inventory: Inventory, workspace_path: Callable[[str], Path]
) -> Changing:
    """Return which of the current application's other operations the release's own tests cover."""
    from signoff.importers.admissible import read_file, require_release
    from signoff.importers.runs import junit
    from signoff.probes.web.openapi_coverage import look_up

    api = application.settings.api
    cases: tuple[junit.Case, ...] = ()
    if api.test_report:
        report = junit.read(read_file(workspace_path(api.test_report)))
        require_release(f"{application.name}: the test report", report.commit, inventory.policy.commit)
        cases = report.cases
    return look_up(api_document, cases, exclude={one.operation for one in api.exclude})


@dataclass(frozen=True, kw_only=True)
class ApiSource:
    """The document as it is in the release."""

    document: Document
    version: str


@pytest.fixture
def api_source(application: Application, inventory: Inventory, source_of: Callable[[str], Any]) -> ApiSource:
    """Return the current application's OpenAPI document in its repository."""
    from signoff import not_verified
    from signoff.probes.web.openapi import parse

    name = application.settings.repository
    origin = source_of(name) if name else None
    if origin is None or not origin.settings.openapi:
        not_verified(f"{application.name}: no OpenAPI document in a repository named; write openapi in services.yaml")
    path = origin.settings.openapi
    release = inventory.policy.release.partition("+")[0].removeprefix("v")
    return ApiSource(document=parse(origin.read(path), path), version=release)


@pytest.fixture
def routes_in_use(application: Application, metrics: ServiceMetrics | None) -> frozenset[str]:
    """Return the routes that somebody asked within the window of the current application's metrics."""
    from signoff import not_verified

    if metrics is None or application.settings.metrics is None:
        not_verified(f"{application.name}: no metrics named; write metrics for it in services.yaml")
    return metrics.routes() - set(application.settings.metrics.unknown_routes)


@pytest.fixture
def traffic(application: Application, metrics: ServiceMetrics | None) -> Traffic:
    """Return the current application's real traffic; without metrics, a bounded sample of its main functions."""
    from signoff import not_verified
    from signoff.probes.metrics.services import Traffic
    from signoff.probes.web.response_times import Sample, take

    settings, web = application.settings, application.sessions
    if metrics and settings.metrics:
        return metrics.traffic(min_requests=settings.metrics.min_requests)
    if not settings.journeys:
        not_verified(f"{application.name}: neither metrics nor journeys named; write them in services.yaml")
    each = settings.sample.requests
    sample = Sample.of(take(web.session(one.identity), web.url(one.path), requests=each) for one in settings.journeys)
    return Traffic(requests=len(sample.seconds), errors=sample.failures, p95_seconds=sample.quantile(0.95))


@pytest.fixture
def error_answers(application: Application) -> tuple[tuple[ErrorCase, ErrorAnswer], ...]:
    """Send the wrong requests of the inventory to the current application."""
    from signoff import not_verified
    from signoff.probes.web.error_answers import ask

    errors = application.settings.errors
    if not errors.cases:
        not_verified(f"{application.name}: no wrong requests named; write errors.cases for it in services.yaml")
    web = application.sessions
    return tuple(
        (case, ask(web.session(), case.method, web.url(case.path), case.headers, errors.correlation_header))
        for case in errors.cases
    )
