"""The record of a CI run: what became of each job, for which commit, and when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from datetime import datetime

_KIND = "CI record"
PASSED, FAILED, OPEN = "passed", "failed", "open"
_KNOWN = frozenset({PASSED, FAILED, OPEN})


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One job."""

    name: str
    outcome: str
    """`passed`, `failed`, or `open`: it has not come to an end, or was not run at all."""


@dataclass(frozen=True, kw_only=True, slots=True)
class CiRun:
    """All jobs of one commit."""

    commit: str
    finished: datetime | None
    """End of the last job that came to one."""
    jobs: tuple[Job, ...]

    def outcome(self, name: str) -> str:
        """Return what became of the job: the worst of all that have the name; empty if there is none."""
        seen = {job.outcome for job in self.jobs if job.name == name}
        return next((one for one in (FAILED, OPEN, PASSED) if one in seen), "")


def read(text: bytes | str) -> CiRun:
    """Return the record: a JSON object with `schema_version` 1, `commit`, `finished` and `jobs`.

    Each job has `name` and `outcome`: passed, failed or open.

    Raises:
        NotVerifiedError: not such a record, or it has no job.
    """
    record = Node.parse(text, kind=_KIND)
    if record.at("schema_version").count() != 1:
        raise record.at("schema_version").wrong("1")
    jobs = tuple(map(_job, record.at("jobs").items()))
    if not jobs:
        raise NotVerifiedError(f"{_KIND}: no job in it; import the record of a run that took place")
    return CiRun(commit=record.at("commit").text(), finished=record.at("finished").instant(), jobs=jobs)


def _job(node: Node) -> Job:
    outcome = node.at("outcome")
    if outcome.text() not in _KNOWN:
        raise outcome.wrong("passed, failed or open")
    return Job(name=node.at("name").text(), outcome=outcome.text())
