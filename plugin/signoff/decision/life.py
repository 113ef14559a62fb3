"""The life of one issue: how failures, passes and people's words move it from open to proven, and back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, assert_never

from signoff.model import IssueEvent, IssueStatus

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
    last_failed: datetime | None = None
    episode: dict[Cell, datetime] = field(default_factory=dict)
    """Cells that failed since it was last opened, with the instant after which a run must begin to clear them."""
    failing: set[Cell] = field(default_factory=set)
    """Those of them that no run has proven good since."""
    questions: dict[Cell, tuple[str, str]] = field(default_factory=dict)
    """Digests of check and target with which each cell failed last."""
    changed: set[Cell] = field(default_factory=set)
    """Cells that passed with another check or target definition than they failed with."""
    claim: IssueAction | None = None
    resolver: str = ""
    resolved_at: datetime | None = None
    verified_at: datetime | None = None
    verified_run: str = ""
    fixed_at: datetime | None = None
    reopened: int = 0
    owner: str = ""
    action: str = ""
    cause: str = ""
    planned: tuple[str, ...] = ()
    history: list[IssueEvent] = field(default_factory=list)

    def replay(self, event: Report | IssueAction) -> None:
        """Apply the next event."""
        if not isinstance(event, Report):
            self._act(event)
        elif event.passed:
            self._pass(event)
        else:
            self._fail(event)

    def _fail(self, report: Report) -> None:
        seen = report.seen
        if self.opened is None:
            self.opened, self.first = report.at, seen
            self._note(report, "opened")
        elif self.status is IssueStatus.VERIFIED or (
            self.status is IssueStatus.RESOLVED and self.resolved_at is not None and report.started > self.resolved_at
        ):
            if self.status is IssueStatus.VERIFIED:
                self.episode.clear()
            self._open_again()
            self._note(report, "failed again")
        self.last, self.last_failed = seen, report.at
        self.episode[seen.cell] = report.at
        self.failing.add(seen.cell)
        self.questions[seen.cell] = seen.code_sha256, seen.target_sha256
        self.changed.discard(seen.cell)

    def _pass(self, report: Report) -> None:
        cell = report.seen.cell
        if cell not in self.failing or report.started <= self.episode[cell]:
            return
        if self.resolved_at is not None and report.started <= self.resolved_at:
            return
        self.failing.discard(cell)
        if self.questions.get(cell) not in {None, (report.seen.code_sha256, report.seen.target_sha256)}:
            self.changed.add(cell)
        if not self.failing:
            self.status, self.verified_at, self.verified_run = IssueStatus.VERIFIED, report.at, report.seen.run
            self.fixed_at = self.resolved_at or report.at
            self._note(report, "verified")

    def _open_again(self) -> None:
        self.status, self.reopened = IssueStatus.REOPENED, self.reopened + 1
        self.claim = self.resolved_at = self.verified_at = None
        self.verified_run = self.resolver = ""

    def _act(self, action: IssueAction) -> None:
        if self.opened is None:
            return
        self.cause, self.planned = action.cause or self.cause, action.planned or self.planned
        self.action = action.action or self.action
        match action.kind:
            case "started":
                if self.status.is_open and self.status is not IssueStatus.RESOLVED:
                    self.status = IssueStatus.IN_PROGRESS
            case "assigned":
                self.owner = action.owner or self.owner
            case "resolved":
                self._resolve(action)
            case "reopened":
                self._take_back(action)
            case "noted" | "due":  # words, and a day that the register reckons with
                pass
            case _:
                assert_never(action.kind)
        self.history.append(
            IssueEvent(at=action.at, what=action.kind, by=action.by, text=_words(action), recorded=late_word(action))
        )

    def _resolve(self, action: IssueAction) -> None:
        self.resolver = action.by
        if self.status.is_open:
            self.status, self.claim, self.resolved_at = IssueStatus.RESOLVED, action, action.at
            self.failing = set(self.episode)

    def _take_back(self, action: IssueAction) -> None:
        """Withdraw a claim, or reopen what was proven: then every cell must be proven again, by a run yet to begin."""
        if self.status is IssueStatus.RESOLVED:
            self.status, self.claim, self.resolved_at, self.resolver = IssueStatus.IN_PROGRESS, None, None, ""
        elif self.status is IssueStatus.VERIFIED:
            self._open_again()
            self.episode = dict.fromkeys(self.episode, action.at)
            self.failing = set(self.episode)

    def _note(self, report: Report, what: Literal["opened", "failed again", "verified"]) -> None:
        text = report.seen.reason.strip().partition("\n")[0]
        if what == "verified":
            names = ", ".join(f"{cell.check}[{cell.target}]" for cell in sorted(self.changed))
            text = f"with a check or target that was changed since it failed: {names}" if names else ""
        self.history.append(IssueEvent(at=report.at, what=what, run=report.seen.run, text=text))


def late_word(action: IssueAction) -> datetime | None:
    """Return when the action was recorded, if that was later than the time it speaks of."""
    return action.recorded if action.recorded is not None and action.recorded > action.at else None


def _words(action: IssueAction) -> str:
    due = action.due.isoformat() if action.due else ""
    said = (action.owner, due, action.reason, action.cause, *action.planned, action.action)
    return "; ".join(word for word in said if word)
