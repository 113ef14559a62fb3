"""What is decided: states of cells and items, the register, approvals, and the decision as a whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

    from signoff.model.asked import Cell, Item, NotApplicable, Target
    from signoff.model.records import (
        ActionKind,
        Approval,
        ApprovalStatus,
        Attestation,
        Publication,
        RollbackDecision,
    )
    from signoff.model.rules import Separation
    from signoff.model.seen import Checkpoint, LedgerCheckpoint, Observation, Run
    from signoff.model.words import Outcome, Severity, State, Text, Verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class CellResult:
    """The state of one cell, with the observation that decided it."""

    cell: Cell
    state: State
    target: Target
    observation: Observation | None = None
    flaky: bool = False
    waiver: str = ""
    note: str = ""
    """Why the state is what it is when the observation alone does not say: "no implementation", "not run", …"""


@dataclass(frozen=True, kw_only=True, slots=True)
class ItemResult:
    """The state of one item, with the cells it was folded from (worst first)."""

    item: Item
    state: State
    cells: tuple[CellResult, ...] = ()
    attestation: Attestation | None = None
    waivers: tuple[str, ...] = ()
    not_applicable: NotApplicable | None = None
    note: str = ""
    valid_until: datetime | None = None


class IssueStatus(StrEnum):
    """Life of an issue (SIGNOFF: issue lifecycle)."""

    OPEN = "OPEN"
    IN_PROGRESS = "IN_PROGRESS"
    RESOLVED = "RESOLVED"
    REOPENED = "REOPENED"
    VERIFIED = "VERIFIED"
    WAIVED = "WAIVED"
    CLOSED = "CLOSED"

    @property
    def is_open(self) -> bool:
        """Whether the issue still blocks: a fix that was only claimed does not count."""
        return self in {IssueStatus.OPEN, IssueStatus.IN_PROGRESS, IssueStatus.RESOLVED, IssueStatus.REOPENED}


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueEvent:
    """One entry of an issue's history: what a run or a person changed about it."""

    at: datetime
    what: Literal["opened", "failed again", "verified", ActionKind]
    by: str = ""
    """Who; empty for a run."""
    run: str = ""
    text: str = ""
    recorded: datetime | None = None
    """When it was recorded, if that was later than `at`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Issue:
    """A failure that somebody must mend, and the proof that it was mended."""

    key: str
    item: str
    fingerprint: str
    targets: tuple[str, ...]
    status: IssueStatus
    owner: str
    severity: Severity
    summary: str
    opened: datetime
    opened_run: str
    due: date
    cause: str = ""
    planned: tuple[str, ...] = ()
    action: str = ""
    resolved_at: datetime | None = None
    resolved_by: str = ""
    claim_recorded: datetime | None = None
    """When `resolved_at` was recorded, if that was later."""
    verified_at: datetime | None = None
    verified_run: str = ""
    fixed_at: datetime | None = None
    """When it was last fixed, by what a later run proved; stays although it fails again. Calls for a full check."""
    reopen_count: int = 0
    overdue: bool = False
    late_days: int = 0
    due_by_policy: date | None = None
    """The day that its severity asks for, if somebody set another one (`due`)."""
    due_set_by: str = ""
    due_reason: str = ""
    last_failed: datetime | None = None
    unproven: tuple[Cell, ...] = ()
    """Failing cells that no later run has proven good: each must pass, in a run begun after the fix."""
    history: tuple[IssueEvent, ...] = ()
    """Oldest first."""

    @property
    def extended(self) -> bool:
        """Whether somebody gave it more time than the policy does."""
        return self.due_by_policy is not None and self.due > self.due_by_policy

    @property
    def lacks_action(self) -> bool:
        """Whether it is proven good, and nobody wrote down what was done."""
        return self.status in {IssueStatus.VERIFIED, IssueStatus.CLOSED} and not self.action.strip()


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalStep:
    """One role's place in the approval chain."""

    role: str
    status: ApprovalStatus
    approval: Approval | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reason:
    """One cause of the verdict; `item` is empty when it concerns the whole."""

    verdict: Verdict
    item: str
    text: Text
    kind: Literal["integrity", "item", "issue", "monitor", "nothing", "rejected", "recheck", "approval", "other"] = (
        "other"
    )
    """What kind of cause it is, for whoever looks for the way out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What differs from an earlier decision, with its cause."""

    item: str
    """Empty if the change concerns the whole."""
    before: State | None
    after: State | None
    cause: Literal[
        "regressed",
        "fixed",
        "verified",
        "went stale",
        "could not check",
        "item added",
        "item removed",
        "target added",
        "target removed",
        "target changed",
        "test changed",
        "waived",
        "waiver expired",
        "waiver gone",
        "attested",
        "attestation expired",
        "checklist changed",
        "inventory changed",
        "policy changed",
        "other",
    ]
    target: str = ""
    """The target that came, went or was defined anew."""
    detail: str = ""
    """Which waiver, check or person is behind it; one plain text, as notes are."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HostsAsked:
    """A run that asked some hosts only: cells of the others are as earlier runs left them."""

    pattern: str
    """The options as typed."""
    hosts: tuple[str, ...]
    total: int
    """Hosts of the inventory."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunTold:
    """What one run said of the items that it asked about."""

    run: str
    items: Mapping[str, Outcome]
    """Item to the worst that was said of it; `SKIP` also where a planned cell got no answer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signoff:
    """The decision on one release in one environment at one instant, and everything it rests on."""

    product: str
    environment: str
    release: str
    commit: str
    evaluated_at: datetime
    timezone: str
    verdict: Verdict
    reasons: tuple[Reason, ...]
    items: tuple[ItemResult, ...]
    """All items of the checklist in its order."""
    issues: tuple[Issue, ...]
    approvals: tuple[ApprovalStep, ...]
    runs: tuple[Run, ...]
    """Runs whose evidence was admissible, oldest first."""
    digest: str
    """sha256 of the evidence-set manifest: what approvals sign."""
    valid_until: datetime | None = None
    scope: frozenset[str] | None = None
    """Items of a partial judgement; None: the whole release."""
    asked: HostsAsked | None = None
    """The hosts that the run behind a partial judgement was limited to; None: all."""
    changes: tuple[Change, ...] = ()
    changes_since: datetime | None = None
    """The instant of the decision that it was compared with; None: with none."""
    changes_from: Literal["", "sign-off", "run", "instant", "file", "now"] = ""
    """What that decision is known as."""
    checkpoints: tuple[Checkpoint, ...] = ()
    """Of the journals that the decision rests on: what an approval signs beside the digest."""
    ledgers: tuple[LedgerCheckpoint, ...] = ()
    """Of every chain of the ledger as it was read: an approval signs these too. Not part of the digest."""
    rollback: RollbackDecision | None = None
    """What stands for this release once it is live; None: nothing was decided yet. Not part of the digest."""
    rollbacks: tuple[RollbackDecision, ...] = ()
    """Every such decision for this release, oldest first."""
    inputs: Mapping[str, str] = field(default_factory=dict)
    """sha256 of what was judged against, by name: `checklist`, `inventory` and `policy`."""
    relaxed: frozenset[Separation] = frozenset()
    """Rules of separation of duties that the policy does without."""
    told: tuple[RunTold, ...] = ()
    """What the last runs said, oldest first, to be looked at only: the states above say what counts."""
    publications: tuple[Publication, ...] = ()
    """What of this release was told elsewhere, oldest first, for reports to refer to. Nothing is judged by it."""

    def count(self, state: State) -> int:
        """Return how many items of the judged scope are in the state."""
        return sum(result.state is state for result in self.judged)

    @property
    def judged(self) -> tuple[ItemResult, ...]:
        """The items that this verdict is about."""
        return tuple(r for r in self.items if self.scope is None or r.item.id in self.scope)
