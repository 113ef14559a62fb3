"""Reads everything that a store holds, and says what of it is broken, gone or shorter than somebody wrote down."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from signoff.model import ApprovalKept, Checkpoint, RunClosed
from signoff.store import chain as links
from signoff.store.medium import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from signoff.model import Person
    from signoff.store.approvals import Approvals
    from signoff.store.base import Store
    from signoff.store.journal import Journals
    from signoff.store.ledger import Ledger


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """Everything that was seen, decided and signed."""

    journals: Journals
    ledger: Ledger
    approvals: Approvals
    problems: tuple[str, ...]
    """What makes the evidence untrustworthy, one sentence each; any of them makes the verdict INVALID."""


def read(
    store: Store, roster: Sequence[Person], journals_of: Callable[[Store, Approvals], Journals] | None = None
) -> Evidence:
    """Return what the store holds, checked against itself: signatures and ledger name what must still be there.

    Args:
        store: where the evidence is.
        roster: whose signatures count.
        journals_of: reads the journals, given the approvals; None reads every record of them.
    """
    reading = journals_of or (lambda store, _approvals: store.journals())
    found = _read(store, roster, reading)
    # Somebody may have written meanwhile, so that one part knows of what the other did not have yet.
    return _read(store, roster, reading) if found.problems else found


def _read(store: Store, roster: Sequence[Person], reading: Callable[[Store, Approvals], Journals]) -> Evidence:
    journals = reading(store, store.approvals(roster))
    ledger = store.ledger()
    approvals = store.approvals(roster)
    named = {Checkpoint(run=end.run, seq=end.seq, sha256=end.sha256) for end in ledger.of(RunClosed)}
    named.update(checkpoint for approval in approvals.approvals for checkpoint in approval.checkpoints)
    return Evidence(
        journals=journals,
        ledger=ledger,
        approvals=approvals,
        problems=(
            *journals.broken,
            *ledger.broken,
            *approvals.broken,
            # Most checkpoints are a journal's very end: those need no second look.
            *store.missing_checkpoints(named.difference(journals.checkpoints)),
            *_lost_records(store.name, ledger, journals, approvals),
            *_lost_approvals(store.name, ledger, approvals),
        ),
    )


def holds(store: Store, seq: int, beginning: str) -> bool:
    """Whether any chain of the store has the record of this number whose hash begins so: the ledger's, then journals'.

    Raises:
        IntegrityError: a chain is broken, so that nothing can be said of what it holds.
    """
    return any(
        links.seal(line)[1].startswith(beginning)
        for kind in (Kind.LEDGER, Kind.JOURNAL)
        for chain in store.chains(kind)
        for line in islice(store.lines(kind, chain), seq, seq + 1)
    )


def _lost_records(name: str, ledger: Ledger, journals: Journals, approvals: Approvals) -> list[str]:
    """Return what journals and signatures remember of the ledger, and it no longer has."""
    known = {head: f"run {run.id} began" for run in journals.runs for head in run.ledgers}
    known |= {head: f"{given.role} signed" for given in approvals.approvals for head in given.ledgers}
    return [
        f"{name}: the ledger {head.ledger} no longer has the record {head.seq}, which it had when {when}"
        for head, when in sorted(known.items())
        if not ledger.holds(head)
    ]


def _lost_approvals(name: str, ledger: Ledger, approvals: Approvals) -> tuple[str, ...]:
    return tuple(
        f"{name}: the {kept.decision} of {kept.role} that the ledger records is gone "
        f"(envelope {kept.envelope_sha256[:8]})"
        for kept in ledger.of(ApprovalKept)
        if kept.envelope_sha256 not in approvals.kept and not approvals.broken
    )
