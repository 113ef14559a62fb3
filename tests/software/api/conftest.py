"""What checks of APIs talk about: an application, its document, its traffic and its errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import timedelta
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
    from signoff.probes.metrics.prometheus import open_service
    from signoff.probes.metrics.services import Names, ServiceMetrics

    names = application.settings.metrics
    if names is None:
        yield None
        return
    with open_service(inventory.service(names.prometheus)) as api:
        yield ServiceMetrics(api, Names.of(names), names.window)


@pytest.fixture
def api_document(application: Application) -> Document:
    """Return the OpenAPI document that the current application serves."""
    from signoff.probes.web.openapi import fetch

    return fetch(application.sessions.session(), application.sessions.url(application.settings.openapi_path))


@dataclass(frozen=True, kw_only=True)
class Served:
    """The document as it is served; None if it is no document, and then why."""

    document: Document | None
    invalid: str
    operations: int


@pytest.fixture
def served_document(application: Application) -> Served:
    """Return the document that the current application serves, valid or not."""
    from signoff.probes.web.openapi import InvalidDocumentError, fetch

    try:
        document = fetch(application.sessions.session(), application.sessions.url(application.settings.openapi_path))
    except InvalidDocumentError as error:
        return Served(document=None, invalid=str(error), operations=1)
    invalid = document.error()
    return Served(document=document, invalid=invalid, operations=1 if invalid else len(document.operations))


@pytest.fixture
def generated(target: BoundTarget, inventory: Inventory) -> Any:
    """Return what schemathesis found at the current application."""
    from signoff.probes.web.schemathesis import arguments, run

    settings, web = target.settings, inventory.service(target.settings.web)
    application: Any = web
    line = arguments(
        application.url.rstrip("/") + application.openapi_path,
        per_second=application.sample.per_second,
        examples=settings.examples,
        seconds=settings.seconds,
        exclude=[one.operation for one in application.api.exclude],
    )
    return run(settings.program, line, seconds=settings.seconds, ca_file=application.ca_file)


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


@dataclass(frozen=True, kw_only=True)
class Routes:
    """Routes in use against the document."""

    in_use: frozenset[str]
    undocumented: tuple[str, ...]
    unused: int
    gone: tuple[str, ...]
    """Described, and not there."""


@pytest.fixture
def routes(
    application: Application,
    metrics: ServiceMetrics | None,
    api_document: Document,
    connect: Callable[[str], Any],
) -> Routes:
    """Return the routes that somebody asked, by metrics or else by the access log, against the document."""
    from signoff import not_verified
    from signoff.probes.web.routes import compare, gone, read_access_log

    settings, web = application.settings, application.sessions
    if metrics is not None and settings.metrics is not None:
        unknown = set(settings.metrics.unknown_routes)
        in_use = frozenset(route for route in metrics.routes() if route.rpartition(" ")[2] not in unknown)
    elif settings.access_log is not None:
        log = settings.access_log
        in_use = read_access_log(connect(log.host), log.path, lines=log.lines, document=api_document)
    else:
        not_verified(f"{application.name}: no metrics named; write metrics or access_log for it in services.yaml")
    found = compare(in_use, api_document)
    return Routes(
        in_use=in_use,
        undocumented=found.undocumented,
        unused=len(found.unused),
        gone=gone(web.session(), settings.url, api_document, found.unused),
    )


@pytest.fixture
def traffic(application: Application, metrics: ServiceMetrics | None) -> Traffic:
    """Return the current application's real traffic; where that says nothing, a bounded sample of its functions."""
    from signoff import not_verified
    from signoff.errors import NotVerifiedError

    settings, unsaid = application.settings, ""
    if metrics and settings.metrics:
        try:
            return metrics.traffic(min_requests=settings.metrics.min_requests)
        except NotVerifiedError as error:
            unsaid = f"{error}; "
    if not settings.journeys:
        missing = "no journeys named" if unsaid else "neither metrics nor journeys named"
        not_verified(f"{application.name}: {unsaid}{missing}; write them in services.yaml")
    return _sampled(application)


def _sampled(application: Application) -> Traffic:
    from signoff.probes.metrics.services import Traffic
    from signoff.probes.web.response_times import Sample, take

    settings, web = application.settings, application.sessions
    each = settings.sample.requests
    sample = Sample.of(take(web.session(one.identity), web.url(one.path), requests=each) for one in settings.journeys)
    return Traffic(
        requests=len(sample.seconds),
        errors=sample.failures,
        p95_seconds=sample.quantile(0.95),
        p99_seconds=sample.quantile(0.99),
        source="a sample",
    )


@pytest.fixture
def unhandled_errors(application: Application, metrics: ServiceMetrics | None, inventory: Inventory) -> int:
    """Return how many errors the current application did not expect, by its error tracker or else its metrics."""
    from signoff import not_verified

    wanted = application.settings.errors.unhandled
    if wanted.tracking:
        return _tracked(inventory.service(wanted.tracking), wanted.window)
    if metrics is None:
        not_verified(f"{application.name}: neither error tracking nor metrics named; write errors.unhandled.tracking")
    return metrics.unhandled(wanted.window)


def _tracked(settings: Any, window: timedelta) -> int:
    from signoff.probes.products.sentry import Sentry
    from signoff.probes.products.unhandled import count
    from signoff.probes.web.http import Session

    headers = {"Authorization": f"Bearer {settings.token.get_secret_value()}"}
    with Session(origins=[settings.url], ca_file=settings.ca_file or None, headers=headers) as session:
        project = Sentry(session, settings.url, settings.organization).project(settings.project)
        return count(session, settings.url, settings.organization, project, hours=int(window.total_seconds() // 3600))


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
