"""The shared store: the same chains and envelopes as rows of PostgreSQL, written by many machines at once.

Runs are written to the local folder as well: what the database could not take is brought there by `signoff sync`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, TypeVar

from ulid import ULID

from signoff.errors import IntegrityError
from signoff.model import ApprovalKept, LedgerRecord, RunClosed
from signoff.store.approvals import read_approvals, sign_approval
from signoff.store.journal import SUFFIX, holds, missing_sentence, read_lines, summarise
from signoff.store.ledger import merge, read_chain
from signoff.store.ledger_codec import encode_record
from signoff.store.medium import Kind
from signoff.store.needed import read_needed
from signoff.store.postgresql.connection import LostError
from signoff.store.postgresql.mirror import folder_of, refresh
from signoff.store.postgresql.rows import FOLDERS, TABLES, PostgresRows, path_of
from signoff.store.postgresql.shipping import ShippingWriter
from signoff.store.remembered import Memory, default_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from datetime import datetime

    from signoff.model import Approval, Checkpoint, LedgerBody, LedgerCheckpoint, Person, Run
    from signoff.store.approvals import Approvals
    from signoff.store.base import RunWriter
    from signoff.store.files import FileStore
    from signoff.store.journal import Journal, Journals
    from signoff.store.ledger import Ledger, LedgerChain
    from signoff.store.sign import SigningKey

    T = TypeVar("T")

_TODO = "run `signoff sync`"


class PostgresStore(PostgresRows):
    """The evidence of one environment in a database that a team shares."""

    def __init__(self, address: str, environment: str, local: FileStore) -> None:
        """Nothing is connected yet.

        Args:
            address: `postgresql://…`; a secret.
            environment: whose evidence this is.
            local: where runs are written first.

        Raises:
            StoreError: the address is none.
        """
        super().__init__(address, environment)
        self._local = local

    def begin_run(self, run: Run) -> RunWriter:
        """Create the run's journal, here and there."""
        return ShippingWriter(self._local.begin_run(run), self._local, self)

    def journals(self) -> Journals:
        """Return everything that was ever seen, the broken journals named."""
        read: list[Journal] = []
        broken: list[str] = []
        for path, lines in self.all_chains(Kind.JOURNAL):
            try:
                read.append(read_lines(path, lines))
            except IntegrityError as error:
                broken.append(f"{self.name}: {error}")
        return summarise(read, broken)

    def needed(self, until: datetime, earlier: Callable[[Sequence[Run]], Iterable[datetime]] | None) -> Journals:
        """Return at least what decisions at some instants can rest on; what did not change is not fetched again."""
        folder = folder_of(self.name, self.environment)
        try:
            refresh(folder, self.digests(), SUFFIX, self.raw)
        except (OSError, IntegrityError):  # no place for a copy, or a journal that no file can be named after
            return self.journals()
        found = read_needed(folder, until, Memory(default_folder()).look, earlier)
        here, there = f"{folder}/", f"{self.name}: {FOLDERS[Kind.JOURNAL]}/"
        return replace(found, broken=tuple(problem.replace(here, there) for problem in found.broken))

    def ledger(self) -> Ledger:
        """Return everything that was ever decided, the broken chains named."""
        chains: list[LedgerChain] = []
        broken: list[str] = []
        for path, lines in self.all_chains(Kind.LEDGER):
            try:
                chains.append(read_chain(path.name.removesuffix(SUFFIX), lines, str(path)))
            except IntegrityError as error:
                broken.append(f"{self.name}: {error}")
        return merge(chains, broken)

    def approvals(self, roster: Sequence[Person]) -> Approvals:
        """Return all approvals, sorted by how far they can be trusted."""
        return read_approvals(((f"{self.name}: {name}", content) for name, content in self.envelopes()), roster)

    def record(self, body: LedgerBody, *, at: datetime, by: str) -> LedgerRecord:
        """Append a decision to this store's own chain; it is committed when the call returns.

        The end of a run that the database cannot take is noted in the local folder, as its journal was.
        """
        record = LedgerRecord(id=str(ULID()), at=at, by=by, body=body)
        encoded = encode_record(record)
        try:
            self.append(record.id, encoded)
        except LostError:
            if not isinstance(body, RunClosed):
                raise
            return self._local.record(body, at=at, by=by)
        return record

    def keep_approval(self, approval: Approval, key: SigningKey) -> Approval:
        """Sign the approval, keep it, and note it in the ledger."""
        stem, content, kept = sign_approval(approval, key)
        self.add_envelope(stem, content)
        body = ApprovalKept(envelope_sha256=kept.envelope_sha256, role=kept.role, decision=kept.decision)
        self.record(body, at=kept.created, by=kept.approver)
        return kept

    def missing_checkpoints(
        self, checkpoints: Iterable[Checkpoint], ledgers: Iterable[LedgerCheckpoint] = ()
    ) -> tuple[str, ...]:
        """Return one sentence for each checkpoint that its chain no longer contains."""
        wanted = {(Kind.JOURNAL, each.run, each.seq, each.sha256) for each in checkpoints}
        wanted |= {(Kind.LEDGER, each.ledger, each.seq, each.sha256) for each in ledgers}
        found = []
        for kind, chain, seq, sha256 in sorted(wanted):
            query = f"SELECT line FROM {TABLES[kind]} WHERE environment = %s AND chain = %s"  # noqa: S608 - our names
            if not self.rows(query + " LIMIT 1", [chain]):
                found.append(missing_sentence(f"{self.name}: {path_of(kind, chain)}", None))
            elif not any(holds(line, seq, sha256) for (line,) in self.rows(query + " AND seq = %s", [chain, seq])):
                found.append(missing_sentence(f"{self.name}: {path_of(kind, chain)}", seq))
        return tuple(found)

    def notes(self) -> list[str]:
        """Return what only the local folder has."""
        waiting = []
        for kind in Kind:
            query = f"SELECT chain, max(seq) FROM {TABLES[kind]} WHERE environment = %s GROUP BY chain"  # noqa: S608
            there = dict(self.rows(query))
            for chain in self._local.chains(kind):
                here = self._local.head(kind, chain)
                if here is not None and there.get(chain, -1) < here[0]:
                    waiting.append(f"{self._local.name}: {kind} {chain} is not (wholly) in {self.name}; {_TODO}")
        return waiting
