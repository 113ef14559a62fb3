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
    from signoff.config.kinds.document import DocumentService
    from signoff.config.kinds.test_report import JUnitReportService
    from signoff.importers.runs.junit import Case, JUnitReport
    from signoff.probes.browser.model import Stride
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
    """Return a test report that is about this release, recent, and about the address that it should be about."""
    from signoff import not_verified
    from signoff.importers.admissible import require_recent, require_release

    report = _test_report(settings, workspace_path)
    require_release(name, report.commit, inventory.policy.commit)
    require_recent(name, report.started, evaluated_at, settings.max_age)
    tested = report.properties.get("target", "")
    if settings.target and tested.rstrip("/") != settings.target.rstrip("/"):
        not_verified(f"{name} tested {tested or 'an unknown address'}, not {settings.target}; run it there")
    return report


def _test_report(settings: JUnitReportService, workspace_path: Callable[[str], Path]) -> JUnitReport:
    """Return a report as it is; its note, if it has one, names the commit."""
    from dataclasses import replace
    from zoneinfo import ZoneInfo

    from signoff import not_verified
    from signoff.importers import provenance
    from signoff.importers.admissible import read_file
    from signoff.importers.runs import junit, mochawesome

    path, timezone = workspace_path(settings.path), ZoneInfo(settings.timezone)
    if "*" in path.name:
        files = sorted(path.parent.glob(path.name))
        return junit.merge([junit.read(read_file(file), timezone=timezone) for file in files])
    content = read_file(path)
    if not settings.provenance:
        return junit.read(content, timezone=timezone)
    note = provenance.read(read_file(workspace_path(settings.provenance)), report=content)
    if settings.format == "mochawesome":
        return mochawesome.read(content, note)
    report = junit.read(content, timezone=timezone)
    if report.commit and report.commit != note.commit:
        not_verified(f"{path.name} names commit {report.commit[:12]}, its note {note.commit[:12]}; make both again")
    known = {"commit": note.commit} | ({"target": note.target} if note.target else {})
    return replace(report, properties={**report.properties, **known})


@pytest.fixture
def smoke(target: BoundTarget) -> list[View]:
    """Return what the deployed application answers to the current web service's smoke requests."""
    from signoff import not_verified
    from signoff.probes.web.sign_in import Visitor

    settings: Any = target.settings
    if not settings.smoke:
        not_verified(f"{target.name}: no smoke request in services.yaml; add `smoke` with the paths that must answer")
    visitor = Visitor(settings.url, ca_file=settings.ca_file or None)
    views = [visitor.view(one.path, one.contains) for one in settings.smoke]
    visitor.close()
    return views


@pytest.fixture
def walked(
    target: BoundTarget, inventory: Inventory, keep_file: Callable[[str, bytes], str], request: pytest.FixtureRequest
) -> list[View] | list[Stride]:
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
    try:
        if not journey.browser:
            return [visitor.view(step.path, step.contains) for step in journey.steps]
        strides = _strides(target, visitor.tokens(), request)
    finally:
        visitor.close()
    for number, stride in enumerate(strides, 1):
        keep_file(f"{target.name}-{number}.png", stride.screenshot)
    return strides


def _strides(target: BoundTarget, tokens: dict[str, str], request: pytest.FixtureRequest) -> list[Stride]:
    """Return the current journey's steps in a browser, signed in by these cookies: it never sends a password itself."""
    from signoff.probes.browser.journey import Move, walk
    from signoff.probes.browser.model import Viewport

    # Asked for only here, so that journeys without a browser start none.
    browsers = request.getfixturevalue("browsers")
    site = request.getfixturevalue("find_site")(target.settings)
    moves = [Move(**step.model_dump()) for step in target.settings.steps]
    screen = Viewport(name="desktop", width=1280, height=800)
    found = walk(browsers.chromium(), site.url, moves, viewport=screen, origins=site.places, tokens=tokens)
    return list(found)


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
def paper(target: BoundTarget, checked_document: Callable[[str], Any]) -> Any:
    """Return the current document."""
    return checked_document(target.name)


@pytest.fixture
def links(paper: Any, inventory: Inventory, workspace_path: Callable[[str], Path]) -> dict[str, tuple[str, ...]]:
    """Return what the current document links to, by what became of it: alive, dead, unknown, unfollowed."""
    from signoff import not_verified
    from signoff.probes.repository.git import Repository
    from signoff.probes.web.links import follow

    settings, found = paper.settings, paper.document.links
    unfollowed = [link for link in found if link.startswith((*settings.links_unfollowed, "#", "mailto:", "tel:"))]
    left = [link for link in found if link not in unfollowed]
    outside = [link for link in left if link.startswith(("http://", "https://"))]
    if len(outside) > settings.max_links:
        not_verified(f"{paper.name}: {len(outside)} links, {settings.max_links} may be followed; raise max_links")
    inside = [link for link in left if link not in outside]
    files: frozenset[str] = frozenset()
    if inside and settings.repository:
        clone: Any = inventory.service(settings.repository)
        files = frozenset(Repository(path=workspace_path(clone.path)).files(inventory.policy.commit))
    states: dict[str, list[str]] = {"alive": [], "dead": [], "unknown": [], "unfollowed": unfollowed}
    for link in inside:
        states[_state_of_path(link, settings, files, workspace_path)].append(link)
    for one in follow(outside, ca_file=settings.links_ca_file):
        states[one.state].append(str(one))
    return {state: tuple(each) for state, each in states.items()}


def _state_of_path(
    link: str, settings: DocumentService, files: frozenset[str], workspace_path: Callable[[str], Path]
) -> str:
    """Return whether a relative link leads to a file or folder: of the release, or beside the document."""
    from posixpath import dirname, join, normpath

    if settings.confluence:
        return "unknown"
    path = link.partition("#")[0]
    place = normpath(path.lstrip("/") if path.startswith("/") else join(dirname(settings.path), path))
    if settings.repository:
        is_there = place in files or any(file.startswith(f"{place}/") for file in files)
    else:
        is_there = workspace_path(place).exists()
    return "alive" if is_there else "dead"
