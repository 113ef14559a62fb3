"""The record of a rehearsal: a rollback, a failover or a recovery that was really carried out, and how long it took.

A JSON object:

    {"schema_version": 1, "kind": "rollback", "release": "1.0.0+3f2a91c", "commit": "3f2a91c…",
     "environment": "staging", "performed_at": "2026-11-20T05:00:00Z", "passed": true, "seconds": 41.0,
     "downtime_seconds": 0.0, "participants": ["Kim Tech"],
     "steps": [{"name": "switch traffic to blue", "passed": true, "seconds": 0.4}]}

and, where they are known: `requests` and `failed_requests` (what users asked meanwhile), `lost_seconds` (work that was
lost), `scope` (names of what was recovered) and `findings`, each with `title`, `closed` and, once closed, `closed_at`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from datetime import datetime

_KIND = "drill record"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One step of the rehearsal; times are in seconds."""

    name: str
    passed: bool
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """Something that the rehearsal brought to light."""

    title: str
    closed_at: datetime | None
    """None: it is open."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Drill:
    """One rehearsal; times are in seconds."""

    kind: str
    release: str
    commit: str
    environment: str
    performed_at: datetime
    passed: bool
    seconds: float
    downtime_seconds: float
    participants: tuple[str, ...]
    steps: tuple[Step, ...]
    requests: int | None = None
    """How often users asked meanwhile; None: nobody counted."""
    failed_requests: int | None = None
    lost_seconds: float | None = None
    """Span of work that was lost; None: nobody measured it."""
    scope: tuple[str, ...] = ()
    findings: tuple[Finding, ...] | None = None
    """None: the record does not say whether there were any."""

    @property
    def succeeded(self) -> bool:
        """Whether it is recorded as passed, and no step contradicts that."""
        return self.passed and not self.failed_steps

    @property
    def failed_steps(self) -> tuple[str, ...]:
        """Names of the steps that did not succeed."""
        return tuple(step.name for step in self.steps if not step.passed)

    @property
    def open_findings(self) -> tuple[str, ...]:
        """Titles of the findings that nobody has closed."""
        return tuple(finding.title for finding in self.findings or () if finding.closed_at is None)


def read(text: bytes | str) -> Drill:
    """Return the record.

    Raises:
        NotVerifiedError: not such a record, no step in it, or a finding that was closed before it was made.
    """
    record = Node.parse(text, kind=_KIND)
    if "schema_version" in record and record.at("schema_version").count() != 1:
        raise record.at("schema_version").wrong("1")
    steps = tuple(map(_step, record.at("steps").items()))
    if not steps:
        raise NotVerifiedError(f"{_KIND}: no step in it; record what was done, step by step")
    performed_at = record.at("performed_at").instant()
    return Drill(
        kind=record.at("kind").text(),
        release=record.at("release").text(),
        commit=record.at("commit").text(),
        environment=record.at("environment").text(),
        performed_at=performed_at,
        passed=record.at("passed").flag(),
        seconds=record.at("seconds").seconds(),
        downtime_seconds=record.at("downtime_seconds").seconds(),
        participants=tuple(person.text() for person in record.at("participants").items()),
        steps=steps,
        requests=record.at("requests").count() if "requests" in record else None,
        failed_requests=record.at("failed_requests").count() if "failed_requests" in record else None,
        lost_seconds=record.at("lost_seconds").seconds() if "lost_seconds" in record else None,
        scope=tuple(one.text() for one in record.some("scope")),
        findings=tuple(_finding(one, performed_at) for one in record.at("findings").items())
        if "findings" in record
        else None,
    )


def _step(node: Node) -> Step:
    return Step(name=node.at("name").text(), passed=node.at("passed").flag(), seconds=node.at("seconds").seconds())


def _finding(node: Node, performed_at: datetime) -> Finding:
    closed_at = node.at("closed_at").instant() if node.at("closed").flag() else None
    if closed_at is not None and closed_at < performed_at:
        raise node.at("closed_at").refuse("closed before the drill took place; correct the date")
    return Finding(title=node.at("title").text(), closed_at=closed_at)
