"""What integration checks talk about: test reports, edges between services, figures that must agree, documents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.dependency import DependencyService
    from signoff.config.kinds.document import DocumentService
    from signoff.config.kinds.test_report import JUnitReportService
    from signoff.importers.runs.junit import Case, JUnitReport
    from signoff.probes.hosts.reachability import Reach
    from signoff.probes.repository.documents import Document
    from signoff.probes.web.sign_in import View
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A test report that is about this release and recent."""

    name: str
    settings: JUnitReportService
    report: JUnitReport


@pytest.fixture
def suite(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Suite:
    """Return the current test report, if it may be used at all."""
    report = admissible_report(target.name, target.settings, inventory, evaluated_at, workspace_path)
    return Suite(name=target.name, settings=target.settings, report=report)


def admissible_report(
    name: str,
    settings: JUnitReportService,
    inventory: Inventory,
    evaluated_at: datetime,
    workspace_path: Callable[[str], Path],
) -> JUnitReport:
    """Return a test report that is about this release and recent."""
    from zoneinfo import ZoneInfo

    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.importers.runs.junit import read

    report = read(read_file(workspace_path(settings.path)), timezone=ZoneInfo(settings.timezone))
    require_release(name, report.commit, inventory.policy.commit)
    require_recent(name, report.started, evaluated_at, settings.max_age)
    return report


@dataclass(frozen=True, kw_only=True)
class Edge:
    """A service that others call, tried from each of them."""

    name: str
    settings: DependencyService
    attempts: tuple[Reach, ...]


@pytest.fixture
def edge(target: BoundTarget, connect: Callable[[str], Any]) -> Edge:
    """Return the attempts to reach the current dependency from every host that calls it."""
    from signoff.probes.hosts.reachability import reach

    settings: DependencyService = target.settings
    attempts = tuple(reach(connect(name), name, settings.host, settings.port) for name in settings.sources)
    return Edge(name=target.name, settings=settings, attempts=attempts)


@pytest.fixture
def reported(target: BoundTarget, inventory: Inventory) -> dict[str, str]:
    """Return what each instance of the current application says of each dependency that it reports on."""
    from signoff import not_verified
    from signoff.probes.web.http import Session
    from signoff.probes.web.readiness import read_dependency

    edges: Any = inventory.services_of("dependency").values()
    reports = [edge.readiness for edge in edges if edge.readiness and edge.readiness.web == target.name]
    pairs = [(instance, one) for instance in target.settings.instances for one in reports]
    if not pairs:
        not_verified(f"{target.name}: no instance, or no dependency with readiness, in services.yaml; add them")
    with Session(
        origins=[one.url for one in target.settings.instances], ca_file=target.settings.ca_file or None
    ) as web:
        return {f"{one.name}: {to.key}": read_dependency(web, one.url, to.path, to.key) for one, to in pairs}


@pytest.fixture
def walked(target: BoundTarget, inventory: Inventory) -> list[View]:
    """Return what a user sees on the current journey, step by step."""
    from signoff import not_verified
    from signoff.probes.web.sign_in import Visitor

    journey, web = target.settings, inventory.service(target.settings.web)
    settings: Any = web
    login, account = settings.login, settings.identities.get(journey.identity)
    visitor = Visitor(settings.url, ca_file=settings.ca_file or None, login_path=login.path if login else "")
    if journey.identity:
        if login is None or account is None:
            not_verified(f"{target.name}: no login, or no identity {journey.identity!r}, in the web service; add it")
        visitor.sign_in({login.user_field: account.user, login.password_field: account.password.get_secret_value()})
    views = [visitor.view(step.path, step.contains) for step in journey.steps]
    visitor.close()
    return views


@pytest.fixture
def covering(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> dict[str, list[Case]]:
    """Return the executed test cases behind each name that the current journey asks for."""
    coverage = target.settings.coverage
    settings: Any = inventory.service(coverage.report)
    report = admissible_report(coverage.report, settings, inventory, evaluated_at, workspace_path)
    executed = [case for case in report.cases if case.outcome != "skipped"]
    return {start: [case for case in executed if case.name.startswith(start)] for start in coverage.tests}


@pytest.fixture
def figures(target: BoundTarget, open_database: Callable[[str], Any]) -> tuple[float, float]:
    """Return both figures of the current reconciliation; of one database, they are of one moment."""
    from signoff.probes.postgres.reconciliation import figure

    left, right = target.settings.left, target.settings.right
    with open_database(left.database) as database:
        value = figure(database, left.sql)
        if left.database == right.database:
            return value, figure(database, right.sql)
    with open_database(right.database) as database:
        return value, figure(database, right.sql)


@dataclass(frozen=True, kw_only=True)
class Paper:
    """A document as it stands in the release, and when what it describes last changed."""

    name: str
    settings: DocumentService
    document: Document
    described_changed: datetime | None


@pytest.fixture
def paper(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Paper:
    """Return the current document."""
    from signoff.probes.repository.documents import read
    from signoff.probes.repository.git import Repository

    settings: DocumentService = target.settings
    clone: Any = inventory.service(settings.repository)
    repository, commit = Repository(path=workspace_path(clone.path)), inventory.policy.commit
    return Paper(
        name=target.name,
        settings=settings,
        document=read(repository.read(commit, settings.path), today=evaluated_at.date()),
        described_changed=repository.changed(commit, *settings.describes) if settings.describes else None,
    )
