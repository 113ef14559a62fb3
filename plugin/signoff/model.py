"""The vocabulary of a sign-off, as frozen data. Standard library only; no clock, disk, network or pytest.

Facts (`Observation`) are never changed. Records (`Waiver`, `Attestation`, `Approval`) change decisions, never
evidence. Everything a report shows hangs off one `Signoff`. All instants are timezone-aware UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime, timedelta

Language = Literal["ko", "en"]
NO_TARGET = "-"
"""Target name of a check that concerns the release as a whole."""


class Outcome(StrEnum):
    """What one attempt on one cell said. `SKIP` is "no evidence": it never refreshes and never clears."""

    PASS = "pass"  # noqa: S105 - a machine name, not a password
    SKIP = "skip"
    ERROR = "error"
    FAIL = "fail"

    @property
    def badness(self) -> int:
        """Rank for "worst wins" within one attempt."""
        return list(Outcome).index(self)


class State(StrEnum):
    """What is known of a cell or an item, worst first: this order is the order on every screen."""

    FAIL = "FAIL"
    ERROR = "ERROR"
    NOT_VERIFIED = "NOT_VERIFIED"
    STALE = "STALE"
    WAIVED = "WAIVED"
    ATTESTED = "ATTESTED"
    PASS = "PASS"  # noqa: S105 - a machine name, not a password
    NOT_APPLICABLE = "NOT_APPLICABLE"

    @property
    def rank(self) -> int:
        """0 is worst."""
        return list(State).index(self)

    @property
    def satisfied(self) -> bool:
        """Whether an item in this state lets the release through."""
        return self.rank >= State.WAIVED.rank


class Verdict(StrEnum):
    """The answer for the release. `READY` is GO before the approvals; a selection is never GO.

    `PARTIAL_OK` is the best that a selection can get: everything selected is satisfied, nothing is said of the rest.
    """

    GO = "GO"
    READY = "READY"
    PARTIAL_OK = "SELECTION-OK"
    NO_GO = "NO-GO"
    INCOMPLETE = "INCOMPLETE"
    INVALID = "INVALID"

    @property
    def exit_status(self) -> int:
        """0, 10, 11 or 12: never pytest's own 1 to 5, so that a traceback is never read as a verdict."""
        return {Verdict.NO_GO: 10, Verdict.INCOMPLETE: 11, Verdict.INVALID: 12}.get(self, 0)


class Severity(StrEnum):
    """How much an open issue on the item hurts; sets the days until it is due."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Method(StrEnum):
    """How we know (NIST SP 800-53A): measured, read by a person, asked of a person, both, or computed."""

    TEST = "test"
    EXAMINE = "examine"
    INTERVIEW = "interview"
    HYBRID = "hybrid"
    DERIVED = "derived"

    @property
    def needs_attestation(self) -> bool:
        """Whether a person's signed statement is part of the item."""
        return self in {Method.EXAMINE, Method.INTERVIEW, Method.HYBRID}


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    """One sentence in both languages."""

    ko: str
    en: str

    def get(self, language: Language) -> str:
        """Return the sentence in the language."""
        return self.ko if language == "ko" else self.en


# --- what must be known: checklist and targets ------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Selector:
    """Which targets a check concerns: `hosts`, `hosts:GROUP`, `services:KIND`, or `-` (none)."""

    scope: Literal["hosts", "services", "-"]
    name: str = ""

    def __str__(self) -> str:
        """Return the form written in the checklist."""
        return f"{self.scope}:{self.name}" if self.name else self.scope


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """One question of an item; its name is the test function's name without `test_`, unique in the checklist."""

    name: str
    item: str
    targets: Selector
    touches: str = ""
    """What the check does to its target, for `signoff plan`: requests, queries and commands in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """One line of the checklist. The id is final: never reused, never renumbered."""

    id: str
    area: str
    section: str
    owner: str
    stage: int
    severity: Severity
    blocking: bool
    method: Method
    max_age: timedelta
    title: Text
    remediation: Text
    checks: tuple[Check, ...] = ()
    derives: str = ""
    """For `Method.DERIVED`: the name of the rule in `decision.derived`."""
    flaky_allowed: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """A group of items within an area; its key is also a pytest marker."""

    key: str
    title: Text


@dataclass(frozen=True, kw_only=True, slots=True)
class Area:
    """One of the plan's areas, in the plan's order; its key is also a pytest marker."""

    key: str
    title: Text
    sections: tuple[Section, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Checklist:
    """The whole checklist in the plan's order."""

    areas: tuple[Area, ...]
    owners: Mapping[str, Text]
    stages: Mapping[int, Text]
    items: tuple[Item, ...]
    sha256: str

    def item(self, item_id: str) -> Item:
        """Return the item; KeyError if there is none."""
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(item_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """One thing that is asked: an inventory host, a service, or `-`."""

    name: str
    kind: str
    """`host`, a service kind such as `redis`, or `-`."""
    address: str = ""
    """Where it answers, for people; never with credentials."""
    sha256: str = ""
    """Digest of the definition as written (secrets are references there): a changed target makes evidence stale."""


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Cell:
    """The unit of truth: one check of one item on one target."""

    item: str
    check: str
    target: str

    def __str__(self) -> str:
        """Return `ITEM check[target]`."""
        return f"{self.item} {self.check}[{self.target}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a check is implemented; the digest makes evidence stale when the question changes."""

    path: str
    line: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedCell:
    """A cell that checklist × inventory requires, whether or not pytest collects it."""

    cell: Cell
    target: Target
    source: Source | None
    """None: no implementation."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NotApplicable:
    """The environment's profile says that an item (or one target of it) does not exist here."""

    item: str
    target: str
    """A target name, or `*`."""
    reason: str
    approver: str


# --- what was seen ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Observation:
    """One attempt on one cell, already redacted. `observed` and `expected` are short texts for people."""

    run: str
    seq: int
    cell: Cell
    outcome: Outcome
    started: datetime
    finished: datetime
    environment: str
    release: str
    attempt: int = 1
    reason: str = ""
    """The assertion's or exception's message; for a skip, why nothing can be concluded and the next step."""
    fingerprint: str = ""
    """Names *this* failure, numbers left out: what a waiver accepts."""
    observed: str = ""
    expected: str = ""
    inspected: int | None = None
    """The denominator: how many objects were looked at."""
    code_sha256: str = ""
    target_sha256: str = ""
    evidence_sha256: str = ""
    node: str = ""
    runner: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """One pytest run. Without `ended` it was interrupted; what it had seen counts all the same."""

    id: str
    environment: str
    release: str
    selector: str
    """The `-m`/`-k`/path selection as typed; empty: the whole checklist."""
    planned: tuple[Cell, ...]
    started: datetime
    ended: datetime | None = None
    interrupted: bool = False
    controller: str = ""
    user: str = ""
    git_revision: str = ""
    stream: Literal["recorded", "monitor"] = "recorded"


# --- records: people's decisions --------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """Somebody on the roster: only they may approve, waive or attest."""

    name: str
    roles: frozenset[str]
    public_key: str = ""
    """Ed25519 public key, base64; needed to approve."""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Waiver:
    """Accepts one known failure for a while. The check still runs; a different failure is not covered."""

    id: str
    item: str
    targets: tuple[str, ...]
    """Target names; `*` alone: every target."""
    fingerprints: tuple[str, ...]
    covers: frozenset[State]
    reason: str
    risk: str
    compensating_control: str
    requested_by: str
    approver: str
    role: str
    created: datetime
    expires: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class EvidenceFile:
    """A file that backs an attestation; `actual_sha256` is what is on disk now, empty if it cannot be read."""

    name: str
    sha256: str
    uri: str = ""
    actual_sha256: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attestation:
    """A person's dated statement about what only a person can know; bound to one release."""

    item: str
    passed: bool
    statement: str
    by: str
    role: str
    at: datetime
    expires: datetime
    release: str
    evidence: tuple[EvidenceFile, ...] = ()


class ApprovalStatus(StrEnum):
    """What an approval is worth now."""

    VALID = "VALID"
    REJECTED = "REJECTED"
    SUPERSEDED = "SUPERSEDED"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    MISSING = "MISSING"


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Checkpoint:
    """The length and last hash of one run's journal: a journal that was cut or re-chained no longer contains it."""

    run: str
    seq: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Approval:
    """One signature over the digest of exactly one evidence set; the signature itself was verified on loading.

    `revoke` takes an earlier approval of the same role back; `previous` then names the envelope that is taken back.
    """

    role: str
    decision: Literal["approve", "reject", "approve-with-conditions", "revoke"]
    approver: str
    digest: str
    created: datetime
    valid_until: datetime
    comment: str = ""
    conditions: tuple[str, ...] = ()
    previous: str = ""
    """sha256 of the previous envelope in the chain; empty for the first role."""
    envelope_sha256: str = ""
    environment: str = ""
    release: str = ""
    key_id: str = ""
    """sha256 of the raw public key that verified the signature."""
    checkpoints: tuple[Checkpoint, ...] = ()
    """Journals that the approver saw: each must still be there, at least as long."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueAction:
    """What a person says about an issue: work has started, or it is done. Only a later run proves the latter."""

    key: str
    """The issue's key, `ISS-<ITEM>-<fingerprint>`."""
    kind: Literal["started", "resolved"]
    at: datetime
    by: str
    action: str = ""
    cause: str = ""
    planned: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """Everything that people recorded for one environment."""

    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    approvals: tuple[Approval, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackRule:
    """When a release is rolled back: strictly greater than the limits, over a window, with enough samples."""

    error_ratio: float
    response_seconds: float
    percentile: float
    window: timedelta
    min_samples: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The environment's rules for judging."""

    product: str
    environment: str
    release: str
    commit: str
    timezone: str
    not_applicable: tuple[NotApplicable, ...] = ()
    due_days: Mapping[Severity, int] = field(default_factory=dict)
    max_age: Mapping[str, timedelta] = field(default_factory=dict)
    """Item id to freshness window; never longer than the checklist's."""
    roster: tuple[Person, ...] = ()
    approval_roles: tuple[str, ...] = ("tech", "qa", "executive")
    rollback: RollbackRule | None = None
    full_recheck: bool = True
    """After the last issue was fixed, every required cell must have been observed again (the plan's step 3)."""
    sha256: str = ""


# --- what is decided --------------------------------------------------------------------------------------------


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
    verified_at: datetime | None = None
    verified_run: str = ""
    fixed_at: datetime | None = None
    """When it was last fixed, by what a later run proved; stays although it fails again. Calls for a full check."""
    reopen_count: int = 0
    overdue: bool = False
    late_days: int = 0


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What differs from the run before, with its cause."""

    item: str
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
        "other",
    ]
    target: str = ""
    """The target that came or went, for the two causes about targets."""


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
    changes: tuple[Change, ...] = ()
    checkpoints: tuple[Checkpoint, ...] = ()
    """Of the journals that the decision rests on: what an approval signs beside the digest."""

    def count(self, state: State) -> int:
        """Return how many items of the judged scope are in the state."""
        return sum(result.state is state for result in self.judged)

    @property
    def judged(self) -> tuple[ItemResult, ...]:
        """The items that this verdict is about."""
        return tuple(r for r in self.items if self.scope is None or r.item.id in self.scope)
