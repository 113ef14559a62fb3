"""What people record: waivers, attestations, approvals, what they say of issues, and the ledger of all of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import date, datetime
    from decimal import Decimal

    from signoff.model.seen import Checkpoint, LedgerCheckpoint
    from signoff.model.words import State, Text


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

    Publishing changes no decision: verdicts never read this, and reports only to refer to it.
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
