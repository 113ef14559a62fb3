"""A run of tests in browsers that are elsewhere, by browser: JUnit with capabilities as properties, or our own JSON.

The JSON form, with names of capabilities as in WebDriver (https://www.w3.org/TR/webdriver2/#capabilities):

    {"schema_version": 1, "commit": "3f2a91c4…", "created": "2026-11-22T01:10:00Z", "target": "https://staging.example.com",
     "sessions": [{"capabilities": {"browserName": "safari", "browserVersion": "18.1", "platformName": "macOS 15"},
                   "tests": [{"name": "home", "outcome": "passed", "message": ""}]}]}
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node
from signoff.importers.runs import junit
from signoff.importers.runs.junit import Case, CaseOutcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, tzinfo

_KIND = "browser report"
_OUTCOMES: Mapping[str, CaseOutcome] = {
    "passed": "passed",
    "failed": "failed",
    "error": "error",
    "skipped": "skipped",
}


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserRun:
    """What ran in one browser."""

    browser: str
    version: str
    platform: str
    cases: tuple[Case, ...]

    @property
    def major(self) -> int:
        """The version's first number; 0 if it has none."""
        first = self.version.partition(".")[0]
        return int(first) if first.isascii() and first.isdigit() else 0

    @property
    def failures(self) -> tuple[str, ...]:
        """Names of the cases that failed or broke."""
        return tuple(case.name for case in self.cases if case.outcome in {"failed", "error"})

    @property
    def executed(self) -> int:
        """How many cases really ran."""
        return sum(case.outcome != "skipped" for case in self.cases)

    def is_of(self, browser: str, platform: str) -> bool:
        """Whether this is the browser, on a platform whose name begins so; case does not matter."""
        return self.browser.lower() == browser.lower() and self.platform.lower().startswith(platform.lower())

    def __str__(self) -> str:
        """Return `browser version on platform: n executed, n failed`."""
        return (
            f"{self.browser} {self.version} on {self.platform or 'an unknown platform'}:"
            f" {self.executed} executed, {len(self.failures)} failed"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class BrowserReport:
    """A whole report."""

    commit: str
    started: datetime | None
    target: str
    runs: tuple[BrowserRun, ...]


def read(text: bytes, *, timezone: tzinfo) -> BrowserReport:
    """Return the report.

    Args:
        text: XML or JSON.
        timezone: Of JUnit's time stamps that carry no offset.

    Raises:
        NotVerifiedError: neither form, no case, or a suite that does not name its browser.
    """
    return _from_junit(text, timezone) if text.lstrip()[:1] == b"<" else _from_json(text)


def _from_junit(text: bytes, timezone: tzinfo) -> BrowserReport:
    whole, suites = junit.read(text, timezone=timezone), junit.read_suites(text, timezone=timezone)
    return BrowserReport(
        commit=whole.commit,
        started=whole.started,
        target=whole.properties.get("target", ""),
        runs=tuple(_of_suite(suite.properties, suite.cases) for suite in suites),
    )


def _of_suite(properties: Mapping[str, str], cases: tuple[Case, ...]) -> BrowserRun:
    try:
        browser, version = properties["browserName"], properties["browserVersion"]
    except KeyError as missing:
        raise NotVerifiedError(
            f"{_KIND}: the suite of {cases[0].name[:80]!r} has no property {missing}; write the session's capabilities"
        ) from missing
    return BrowserRun(browser=browser, version=version, platform=properties.get("platformName", ""), cases=cases)


def _from_json(text: bytes) -> BrowserReport:
    root = Node.parse(text, kind=_KIND)
    if root.at("schema_version").count() != 1:
        raise root.at("schema_version").wrong("1")
    runs = tuple(_session(one) for one in root.at("sessions").items())
    if not any(run.cases for run in runs):
        raise root.refuse("no test in it; import the report of a run that executed tests")
    return BrowserReport(
        commit=root.at("commit").text(),
        started=root.at("created").instant(),
        target=root.at("target").text(""),
        runs=runs,
    )


def _session(node: Node) -> BrowserRun:
    capabilities = node.at("capabilities")
    return BrowserRun(
        browser=capabilities.at("browserName").text(),
        version=capabilities.at("browserVersion").text(),
        platform=capabilities.at("platformName").text(""),
        cases=tuple(
            Case(
                name=one.at("name").text(),
                outcome=one.at("outcome").choice(_OUTCOMES),
                message=one.at("message").text("")[:200],
            )
            for one in node.at("tests").items()
        ),
    )
