"""The embedded store: one folder of files for each environment."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ulid import ULID

from signoff.errors import IntegrityError, StoreError
from signoff.model import ApprovalKept, Checkpoint, LedgerRecord
from signoff.store import chain as links
from signoff.store.approvals import SUFFIX as ENVELOPE_SUFFIX
from signoff.store.approvals import names_of, read_approvals, sign_approval
from signoff.store.atomic import create_atomic, sync_folder, write_atomic
from signoff.store.journal import SUFFIX, JournalWriter, missing_checkpoints, read_journals
from signoff.store.ledger import merge, read_chain
from signoff.store.ledger_codec import encode_record
from signoff.store.lines import check_name, end_of, own_chain, whole_lines
from signoff.store.lock import locked
from signoff.store.medium import Kind
from signoff.store.needed import read_needed
from signoff.store.remembered import Memory, default_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from signoff.model import Approval, LedgerBody, LedgerCheckpoint, Person, Run
    from signoff.store.approvals import Approvals
    from signoff.store.journal import Journals
    from signoff.store.ledger import Ledger, LedgerChain
    from signoff.store.sign import SigningKey


class FileStore:
    """Journals in `runs/`, one file each; chains of the ledger in `ledger/`; signed approvals in `approvals/`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._approvals = folder / "approvals"
        self._chains = {Kind.JOURNAL: folder / "runs", Kind.LEDGER: folder / "ledger"}

    @property
    def name(self) -> str:
        """The folder."""
        return str(self.folder)

    # --- evidence -----------------------------------------------------------------------------------------------

    def begin_run(self, run: Run) -> JournalWriter:
        """Create the run's journal and note the run's beginning."""
        return JournalWriter.create(self._chains[Kind.JOURNAL], run)

    def journals(self) -> Journals:
        """Return everything that was ever seen here, the broken journals named."""
        return read_journals(self._chains[Kind.JOURNAL])

    def needed(self, until: datetime, earlier: Callable[[Sequence[Run]], Iterable[datetime]] | None) -> Journals:
        """Return at least what decisions at some instants can rest on; large journals are remembered."""
        return read_needed(self._chains[Kind.JOURNAL], until, Memory(default_folder()).look, earlier)

    def ledger(self) -> Ledger:
        """Return everything that was ever decided here, the broken chains named."""
        chains: list[LedgerChain] = []
        broken: list[str] = []
        for ledger in self.chains(Kind.LEDGER):
            path = self._path(Kind.LEDGER, ledger)
            try:
                with path.open("rb") as lines:
                    chains.append(read_chain(ledger, lines, str(path)))
            except IntegrityError as error:
                broken.append(str(error))
            except OSError as error:
                broken.append(f"{path}: cannot be read: {error.strerror}")
        return merge(chains, broken)

    def approvals(self, roster: Sequence[Person]) -> Approvals:
        """Return all approvals, sorted by how far they can be trusted."""
        return read_approvals(((str(path), _content(path)) for path in self._envelopes()), roster)

    def record(self, body: LedgerBody, *, at: datetime, by: str) -> LedgerRecord:
        """Append a decision to this store's own chain; it is on the disk when the call returns."""
        record = LedgerRecord(id=str(ULID()), at=at, by=by, body=body)
        encoded = encode_record(record)
        folder = self._chains[Kind.LEDGER]
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            path = self._path(Kind.LEDGER, own_chain(folder))
            new = not path.exists()
            with path.open("a+b", buffering=0) as file:
                seq, prev, before = end_of(file, path)
                line = before + links.forge(seq, prev, encoded)[1]
                if file.write(line) != len(line):  # one write: what a kill leaves is a beginning of the line
                    raise StoreError(f"{path}: the disk is full; make room, and record this again")
                os.fsync(file.fileno())
            if new:
                sync_folder(folder)
        return record

    def keep_approval(self, approval: Approval, key: SigningKey) -> Approval:
        """Sign the approval, keep it as a new file, and note it in the ledger."""
        stem, content, kept = sign_approval(approval, key)
        self.add_envelope(stem, content)
        body = ApprovalKept(envelope_sha256=kept.envelope_sha256, role=kept.role, decision=kept.decision)
        self.record(body, at=kept.created, by=kept.approver)
        return kept

    def missing_checkpoints(
        self, checkpoints: Iterable[Checkpoint], ledgers: Iterable[LedgerCheckpoint] = ()
    ) -> tuple[str, ...]:
        """Return one sentence for each checkpoint that its chain no longer contains."""
        heads = [Checkpoint(run=each.ledger, seq=each.seq, sha256=each.sha256) for each in ledgers]
        return (
            *missing_checkpoints(self._chains[Kind.JOURNAL], checkpoints),
            *missing_checkpoints(self._chains[Kind.LEDGER], heads),
        )

    def notes(self) -> list[str]:
        """Return nothing: all that there is lies here."""
        return []

    # --- moving it ----------------------------------------------------------------------------------------------

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Do nothing more: each file is replaced as a whole, and each is right without the others."""
        yield

    def chains(self, kind: Kind) -> list[str]:
        """Return the ids of all chains of the kind."""
        return sorted(path.name.removesuffix(SUFFIX) for path in self._chains[kind].glob(f"*{SUFFIX}"))

    def lines(self, kind: Kind, chain: str) -> Iterator[bytes]:
        """Yield the chain's records, each without its newline."""
        path = self._path(kind, chain)
        with path.open("rb") as file:
            yield from whole_lines(file, path)

    def head(self, kind: Kind, chain: str) -> tuple[int, str] | None:
        """Return number and hash of the chain's last record."""
        path = self._path(kind, chain)
        if not path.exists():
            return None
        with path.open("rb") as file:
            seq, own, _ = end_of(file, path)
        return (seq - 1, own) if seq else None

    def extend(self, kind: Kind, chain: str, start: int, lines: Iterable[bytes]) -> int:
        """Make sure that these records are there; the file is replaced as a whole."""
        folder, path = self._chains[kind], self._path(kind, chain)
        folder.mkdir(parents=True, exist_ok=True)
        with locked(folder):
            kept = list(self.lines(kind, chain)) if path.exists() else []
            given = list(lines)
            here = kept[start : start + len(given)]
            if start > len(kept) or here != given[: len(here)]:
                raise IntegrityError(f"{path}: has other records than the chain that is to continue it")
            new = given[len(here) :]
            if new:
                write_atomic(path, b"".join(line + b"\n" for line in (*kept, *new)))
        return len(new)

    def envelopes(self) -> list[tuple[str, bytes]]:
        """Return name and content of every signed approval."""
        return [(path.name, path.read_bytes()) for path in self._envelopes()]

    def add_envelope(self, stem: str, content: bytes) -> None:
        """Keep an envelope under the first free name."""
        check_name(stem)
        for name in names_of(stem):
            try:
                create_atomic(self._approvals / name, content)
            except FileExistsError:
                continue
            return

    def _path(self, kind: Kind, chain: str) -> Path:
        check_name(chain)
        return self._chains[kind] / f"{chain}{SUFFIX}"

    def _envelopes(self) -> list[Path]:
        return sorted(self._approvals.glob(f"*{ENVELOPE_SUFFIX}"))


def _content(path: Path) -> bytes | OSError:
    try:
        return path.read_bytes()
    except OSError as error:
        return error
