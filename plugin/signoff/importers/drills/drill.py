"""The record of a rehearsal: a rollback or a failover that was really carried out, and how long it took.

A JSON object:

    {"schema_version": 1, "kind": "rollback", "release": "1.0.0+3f2a91c", "commit": "3f2a91c…",
     "environment": "staging", "performed_at": "2026-11-20T05:00:00Z", "passed": true, "seconds": 41.0,
     "downtime_seconds": 0.0, "participants": ["Kim Tech"],
     "steps": [{"name": "switch traffic to blue", "passed": true, "seconds": 0.4}]}
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

    @property
    def succeeded(self) -> bool:
        """Whether it is recorded as passed, and no step contradicts that."""
        return self.passed and not self.failed_steps

    @property
    def failed_steps(self) -> tuple[str, ...]:
        """Names of the steps that did not succeed."""
        return tuple(step.name for step in self.steps if not step.passed)


def read(text: bytes | str) -> Drill:
    """Return the record.

    Raises:
        NotVerifiedError: not such a record, or no step in it.
    """
    record = Node.parse(text, kind=_KIND)
    steps = tuple(map(_step, record.at("steps").items()))
    if not steps:
        raise NotVerifiedError(f"{_KIND}: no step in it; record what was done, step by step")
    return Drill(
        kind=record.at("kind").text(),
        release=record.at("release").text(),
        commit=record.at("commit").text(),
        environment=record.at("environment").text(),
        performed_at=record.at("performed_at").instant(),
        passed=record.at("passed").flag(),
        seconds=record.at("seconds").seconds(),
        downtime_seconds=record.at("downtime_seconds").seconds(),
        participants=tuple(person.text() for person in record.at("participants").items()),
        steps=steps,
    )


def _step(node: Node) -> Step:
    return Step(name=node.at("name").text(), passed=node.at("passed").flag(), seconds=node.at("seconds").seconds())
