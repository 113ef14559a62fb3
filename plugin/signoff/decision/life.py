"""The life of one issue: how failures, passes and people's words move it from open to proven, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from signoff.model import IssueStatus

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.model import Cell, IssueAction, Observation

Kind = Literal["action", "pass", "fail"]
_ORDER = ("action", "pass", "fail")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that moves an issue: what a run said of one of its cells, or what a person said."""

    at: datetime
    kind: Kind
    cell: Cell | None = None
    seen: Observation | None = None
    started: datetime | None = None
    """When the run began: only a run begun after a fix can prove it."""
    action: IssueAction | None = None

    @property
    def order(self) -> tuple[datetime, int, str]:
        """Bad news comes last among simultaneous events; the rest of the key only makes the order total."""
        return self.at, _ORDER.index(self.kind), f"{self.seen} {self.action}"


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

    def replay(self, event: Event) -> None:
        """Apply the next event."""
        if event.action is not None:
            self._act(event.action)
        elif event.cell is not None and event.seen is not None and event.started is not None:
            if event.kind == "fail":
                self._fail(event.cell, event.seen, event.at, event.started)
            else:
                self._pass(event.cell, event.seen, event.at, event.started)

    def _fail(self, cell: Cell, seen: Observation, at: datetime, started: datetime) -> None:
        if self.opened is None:
            self.opened, self.first = at, seen
        elif self.status is IssueStatus.VERIFIED or (
            self.status is IssueStatus.RESOLVED and self.resolved_at is not None and started > self.resolved_at
        ):
            if self.status is IssueStatus.VERIFIED:
                self.episode.clear()
            self.status, self.reopened = IssueStatus.REOPENED, self.reopened + 1
            self.claim = self.resolved_at = self.verified_at = None
            self.verified_run = ""
        self.last = seen
        self.episode[cell] = at
        self.failing.add(cell)

    def _pass(self, cell: Cell, seen: Observation, at: datetime, started: datetime) -> None:
        if cell not in self.failing or started <= self.episode[cell]:
            return
        if self.resolved_at is not None and started <= self.resolved_at:
            return
        self.failing.discard(cell)
        if not self.failing:
            self.status, self.verified_at, self.verified_run = IssueStatus.VERIFIED, at, seen.run
            self.fixed_at = self.resolved_at or at

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
