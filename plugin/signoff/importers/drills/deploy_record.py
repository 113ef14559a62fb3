"""The record of a deployment rehearsal: which script did what, how long it took, and whether it worked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from datetime import datetime

_KIND = "deployment record"


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One script of the rehearsal."""

    action: str
    """`deploy`, `rollback`, or the team's own word."""
    script: str
    """Path within the repository."""
    sha256: str
    """Of the script as it ran."""
    seconds: float
    ok: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class DeployRecord:
    """One rehearsal."""

    environment: str
    commit: str
    finished: datetime
    steps: tuple[Step, ...]

    def step(self, action: str) -> Step | None:
        """Return the last step of that action; None if there was none."""
        return next((step for step in reversed(self.steps) if step.action == action), None)


def read(text: bytes | str) -> DeployRecord:
    """Return the record: a JSON object with `schema_version` 1, `environment`, `commit`, `finished` and `steps`.

    Raises:
        NotVerifiedError: not such a record, or it has no step.
    """
    record = Node.parse(text, kind=_KIND)
    if record.at("schema_version").count() != 1:
        raise record.at("schema_version").wrong("1")
    steps = tuple(map(_step, record.at("steps").items()))
    if not steps:
        raise NotVerifiedError(f"{_KIND}: no step in it; import the record of a rehearsal that took place")
    return DeployRecord(
        environment=record.at("environment").text(),
        commit=record.at("commit").text(),
        finished=record.at("finished").instant(),
        steps=steps,
    )


def _step(node: Node) -> Step:
    return Step(
        action=node.at("action").text(),
        script=node.at("script").text(),
        sha256=node.at("sha256").text().lower(),
        seconds=node.at("seconds").seconds(),
        ok=node.at("ok").flag(),
    )
