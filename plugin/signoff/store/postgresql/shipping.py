"""Writes a run's journal here first and to the shared store as well: a connection that is lost costs no evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from signoff.errors import IntegrityError, StoreError
from signoff.store.medium import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

    from signoff.model import Checkpoint, Observation
    from signoff.store.files import FileStore
    from signoff.store.journal import JournalWriter
    from signoff.store.postgresql.store import PostgresStore


class ShippingWriter:
    """The one writer of a run's journal; each record is on this disk when the call returns, and usually there too."""

    def __init__(self, journal: JournalWriter, local: FileStore, shared: PostgresStore) -> None:
        self._journal, self._local, self._shared = journal, local, shared
        self._shipped = 0
        """How many records the shared store has."""
        self._why = ""
        """Why the shared store is behind."""
        self._catch_up()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *exception: object) -> None:
        """Close the file; without `close` the run counts as interrupted."""
        self._journal.__exit__(*exception)

    @property
    def checkpoint(self) -> Checkpoint:
        """What proves later that nothing was cut off."""
        return self._journal.checkpoint

    @property
    def files(self) -> Sequence[Path]:
        """The local journal."""
        return self._journal.files

    @property
    def warnings(self) -> Sequence[str]:
        """Whether the shared store lacks anything of this run."""
        missing = self.checkpoint.seq + 1 - self._shipped
        if not missing:
            return []
        todo = "run `signoff sync` when the store answers again"
        return [f"{missing} records of this run are only in {self._journal.path} ({self._why}); {todo}"]

    def append(self, seen: Observation) -> None:
        """Append one observation of this run."""
        self._journal.append(seen)
        self._ship()

    def close(self, ended: datetime, *, interrupted: bool = False) -> None:
        """Append the run's end, and bring what the shared store still lacks."""
        self._journal.close(ended, interrupted=interrupted)
        self._ship()
        if self.warnings:
            self._catch_up()

    def _ship(self) -> None:
        """Bring the newest record; once the store failed to answer, the run does not wait for it again."""
        end = self.checkpoint
        if self._shipped != end.seq:
            return
        try:
            self._shared.ship(end.run, end.seq, self._journal.line)
        except (StoreError, IntegrityError) as error:
            self._why = str(error)
        else:
            self._shipped = end.seq + 1

    def _catch_up(self) -> None:
        run = self.checkpoint.run
        lines = list(self._local.lines(Kind.JOURNAL, run))
        try:
            self._shared.extend(Kind.JOURNAL, run, 0, lines)
        except (StoreError, IntegrityError) as error:
            self._why = str(error)
        else:
            self._shipped = len(lines)
