"""JUnit XML: which test cases ran, for which commit, and how they ended."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import TYPE_CHECKING, Literal

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import ParseError, fromstring

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from xml.etree.ElementTree import Element

CaseOutcome = Literal["passed", "failed", "error", "skipped"]
_WORST_FIRST: tuple[tuple[str, CaseOutcome], ...] = (("failure", "failed"), ("error", "error"), ("skipped", "skipped"))


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One test case; `name` is `classname.name`, the message is the reporter's first line."""

    name: str
    outcome: CaseOutcome
    message: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class JUnitReport:
    """A whole report: never empty, and as long as it says it is."""

    cases: tuple[Case, ...]
    started: datetime | None
    """Earliest time stamp of a suite; None when the producer wrote none."""
    properties: Mapping[str, str]

    def named(self, outcome: CaseOutcome) -> tuple[str, ...]:
        """Return the names of the cases that ended so, in the report's order."""
        return tuple(case.name for case in self.cases if case.outcome == outcome)

    @property
    def failures(self) -> tuple[str, ...]:
        """The names of the cases that failed or broke."""
        return self.named("failed") + self.named("error")

    @property
    def executed(self) -> int:
        """How many cases really ran: a skipped one says nothing."""
        return len(self.cases) - len(self.named("skipped"))

    @property
    def commit(self) -> str:
        """The commit that the suite names in its property `commit`; empty when it names none."""
        return self.properties.get("commit", "")


def read(text: bytes | str, *, timezone: tzinfo = UTC) -> JUnitReport:
    """Return the report.

    Args:
        text: The XML document.
        timezone: Of time stamps that carry no offset; JUnit's schema allows them.

    Raises:
        NotVerifiedError: no XML, no JUnit, no test case, fewer cases than declared, or an unreadable time stamp.
    """
    root = _parse(text)
    suites = list(_leaf_suites(root))
    for suite in suites:
        _refuse_missing_cases(suite)
    cases = tuple(_case(element) for suite in suites for element in suite.findall("testcase"))
    if not cases:
        raise NotVerifiedError("JUnit report: no test case in it; import the report of a run that executed tests")
    return JUnitReport(cases=cases, started=_started(root, timezone), properties=_properties(root))


def read_suites(text: bytes | str, *, timezone: tzinfo = UTC) -> tuple[JUnitReport, ...]:
    """Return each suite that holds cases as a report of its own, with the properties of that suite alone.

    Raises:
        NotVerifiedError: as `read`; no suite is left out.
    """
    read(text, timezone=timezone)
    suites = [suite for suite in _leaf_suites(_parse(text)) if suite.find("testcase") is not None]
    return tuple(
        JUnitReport(
            cases=tuple(_case(element) for element in suite.findall("testcase")),
            started=_started(suite, timezone),
            properties=_properties(suite),
        )
        for suite in suites
    )


def merge(reports: Sequence[JUnitReport]) -> JUnitReport:
    """Return several files of one run as one report; it has the properties on which all of them agree.

    Raises:
        NotVerifiedError: there is none.
    """
    if not reports:
        raise NotVerifiedError("JUnit report: no file of that name; put it where the inventory says")
    common = set.intersection(*(set(report.properties.items()) for report in reports))
    undated = any(report.started is None for report in reports)
    return JUnitReport(
        cases=tuple(case for report in reports for case in report.cases),
        started=None if undated else min(report.started for report in reports if report.started),
        properties=dict(common),
    )


def _parse(text: bytes | str) -> Element:
    try:
        root: Element = fromstring(text, forbid_dtd=True)
    except ParseError as error:
        raise NotVerifiedError(f"JUnit report: not well-formed XML: {error}; it may be truncated") from error
    except (DefusedXmlException, ValueError) as error:
        raise NotVerifiedError(f"JUnit report: refused: {type(error).__name__}; write it without a DTD") from error
    if root.tag not in {"testsuites", "testsuite"}:
        raise NotVerifiedError(f"JUnit report: the root element is <{root.tag[:40]}>, not <testsuites> or <testsuite>")
    return root


def _leaf_suites(root: Element) -> Iterator[Element]:
    for suite in root.iter("testsuite"):
        if suite.find("testsuite") is None or suite.find("testcase") is not None:
            yield suite


def _refuse_missing_cases(suite: Element) -> None:
    declared, found = suite.get("tests", ""), len(list(suite.iter("testcase")))
    # pytest writes one more element than it counts when a teardown breaks; fewer is what a cut report looks like.
    if declared.isdigit() and int(declared) > found:
        raise NotVerifiedError(
            f"JUnit report: suite {suite.get('name', '?')[:80]!r} declares {declared} tests and holds {found}; "
            "import the whole report"
        )


def _case(element: Element) -> Case:
    name = ".".join(part for part in (element.get("classname"), element.get("name")) if part)
    for tag, outcome in _WORST_FIRST:
        if (child := element.find(tag)) is not None:
            first_line = (child.get("message") or child.text or "").strip().partition("\n")[0]
            return Case(name=name, outcome=outcome, message=first_line[:200])
    return Case(name=name, outcome="passed")


def _properties(root: Element) -> dict[str, str]:
    pairs = [(element.get("name", ""), element.get("value", "")) for element in root.findall(".//properties/property")]
    found = dict(pairs)
    contradictory = [name for name, count in Counter(name for name, _ in set(pairs)).items() if count > 1]
    # Two suites of different commits in one document: neither is the report's commit.
    return {name: value for name, value in found.items() if name not in contradictory}


def _started(root: Element, timezone: tzinfo) -> datetime | None:
    stamps = [stamp for element in root.iter() if (stamp := element.get("timestamp"))]
    try:
        instants = [datetime.fromisoformat(stamp) for stamp in stamps]
    except ValueError as error:
        raise NotVerifiedError(f"JUnit report: unreadable time stamp: {error}") from error
    aware = [(instant if instant.tzinfo else instant.replace(tzinfo=timezone)).astimezone(UTC) for instant in instants]
    return min(aware, default=None)
