"""What every scanner's report comes down to: who made it, when, of what, how completely, and what was found."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import IntEnum
from typing import TYPE_CHECKING

from signoff.errors import DamagedReportError
from signoff.importers._json import Node
from signoff.importers._xml import XmlNode

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime


class Risk(IntEnum):
    """How bad a finding is, on one scale for all tools."""

    INFO = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4

    def __str__(self) -> str:
        """Return the word in lower case."""
        return self.name.lower()


RISKS: Mapping[str, Risk | None] = {
    "none": Risk.INFO,
    "info": Risk.INFO,
    "informational": Risk.INFO,
    "negligible": Risk.LOW,
    "low": Risk.LOW,
    "medium": Risk.MEDIUM,
    "moderate": Risk.MEDIUM,
    "high": Risk.HIGH,
    "critical": Risk.CRITICAL,
    "unknown": None,
    "": None,
}
"""The tools' own words."""
_BANDS = ((9.0, Risk.CRITICAL), (7.0, Risk.HIGH), (4.0, Risk.MEDIUM), (0.1, Risk.LOW))
_CWE = re.compile(r"cwe[-_/:\s]*0*([1-9][0-9]{0,4})", re.IGNORECASE)
_TEXT = 300


def risk_of_score(score: float) -> Risk:
    """Return the band of a CVSS score."""
    return next((risk for least, risk in _BANDS if score >= least), Risk.INFO)


def cwes_in(*texts: str) -> tuple[int, ...]:
    """Return the numbers of the weaknesses that the texts name (`CWE-79`, `external/cwe/cwe-079`)."""
    return tuple(sorted({int(number) for text in texts for number in _CWE.findall(text)}))


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One thing that a tool complains of."""

    rule: str
    """The tool's name for it, such as a rule, plugin or advisory."""
    risk: Risk | None
    """None: the tool does not say, which counts as the worst."""
    title: str = ""
    target: str = ""
    """Site or host that it is about; empty: the whole report's."""
    place: str = ""
    cwes: tuple[int, ...] = ()
    aliases: tuple[str, ...] = ()
    package: str = ""
    version: str = ""
    fixed_in: tuple[str, ...] = ()
    suppressed: str = ""
    """Why it does not count; empty: it does."""

    def __str__(self) -> str:
        """Return `what (risk, CWE-n) at place`."""
        what = f"{self.package} {self.version}: {self.rule}" if self.package else self.title or self.rule
        kind = ", ".join(
            [str(self.risk) if self.risk is not None else "risk unknown", *map("CWE-{}".format, self.cwes)]
        )
        fix = f", fixed in {', '.join(self.fixed_in)}" if self.fixed_in else ""
        where = f" at {self.place}" if self.place else ""
        return f"{what} ({kind}){where}{fix}"[:_TEXT]

    @property
    def names(self) -> frozenset[str]:
        """Every name that it is known by."""
        return frozenset({self.rule, *self.aliases})

    def is_at_least(self, limit: Risk) -> bool:
        """Whether it counts, and is that bad; one of unknown risk is."""
        return not self.suppressed and (self.risk is None or self.risk >= limit)


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """One report of one tool. What the tool does not say is empty, never guessed."""

    producer: str
    version: str = ""
    created: datetime | None = None
    """The end of the scan as the report itself says it, UTC."""
    targets: frozenset[str] = frozenset()
    """Every name and address of what was scanned."""
    commits: frozenset[str] = frozenset()
    inspected: int = 0
    """The denominator: sites, hosts, rules, files or packages that were looked at."""
    skipped: tuple[str, ...] = ()
    """What should have been looked at and was not, and why."""
    database: datetime | None = None
    """When the data that the tool judges by was made."""
    findings: tuple[Finding, ...] = ()
    components: frozenset[tuple[str, str]] | None = None
    """Name and version of every package that was looked up; None: the report lists vulnerable ones only."""
    counted: int | None = None
    """How many packages the tool says it looked up, where it lists none."""
    weaknesses: frozenset[int] = frozenset()
    """CWE ids that the tool's rules look for."""
    reached: Mapping[str, float] = field(default_factory=dict)
    """Share of good answers by site."""
    ports: tuple[str, ...] = ()
    """Open ports, `address protocol/number`."""
    score: float | None = None
    """The tool's own mark from 0 to 100."""

    def at_least(self, limit: Risk) -> tuple[Finding, ...]:
        """Return the findings that count and are that bad; those of unknown risk are."""
        return tuple(finding for finding in self.findings if finding.is_at_least(limit))


def json_root(text: bytes | str, kind: str) -> Node:
    """Return the root of a scanner's JSON.

    Raises:
        DamagedReportError: no JSON; every complaint of its nodes is one, too.
    """
    return Node.parse(text, kind=kind, error=DamagedReportError)


def xml_root(text: bytes | str, kind: str, *tags: str) -> XmlNode:
    """Return the root of a scanner's XML.

    Raises:
        DamagedReportError: no XML, one with entities or a document type, or with another root element.
    """
    return XmlNode.parse(text, kind=kind, tags=tags)


def is_xml(text: bytes | str) -> bool:
    """Whether the text looks like XML."""
    start = text[:200].decode("utf-8", "replace") if isinstance(text, bytes) else text[:200]
    return start.lstrip("\ufeff \t\r\n").startswith("<")
