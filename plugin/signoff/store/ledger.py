"""The ledger: what people decided, as append-only chains of records.

A chain is written by one store only; others get it whole. Decisions read the records of all chains as one set.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from signoff.errors import IntegrityError, RecordError
from signoff.model import IssueAction, LedgerCheckpoint, LedgerRecord
from signoff.store import chain
from signoff.store.journal import SUFFIX
from signoff.store.ledger_codec import decode_record

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

B = TypeVar("B")

_BEGINNING = b'{"body":'


@dataclass(frozen=True, kw_only=True, slots=True)
class LedgerChain:
    """One chain as read."""

    records: tuple[LedgerRecord, ...]
    checkpoint: LedgerCheckpoint | None
    """None: the chain holds no record."""
    torn: tuple[str, ...] = ()
    """Places of lines that their writer did not finish; what they held was never acknowledged."""
    hashes: tuple[str, ...] = ()
    """Of the records, in their order."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ledger:
    """All chains of one environment."""

    records: tuple[LedgerRecord, ...]
    """Ordered by (at, id), each once."""
    checkpoints: tuple[LedgerCheckpoint, ...]
    """The last record of each chain."""
    torn: tuple[str, ...] = ()
    """Places of unfinished lines, for information."""
    broken: tuple[str, ...] = ()
    """What is wrong with chains that cannot be trusted, one sentence each; nothing of these is in the others."""
    hashes: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    """Chain to the hashes of its records, in their order."""

    def of(self, kind: type[B]) -> tuple[B, ...]:
        """Return what the records of one kind say, oldest first."""
        return tuple(record.body for record in self.records if isinstance(record.body, kind))

    def holds(self, checkpoint: LedgerCheckpoint) -> bool:
        """Whether its chain still has the record."""
        hashes = self.hashes.get(checkpoint.ledger, ())
        return 0 <= checkpoint.seq < len(hashes) and hashes[checkpoint.seq] == checkpoint.sha256

    @property
    def actions(self) -> tuple[IssueAction, ...]:
        """What people said about issues, and when they said it: that they cannot choose."""
        return tuple(
            replace(record.body, recorded=record.at) for record in self.records if isinstance(record.body, IssueAction)
        )


def read_chain(ledger: str, lines: Iterable[bytes], place: str) -> LedgerChain:
    """Return what one chain holds.

    Args:
        ledger: the chain's id.
        lines: with their newlines.
        place: where the lines lie, for messages.

    Raises:
        IntegrityError: names the line that was edited, removed, moved, or cannot be understood.
    """
    prev, seq = chain.origin(f"{ledger}{SUFFIX}"), 0
    records: list[LedgerRecord] = []
    hashes: list[str] = []
    torn: list[str] = []
    for number, line in enumerate(lines, 1):
        if is_torn(line):
            torn.append(f"{place}:{number}")
            continue
        try:
            link = chain.check(line.removesuffix(b"\n"), seq=seq, prev=prev)
            records.append(decode_record(link.body))
        except (IntegrityError, RecordError) as error:
            raise IntegrityError(f"{place}:{number}: {error}") from None
        prev, seq = link.hash, seq + 1
        hashes.append(prev)
    checkpoint = LedgerCheckpoint(ledger=ledger, seq=seq - 1, sha256=prev) if seq else None
    return LedgerChain(records=tuple(records), checkpoint=checkpoint, torn=tuple(torn), hashes=tuple(hashes))


def is_torn(line: bytes) -> bool:
    """Whether a writer was killed while it wrote the line: the beginning of a record, and not its end.

    A torn line takes no place in the chain, so nothing is lost by passing over it: had it been whole once, the record
    after it would follow *it*, and not fit.
    """
    body = line.removesuffix(b"\n")
    begun = bool(body) and body[: len(_BEGINNING)] == _BEGINNING[: len(body)]
    return begun and not chain.is_sealed(body)


def merge(chains: Iterable[LedgerChain], broken: Iterable[str]) -> Ledger:
    """Return the chains as one set of records; two different records under one id are a break."""
    read = list(chains)
    found: dict[str, LedgerRecord] = {}
    twice = [
        f"the ledger has two different records {record.id}"
        for record in (record for each in read for record in each.records)
        if found.setdefault(record.id, record) != record
    ]
    return Ledger(
        records=tuple(sorted(found.values(), key=lambda record: (record.at, record.id))),
        checkpoints=tuple(sorted(each.checkpoint for each in read if each.checkpoint is not None)),
        torn=tuple(place for each in read for place in each.torn),
        broken=(*broken, *twice),
        hashes={each.checkpoint.ledger: each.hashes for each in read if each.checkpoint is not None},
    )
