"""What the page's templates call to turn values into text: names, instants, bounded evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from signoff.decision import roster
from signoff.decision.approvals import LONGEST
from signoff.decision.expiring import SOON
from signoff.decision.notes import in_both
from signoff.model import NO_TARGET, State
from signoff.reports import rollback_text, symbols
from signoff.reports.facts import cell_fact, item_fact, next_step
from signoff.reports.instants import machine, remaining, shown, span
from signoff.reports.plaintext import clip

if TYPE_CHECKING:
    from datetime import datetime, timedelta, tzinfo

    from signoff.model import (
        Approval,
        ApprovalStatus,
        Attestation,
        CellResult,
        IssueStatus,
        ItemResult,
        RollbackValue,
        RollbackVerdict,
        Run,
        Signoff,
    )
    from signoff.reports.area_bars import AreaBar
    from signoff.reports.background import Background
    from signoff.reports.facts import Fact, Step
    from signoff.reports.messages import Messages

_EVIDENCE_LIMIT = 400
_BRIEF_LIMIT = 240
_NAME_LIMIT = 120
_SHORT = 12


@dataclass(frozen=True, slots=True)
class PageText:
    """Bound to one decision's language, time zone and instant."""

    messages: Messages
    background: Background
    signoff: Signoff
    zone: tzinfo

    def at(self, instant: datetime) -> Markup:
        """Return the instant in the project's zone as `<time>`."""
        return Markup('<time datetime="{}">{}</time>').format(machine(instant), shown(instant, self.zone))

    def when(self, instant: datetime) -> str:
        """Return the instant in the project's zone as plain text."""
        return shown(instant, self.zone)

    def date(self, instant: datetime) -> str:
        """Return the day in the project's zone."""
        return instant.astimezone(self.zone).date().isoformat()

    def left(self, until: datetime) -> str:
        """Return how long it still holds."""
        return remaining(until, self.signoff.evaluated_at, self.messages)

    def ends_soon(self, until: datetime) -> bool:
        """Whether it has ended or ends within a week."""
        return until - self.signoff.evaluated_at <= SOON

    def day(self, instant: datetime) -> str:
        """Return month and day in the project's zone, for an axis."""
        return f"{instant.astimezone(self.zone):%m-%d}"

    def scope_mark(self, run: Run) -> str:
        """Return a letter for a run that is no whole one: partial, monitoring or interrupted; else its hour."""
        if run.interrupted or run.ended is None:
            return self.messages("page.mark_interrupted")
        if run.stream == "monitor":
            return self.messages("page.mark_monitor")
        return self.messages("page.mark_partial") if run.selector else f"{run.started.astimezone(self.zone):%H:%M}"

    def span(self, duration: timedelta) -> str:
        """Return a duration."""
        return span(duration, self.messages)

    def took(self, run: Run) -> str:
        """Return how long a run took, to the second, as `h:mm:ss`."""
        return str(run.ended - run.started).split(".")[0] if run.ended else ""

    def attested(self, attestation: Attestation) -> Markup:
        """Return who attested, in which role, when."""
        by = Markup("{} ({})").format(self.name(attestation.by), self.messages.name("role", attestation.role))
        return by + ", " + self.at(attestation.at)

    def percent(self, ratio: float) -> str:
        """Return `5 %`."""
        return f"{ratio * 100:g} %"

    def note(self, note: str) -> str:
        """Return one of the engine's explanations in the page's language."""
        return self.evidence(self.messages.text(in_both(note)))

    def relaxed(self) -> str:
        """Return the rules of separation of duties that the policy does without."""
        return ", ".join(self.messages(f"separation.{rule}") for rule in sorted(self.signoff.relaxed))

    def number(self, value: float) -> str:
        """Return the shortest form of the number."""
        return f"{value:g}"

    def bar_label(self, bar: AreaBar) -> str:
        """Return in words what an area's bar shows."""
        counts = ", ".join(f"{self.messages(f'state.{part.state}')} {part.count}" for part in bar.segments)
        return self.messages(
            "page.bar_label", area=self.area(bar.area), total=bar.total, satisfied=bar.satisfied, counts=counts
        )

    def owner(self, key: str) -> str:
        """Return the owner's name."""
        return self.name(self.background.owner(key, self.messages.language))

    def area(self, key: str) -> str:
        """Return the area's title."""
        return self.name(self.background.area(key, self.messages.language))

    def target(self, name: str) -> str:
        """Return the target's name; a check of the whole release has none."""
        return self.messages("word.release_target") if name == NO_TARGET else self.name(name)

    def evidence(self, text: str) -> str:
        """Return evidence from the outside world, printable and bounded."""
        return clip(text, _EVIDENCE_LIMIT)

    def brief(self, text: str) -> str:
        """Return evidence for a table, where there may be thousands of rows."""
        return clip(text, _BRIEF_LIMIT)

    def name(self, text: str) -> str:
        """Return a name from the outside world, printable and bounded."""
        return clip(text, _NAME_LIMIT)

    def short(self, digest: str) -> str:
        """Return the first characters of a digest."""
        return clip(digest[:_SHORT], _SHORT)

    def item_fact(self, result: ItemResult) -> Fact:
        """Return why the item is in its state."""
        return item_fact(result, self.messages)

    def cell_fact(self, cell: CellResult) -> Fact:
        """Return why the cell is in its state."""
        return cell_fact(cell, self.messages)

    def next_step(self, result: ItemResult) -> Step:
        """Return what to do now about the item."""
        return next_step(result, self.signoff.environment, self.messages)

    def symbol(self, state: State | None) -> str:
        """Return the state's symbol."""
        return symbols.STATES[state] if state else "·"

    def signed_until(self, approval: Approval) -> datetime:
        """Return when a signature stops to hold, as the decision judges it."""
        person = roster.find(self.background.roster, approval.approver)
        ends = [approval.valid_until, approval.created + LONGEST, person.valid_until if person is not None else None]
        return min(end for end in ends if end is not None)

    def approval(self, status: ApprovalStatus) -> tuple[str, State]:
        """Return symbol and colours of an approval's status."""
        return symbols.APPROVALS[status], symbols.APPROVAL_TONES[status]

    def rollback(self, verdict: RollbackVerdict) -> tuple[str, State]:
        """Return symbol and colours of what became of a live release."""
        return rollback_text.SYMBOLS[verdict], symbols.ROLLBACK_TONES[verdict]

    def measured(self, value: RollbackValue) -> str:
        """Return one measured value of a watch with its name."""
        return rollback_text.measured(value, self.messages)

    def limit(self, value: RollbackValue) -> str:
        """Return the limit of a measured value; how many samples there were has none."""
        return "" if value.name == "timed" else rollback_text.limit_of(value, self.messages)

    def issue(self, status: IssueStatus) -> tuple[str, State]:
        """Return symbol and colours of an issue's status."""
        return symbols.ISSUES[status], symbols.ISSUE_TONES[status]
