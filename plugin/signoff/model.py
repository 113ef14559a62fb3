"""The vocabulary of a sign-off, as frozen data. Standard library only; no clock, disk, network or pytest.

Facts (`Observation`) are never changed. Records (`Waiver`, `Attestation`, `Approval`) change decisions, never
evidence. Everything a report shows hangs off one `Signoff`. All instants are timezone-aware UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime
    from decimal import Decimal

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
        return _OUTCOME_RANKS[self]


_OUTCOME_RANKS = {outcome: rank for rank, outcome in enumerate(Outcome)}


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
        return _STATE_RANKS[self]

    @property
    def satisfied(self) -> bool:
        """Whether an item in this state lets the release through."""
        return self.rank >= State.WAIVED.rank


_STATE_RANKS = {state: rank for rank, state in enumerate(State)}


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
    place: str = field(default="", compare=False)
    """Where it is written, `file:line`, for those who correct it."""


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
    ledgers: tuple[LedgerCheckpoint, ...] = ()
    """Chains of the ledger as they were when the run began: the ledger cannot vanish while a journal remembers it."""

    @property
    def is_full(self) -> bool:
        """Whether the run asked for the whole checklist and came to its end."""
        return not self.selector and self.ended is not None and not self.interrupted


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
    place: str = field(default="", compare=False)
    """Where it is written, `file:line`."""


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
    starts: datetime | None = None
    """From when it counts; None: from `created`."""
    place: str = field(default="", compare=False)
    """Where it is written, `file:line`."""


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
    key_id: str = ""
    """sha256 of the raw public key that verified its signature; empty: nobody signed it."""
    envelope_sha256: str = ""
    place: str = field(default="", compare=False)
    """Where it is written: `file:line`, or the ledger record."""

    @property
    def signed(self) -> bool:
        """Whether its author's key stands behind it."""
        return bool(self.key_id)


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


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class LedgerCheckpoint:
    """The length and last hash of one chain of the ledger, as `Checkpoint` is of a journal."""

    ledger: str
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
    ledgers: tuple[LedgerCheckpoint, ...] = ()
    """Chains of the ledger that the approver saw, likewise."""


ActionKind = Literal["started", "noted", "assigned", "due", "resolved", "reopened"]
"""Work has begun; something was added; it is somebody else's; it is due on another day; it is done; it is not."""


@dataclass(frozen=True, kw_only=True, slots=True)
class IssueAction:
    """What a person says about an issue. Words move it along; only a later run proves that it is mended."""

    key: str
    """The issue's key, `ISS-<ITEM>-<fingerprint>`."""
    kind: ActionKind
    at: datetime
    """When it happened: for `resolved` it may lie before the moment of recording, for all others it is that moment."""
    by: str
    action: str = ""
    """What was done."""
    cause: str = ""
    planned: tuple[str, ...] = ()
    owner: str = ""
    """For `assigned`: a team of the checklist or a person on the roster."""
    due: date | None = None
    """For `due`: the new last day, in the project's time zone."""
    reason: str = ""
    """Why it was assigned, moved or reopened; a remark for `noted`."""
    recorded: datetime | None = None
    """When it entered the ledger, filled in on reading: only a claim may speak of an earlier time."""


@dataclass(frozen=True, kw_only=True, slots=True)
class SignedAttestation:
    """An attestation as it is kept in the ledger: its author's signed envelope (DSSE), as JSON."""

    envelope: str


@dataclass(frozen=True, kw_only=True, slots=True)
class RunClosed:
    """A run has ended, and its journal ended so: a journal that vanishes or shrinks later is noticed."""

    run: str
    seq: int
    sha256: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ApprovalKept:
    """An approval was signed and kept: an envelope that vanishes later is noticed."""

    envelope_sha256: str
    role: str
    decision: Literal["approve", "reject", "approve-with-conditions", "revoke"]


class RollbackVerdict(StrEnum):
    """What becomes of a release that is live. `HOLD`: it cannot be judged, so it is neither kept nor rolled back."""

    KEEP = "keep"
    HOLD = "hold"
    ROLL_BACK = "roll-back"

    @property
    def badness(self) -> int:
        """Rank for "worst wins"; 0 is best."""
        return list(RollbackVerdict).index(self)


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackValue:
    """One measured value that a rollback was decided by, and its limit (a number of samples must reach it)."""

    service: str
    name: Literal["requests", "timed", "error-ratio", "response-percentile", "response-mean"]
    """`timed`: requests whose response time is known. Ratio: 0 to 1; percentile and mean: seconds."""
    value: Decimal
    limit: Decimal


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackDecision:
    """Whether a live release was kept, rolled back or held: by the plan's rule, or by somebody with the authority."""

    environment: str
    release: str
    verdict: RollbackVerdict
    automatic: bool
    at: datetime
    by: str
    """A person, or the account that ran the guard."""
    role: str = ""
    """As whom a person decided; empty: automatic."""
    reasons: tuple[Text, ...] = ()
    services: tuple[str, ...] = ()
    started: datetime | None = None
    """Beginning of the watch; None: decided by a person."""
    window_seconds: int = 0
    values: tuple[RollbackValue, ...] = ()
    """Of the windows that decided, one for each service."""
    overrides: tuple[str, ...] = ()
    """Options that made the policy's rule stricter."""
    command: str = ""
    """What was to be executed because of it, redacted; recorded before it is started."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackCommand:
    """What became of the command of a decision to roll back."""

    decision: str
    """Id of the decision's record."""
    environment: str
    release: str
    at: datetime
    outcome: Literal["succeeded", "failed", "timed-out", "not-started"]
    exit_status: int | None
    seconds: Decimal
    output: str
    """The end of what it wrote, redacted."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Publication:
    """Something was told elsewhere: where it is, so that it is found again, and what it said, so that nothing repeats.

    Publishing changes no decision: reports and verdicts never read this.
    """

    channel: Literal["confluence", "jira", "slack", "webhook"]
    environment: str
    release: str
    subject: str
    """What it is about: `sign-off`, `daily <date>`, `digest <date>`, or the key of an issue."""
    step: Literal["begun", "done"] = "done"
    """`begun`: it was about to be created, so it may exist although nobody could note where."""
    place: str = ""
    """Page id, issue key or message timestamp; empty: not known."""
    url: str = ""
    digest: str = ""
    """sha256 of what was told; the same digest is not told again."""
    version: int = 0
    told: tuple[str, ...] = ()
    """Machine names of the facts that were told, such as `verdict:NO-GO` or `blocker:SEC-CFG-4`."""


LedgerBody = (
    IssueAction | RunClosed | ApprovalKept | SignedAttestation | RollbackDecision | RollbackCommand | Publication
)
"""What a record of the ledger may say; `store.ledger_codec` names each kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerRecord:
    """One entry of the ledger: who decided what, and when it was recorded. Read as a set, ordered by (at, id)."""

    id: str
    """A ULID: the same record in two stores is one record."""
    at: datetime
    by: str
    body: LedgerBody


@dataclass(frozen=True, kw_only=True, slots=True)
class Records:
    """Everything that people recorded for one environment."""

    waivers: tuple[Waiver, ...] = ()
    attestations: tuple[Attestation, ...] = ()
    approvals: tuple[Approval, ...] = ()


class Separation(StrEnum):
    """Who may not approve although they hold the role: whoever had a hand in what is approved."""

    ONE_PERSON_ONE_STAGE = "one_person_one_stage"
    WAIVER_REQUESTER = "waiver_requester"
    WAIVER_APPROVER = "waiver_approver"
    ISSUE_RESOLVER = "issue_resolver"
    ATTESTER = "attester"


@dataclass(frozen=True, kw_only=True, slots=True)
class RollbackRule:
    """When a release is rolled back: strictly greater than the limits, over a window, with enough samples."""

    error_ratio: float
    response_seconds: float
    """For the percentile; for the mean too unless it has a limit of its own."""
    percentile: float
    window: timedelta
    min_samples: int
    mean_seconds: float | None = None
    watch: timedelta = timedelta(minutes=30)
    """How long after the release every window must be within the limits."""
    step: timedelta = timedelta(seconds=30)
    """How often a window is judged."""
    stale_after: timedelta = timedelta(minutes=2)
    """Age at which the newest sample is too old to say anything."""
    deciders: tuple[str, ...] = ()
    """Roles that may decide by hand."""

    @property
    def mean_limit(self) -> float:
        """Seconds that the mean response time may not exceed."""
        return self.response_seconds if self.mean_seconds is None else self.mean_seconds


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
    relaxed: frozenset[Separation] = frozenset()
    """Rules of separation of duties that this environment does without; every report says so."""
    on_new_evidence: Literal["void", "void_if_worse"] = "void_if_worse"
    """What a run does to approvals that have begun: be recorded and so void them, or watch and void if worse."""
    waiver_days: Mapping[Severity, int] = field(default_factory=dict)
    """How long a waiver may last, by the item's severity; never more than 90 days."""
    not_waivable: frozenset[str] = frozenset()
    """Items whose failure nobody may accept."""
    attesting_roles: frozenset[str] = frozenset()
    """Roles that may attest any item, beside the item's owner."""
    attesting: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Item to the roles that alone may attest it, instead of the general rule."""
    attestations_signed: bool = False
    """Whether an attestation without its author's signature counts for nothing."""
    attestation_days: int = 365
    """How long an attestation may last."""
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

    def count(self, state: State) -> int:
        """Return how many items of the judged scope are in the state."""
        return sum(result.state is state for result in self.judged)

    @property
    def judged(self) -> tuple[ItemResult, ...]:
        """The items that this verdict is about."""
        return tuple(r for r in self.items if self.scope is None or r.item.id in self.scope)
