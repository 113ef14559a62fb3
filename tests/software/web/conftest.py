"""What checks of pages talk about: what browsers see of them, here and elsewhere, and how fast they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.web_pages import Browser, WebPagesService
    from signoff.importers.runs.grid import BrowserRun
    from signoff.importers.runs.lighthouse import LighthouseRun
    from signoff.probes.browser.model import Look, Viewport
    from signoff.probes.browser.pace import Pace
    from signoff.probes.browser.started import Browsers, Engine, Shown, Site
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Pages:
    """The pages of an application, and the browsers that may look at them."""

    name: str
    settings: WebPagesService
    site: Site
    browsers: Browsers
    keep: Callable[[str, bytes], str]
    axe_core: str
    """axe-core's source; empty: there is none."""

    @property
    def shown(self) -> list[Shown]:
        """Every page."""
        from signoff.probes.browser.started import Shown

        return [Shown(name=page.name, path=page.path, selector=page.selector) for page in self.settings.pages]

    @property
    def screens(self) -> list[Viewport]:
        """Every screen."""
        from signoff.probes.browser.model import Viewport

        return [Viewport(**screen.model_dump()) for screen in self.settings.viewports]

    @property
    def widest(self) -> Viewport:
        """The largest screen, on which browsers are compared."""
        return max(self.screens, key=lambda screen: screen.width)

    def look(self, engine: Engine, screen: Viewport) -> list[Look]:
        """Return what a browser sees of every page on a screen."""
        return [self.browsers.look(engine, self.site, page, screen, self.axe_core) for page in self.shown]

    def screenshots(self, looks: list[Look]) -> str:
        """Keep the looks' screenshots and return where they are, and what proves them."""
        names = [f"{self.name}-{one.page}-{one.browser.partition(' ')[0]}-{one.viewport.name}.png" for one in looks]
        return ", ".join(self.keep(name, one.screenshot) for name, one in zip(names, looks, strict=True))


@pytest.fixture
def pages(
    target: BoundTarget,
    browsers: Browsers,
    find_site: Callable[[Any], Site],
    keep_file: Callable[[str, bytes], str],
    workspace_path: Callable[[str], Path],
) -> Pages:
    """Return the current pages."""
    from signoff.errors import NotVerifiedError
    from signoff.probes.browser import axe

    wanted = target.settings.accessibility.axe
    try:
        source = axe.program(workspace_path(wanted) if wanted else None)
    except NotVerifiedError:
        source = ""  # told by the check of accessibility alone
    return Pages(
        name=target.name,
        settings=target.settings,
        site=find_site(target.settings),
        browsers=browsers,
        keep=keep_file,
        axe_core=source,
    )


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What the browsers of this machine see of the pages."""

    looks: list[Look]
    absent: list[str]
    """Why a browser of the matrix did not look."""


@pytest.fixture
def seen(pages: Pages) -> Seen:
    """Return what each browser that is started here sees of the current pages."""
    from signoff.errors import NotVerifiedError

    looks: list[Look] = []
    absent = []
    for browser in pages.settings.browsers:
        if browser.engine:
            try:
                found = pages.look(browser.engine, pages.widest)
            except NotVerifiedError as error:
                absent.append(f"{browser.name}: {error}")
                continue
            major = int(found[0].browser.split(" ")[1].split(".")[0])
            if major < browser.min_version:
                absent.append(f"{browser.name} {major} is older than {browser.min_version}; update it")
            looks += found
    return Seen(looks=looks, absent=absent)


@dataclass(frozen=True, kw_only=True)
class Elsewhere:
    """What reports say of one browser of the matrix."""

    browser: Browser
    runs: list[BrowserRun]
    doubts: str = ""
    """Why they say nothing."""


@pytest.fixture
def elsewhere(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> list[Elsewhere]:
    """Return, for each browser that is not started here, what ran in it elsewhere."""
    from signoff.errors import NotVerifiedError

    found = []
    for browser in target.settings.browsers:
        if browser.report:
            try:
                runs = _reported(browser, inventory, evaluated_at, workspace_path)
            except NotVerifiedError as error:
                found.append(Elsewhere(browser=browser, runs=[], doubts=str(error)))
            else:
                found.append(Elsewhere(browser=browser, runs=runs))
    return found


def _reported(
    browser: Browser, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> list[BrowserRun]:
    """Return the runs in a browser that a report about this release holds."""
    from zoneinfo import ZoneInfo

    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.importers.runs import grid

    name, settings = browser.report, inventory.service(browser.report)
    if settings.kind != "browser_report":
        not_verified(f"{name} is no browser_report; name one")
    report_settings: Any = settings
    report = grid.read(read_file(workspace_path(report_settings.path)), timezone=ZoneInfo(report_settings.timezone))
    require_release(name, report.commit, inventory.policy.commit)
    require_recent(name, report.started, evaluated_at, report_settings.max_age)
    if report_settings.target and report.target.rstrip("/") != report_settings.target.rstrip("/"):
        not_verified(f"{name} visited {report.target or 'nobody knows what'}, not {report_settings.target}")
    runs = [
        run for run in report.runs if run.is_of(browser.name, browser.platform) and run.major >= browser.min_version
    ]
    if sum(run.executed for run in runs) < report_settings.min_tests:
        wanted = f"{browser.name} {browser.min_version or ''} {browser.platform}".strip()
        held = ", ".join(sorted({f"{run.browser} {run.version} on {run.platform}" for run in report.runs}))
        not_verified(f"{name}: too few tests in {wanted}; it has {held}: run them there")
    return runs


@pytest.fixture
def on_screens(pages: Pages) -> list[Look]:
    """Return what Chromium sees of every page on every screen."""
    return [look for screen in pages.screens for look in pages.look("chromium", screen)]


@pytest.fixture
def examined(pages: Pages, on_screens: list[Look], workspace_path: Callable[[str], Path]) -> list[Look]:
    """Return the pages on every screen, with what axe-core found."""
    from signoff.probes.browser import axe

    if not pages.axe_core:
        wanted = pages.settings.accessibility.axe
        axe.program(workspace_path(wanted) if wanted else None)  # says what is missing
    return on_screens


@pytest.fixture
def paces(
    pages: Pages, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> list[Pace]:
    """Return how fast each page is, by the best source: its users, else Lighthouse, else loading it here."""
    from signoff.probes.browser.pace import of_lighthouse, of_loads

    vitals = pages.settings.vitals
    found = _of_users(pages, inventory) if vitals.field else {}
    left = [page for page in pages.shown if page.name not in found]
    if left and vitals.lighthouse:
        report: Any = inventory.service(vitals.lighthouse)
        runs = _lighthouse_runs(vitals.lighthouse, report, inventory, evaluated_at, workspace_path)
        for page in left:
            of_page = [(one.lcp_seconds, one.cls) for one in runs if _same(one.url, pages.site.url, page.path)]
            found[page.name] = of_lighthouse(page.name, of_page, report.min_runs)
    elif left:
        screen = next(one for one in pages.screens if one.name == vitals.lab.screen)
        for page in left:
            loads = pages.browsers.load(pages.site, page, screen, vitals.lab.runs)
            found[page.name] = of_loads(page.name, loads)
    return [found[page.name] for page in pages.shown]


def _of_users(pages: Pages, inventory: Inventory) -> dict[str, Pace]:
    """Return what users experienced of the pages that enough of them visited."""
    from signoff.probes.browser.pace import Queries, of_users
    from signoff.probes.metrics.prometheus import open_service

    field: Any = pages.settings.vitals.field
    queries = Queries(**field.model_dump(exclude={"prometheus"}))
    with open_service(inventory.service(field.prometheus)) as api:
        told = {page.name: of_users(page.name, page.path, api, queries) for page in pages.shown}
    return {name: pace for name, pace in told.items() if pace}


def _lighthouse_runs(
    name: str, settings: Any, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> list[LighthouseRun]:
    """Return the runs of Lighthouse for this release, on the device that was asked for."""
    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.importers.runs import lighthouse

    pattern = workspace_path(settings.paths)
    files = {path.name: read_file(path) for path in sorted(pattern.parent.glob(pattern.name))}
    note = workspace_path(settings.provenance)
    files.pop(note.name, None)
    if not files:
        not_verified(f"{name}: no file {settings.paths}; run Lighthouse, or load the pages here")
    require_release(name, lighthouse.commit_of(read_file(note), files), inventory.policy.commit)
    runs = [lighthouse.read(content) for content in files.values()]
    for run in runs:
        require_recent(name, run.started, evaluated_at, settings.max_age)
    return [run for run in runs if run.form_factor == settings.form_factor]


def _same(url: str, site: str, path: str) -> bool:
    """Return whether the address is that page of the site."""
    return url.rstrip("/") == (site.rstrip("/") + path).rstrip("/")
