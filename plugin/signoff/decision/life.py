"""The life of one issue: how failures, passes and people's words move it from open to proven, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from signoff.model import IssueStatus

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.model import Cell, IssueAction, Observation


@dataclass(frozen=True, slots=True)
class Report:
    """What a run said of one of the issue's cells."""

    at: datetime
    passed: bool
    seen: Observation
    started: datetime
    """When the run began: only a run begun after a fix can prove it."""


def order(event: Report | IssueAction) -> tuple[datetime, int, str]:
    """Return the key by which events are replayed: bad news last among simultaneous ones, and never by chance."""
    if isinstance(event, Report):
        return event.at, 1 if event.passed else 2, str(event.seen)
    return event.at, 0, str(event)


@dataclass(slots=True)
class Life:
    """One issue while its events are replayed."""

    status: IssueStatus = IssueStatus.OPEN
    opened: datetime | None = None
    first: Observation | None = None
    last: Observation | None = None
    episode: dict[Cell, datetime] = field(default_factory=dict)
    """Cells that failed since the issue was last opened, with their last failure."""
    failing: set[Cell] = field(default_factory=set)
    """Those of them that no run has proven good since."""
    claim: IssueAction | None = None
    resolved_at: datetime | None = None
    verified_at: datetime | None = None
    verified_run: str = ""
    fixed_at: datetime | None = None
    reopened: int = 0
    action: str = ""
    cause: str = ""
    planned: tuple[str, ...] = ()

    def replay(self, event: Report | IssueAction) -> None:
        """Apply the next event."""
        if not isinstance(event, Report):
            self._act(event)
        elif event.passed:
            self._pass(event)
        else:
            self._fail(event)

    def _fail(self, report: Report) -> None:
        if self.opened is None:
            self.opened, self.first = report.at, report.seen
        elif self.status is IssueStatus.VERIFIED or (
            self.status is IssueStatus.RESOLVED and self.resolved_at is not None and report.started > self.resolved_at
        ):
            if self.status is IssueStatus.VERIFIED:
                self.episode.clear()
            self.status, self.reopened = IssueStatus.REOPENED, self.reopened + 1
            self.claim = self.resolved_at = self.verified_at = None
            self.verified_run = ""
        self.last = report.seen
        self.episode[report.seen.cell] = report.at
        self.failing.add(report.seen.cell)

    def _pass(self, report: Report) -> None:
        cell = report.seen.cell
        if cell not in self.failing or report.started <= self.episode[cell]:
            return
        if self.resolved_at is not None and report.started <= self.resolved_at:
            return
        self.failing.discard(cell)
        if not self.failing:
            self.status, self.verified_at, self.verified_run = IssueStatus.VERIFIED, report.at, report.seen.run
            self.fixed_at = self.resolved_at or report.at

    def _act(self, action: IssueAction) -> None:
        if self.opened is None:
            return
        self.cause, self.planned = action.cause or self.cause, action.planned or self.planned
        self.action = action.action or self.action
        if not self.status.is_open:
            return
        if action.kind == "started":
            if self.status is not IssueStatus.RESOLVED:
                self.status = IssueStatus.IN_PROGRESS
            return
        self.status, self.claim, self.resolved_at = IssueStatus.RESOLVED, action, action.at
        self.failing = set(self.episode)
