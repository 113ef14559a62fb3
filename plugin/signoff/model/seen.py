"""What was seen: observations, runs, and what proves that their records are whole."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.model.asked import Cell
    from signoff.model.words import Outcome


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
