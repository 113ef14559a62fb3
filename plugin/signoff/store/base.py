"""What every store of evidence can do, whether it keeps files or rows: the same guarantees, the same bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

from signoff.store.medium import Medium

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime
    from pathlib import Path

    from signoff.model import (
        Approval,
        Checkpoint,
        LedgerBody,
        LedgerCheckpoint,
        LedgerRecord,
        Observation,
        Person,
        Run,
    )
    from signoff.store.approvals import Approvals
    from signoff.store.journal import Journals
    from signoff.store.ledger import Ledger
    from signoff.store.sign import SigningKey


class RunWriter(Protocol):
    """The one writer of a run's journal. Each record is kept when the call returns."""

    def __enter__(self) -> Self:
        """Return the writer."""

    def __exit__(self, *_: object) -> None:
        """Let go of the journal; without `close` the run counts as interrupted."""

    @property
    def checkpoint(self) -> Checkpoint:
        """What proves later that nothing was cut off: to be kept outside of the journal."""

    @property
    def files(self) -> Sequence[Path]:
        """Local files that hold what was written, if any: where a leaked secret would stand."""

    @property
    def warnings(self) -> Sequence[str]:
        """What the user must know of where the evidence is now, one sentence each."""

    def append(self, seen: Observation) -> None:
        """Append one observation of this run.

        Raises:
            RecordError: it is of another run.
        """

    def close(self, ended: datetime, *, interrupted: bool = False) -> None:
        """Append the run's end, and let go of the journal."""


class Store(Medium, Protocol):
    """The evidence of one environment: journals of runs, the ledger of decisions, and signed approvals."""

    def begin_run(self, run: Run) -> RunWriter:
        """Create the run's journal and note the run's beginning.

        Raises:
            RecordError: the run has a journal already, or its id cannot name one.
        """

    def journals(self) -> Journals:
        """Return everything that was ever seen here, the broken journals named."""

    def needed(self, until: datetime, earlier: Callable[[Sequence[Run]], Iterable[datetime]] | None) -> Journals:
        """Return at least what decisions at some instants can rest on, of a long history much faster than everything.

        Args:
            until: how far in the future a record may lie before its clock is not believed.
            earlier: given all runs, the instants of which it will also be asked what was known then. None: nobody asks
                of the past, and passes that are left out are not counted.
        """

    def ledger(self) -> Ledger:
        """Return everything that was ever decided here, the broken chains named."""

    def approvals(self, roster: Sequence[Person]) -> Approvals:
        """Return all approvals, sorted by how far they can be trusted."""

    def record(self, body: LedgerBody, *, at: datetime, by: str) -> LedgerRecord:
        """Append a decision to the ledger, and return it as it is kept now.

        Raises:
            RecordError: the body has no lasting form.
            IntegrityError: the chain's end was edited: nothing can be chained to it.
            StoreError: the store cannot be written now; the message says what to do.
        """

    def keep_approval(self, approval: Approval, key: SigningKey) -> Approval:
        """Sign the approval, keep it, note it in the ledger, and return it with its key and envelope filled in.

        Raises:
            ApprovalError: a field cannot be part of a name.
        """

    def notes(self) -> Sequence[str]:
        """Return what a reader must know beside the evidence: that some of it lies elsewhere, and what to do."""

    def missing_checkpoints(
        self, checkpoints: Iterable[Checkpoint], ledgers: Iterable[LedgerCheckpoint] = ()
    ) -> tuple[str, ...]:
        """Return one sentence for each checkpoint that its chain, cut, replaced or removed, no longer contains."""
