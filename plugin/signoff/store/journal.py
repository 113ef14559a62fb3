"""Journals: one append-only file per run, kept observation by observation, so that a killed run leaves what it saw."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from signoff.errors import IntegrityError, RecordError
from signoff.model import Checkpoint, Observation, Run
from signoff.store import chain, codec
from signoff.store.atomic import sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import datetime
    from io import RawIOBase
    from pathlib import Path, PurePath

SCHEMA_VERSION = 1
SUFFIX = ".jsonl"
_SYNC_EVERY = 0.25
"""Seconds between two waits for the disk: one for each record would be most of what the engine costs."""
_STARTED = frozenset({"type", "schema_version", "run"})
_SEEN = frozenset({"type", "observation"})
_ENDED = frozenset({"type", "ended", "interrupted"})


class JournalWriter:
    """The one writer of a run's journal.

    Each record is the system's when the call returns: whatever becomes of the process, it is kept. A machine that loses
    its power may lose what was written in the last quarter of a second (or, if nothing followed, since then).
    """

    def __init__(self, path: Path, file: RawIOBase, run_id: str) -> None:
        self.path = path
        self._file, self._run, self._seq, self._prev = file, run_id, 0, chain.origin(path.name)
        self._sync_due = 0.0
        self.line = b""
        """The last record as it was written, without its newline."""

    @classmethod
    def create(cls, folder: Path, run: Run) -> Self:
        """Create the run's journal and note the run's beginning.

        Raises:
            RecordError: the run has a journal already, or its id is no file name.
        """
        if not run.id or run.id.startswith(".") or "/" in run.id or "\0" in run.id:
            raise RecordError(f"run id {run.id!r} cannot name a file")
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{run.id}{SUFFIX}"
        try:
            file = path.open("xb", buffering=0)
        except FileExistsError:
            raise RecordError(f"{path} exists: a run has one journal and one writer") from None
        writer = cls(path, file, run.id)
        writer._append({"type": "run-started", "schema_version": SCHEMA_VERSION, "run": codec.encode_run(run)})
        sync_folder(folder)
        return writer

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file; without `close` the run counts as interrupted."""
        self._file.close()

    @property
    def checkpoint(self) -> Checkpoint:
        """What proves later that nothing was cut off: to be kept outside of this file."""
        return Checkpoint(run=self._run, seq=self._seq - 1, sha256=self._prev)

    @property
    def files(self) -> Sequence[Path]:
        """The journal itself."""
        return [self.path]

    @property
    def warnings(self) -> Sequence[str]:
        """Nothing: the journal is where it belongs."""
        return []

    def append(self, seen: Observation) -> None:
        """Append one observation of this run.

        Raises:
            RecordError: it is of another run.
        """
        if seen.run != self._run:
            raise RecordError(f"an observation of run {seen.run} in the journal of {self._run}")
        self._append({"type": "observation", "observation": codec.encode_observation(seen)})

    def close(self, ended: datetime, *, interrupted: bool = False) -> None:
        """Append the run's end and close the file."""
        self._append({"type": "run-ended", "ended": codec.encode_instant(ended), "interrupted": interrupted})
        self._sync(time.monotonic())
        self._file.close()

    def _append(self, body: object) -> None:
        own, line = chain.forge(self._seq, self._prev, body)
        rest = memoryview(line)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]
        self._seq, self._prev, self.line = self._seq + 1, own, line[:-1]
        if (now := time.monotonic()) >= self._sync_due:
            self._sync(now)

    def _sync(self, now: float) -> None:
        os.fsync(self._file.fileno())
        self._sync_due = now + _SYNC_EVERY


@dataclass(frozen=True, kw_only=True, slots=True)
class Journal:
    """One journal as read."""

    run: Run | None
    """None: the run was killed before its first record was whole."""
    observations: tuple[Observation, ...]
    checkpoint: Checkpoint | None
    torn: str = ""
    """The place of a last line that its writer did not finish; what it held is lost, the rest counts."""


def read_journal(path: Path) -> Journal:
    """Return what the journal holds.

    Raises:
        IntegrityError: names the file and the line that was edited, removed, moved, or cannot be understood.
    """
    with path.open("rb") as file:
        return read_lines(path, file)


def read_lines(path: PurePath, lines: Iterable[bytes]) -> Journal:
    """Return what the lines of a journal hold, wherever they come from; `path` names it, and what it is chained to.

    Raises:
        IntegrityError: names the journal and the line that was edited, removed, moved, or cannot be understood.
    """
    run: Run | None = None
    observations: list[Observation] = []
    last, torn = None, ""
    for number, link, place in _links(path, lines):
        if link is None:
            torn = place
            continue
        last = link
        try:
            run = apply(run, number, link.body, observations, path.name.removesuffix(SUFFIX))
        except RecordError as error:
            raise IntegrityError(f"{place}: {error}") from None
    checkpoint = None if run is None or last is None else Checkpoint(run=run.id, seq=last.seq, sha256=last.hash)
    return Journal(run=run, observations=tuple(observations), checkpoint=checkpoint, torn=torn)


def _links(path: PurePath, lines: Iterable[bytes]) -> Iterator[tuple[int, chain.Link | None, str]]:
    """Yield number, link and place of each line; None for a last one that was not finished."""
    prev = chain.origin(path.name)
    for number, line in enumerate(lines):
        place = f"{path}:{number + 1}"
        whole = line.endswith(b"\n")
        try:
            link = chain.check(line.rstrip(b"\n") if whole else line, seq=number, prev=prev)
        except IntegrityError as error:
            if not whole:
                yield number, None, place
                return
            raise IntegrityError(f"{place}: {error}") from None
        prev = link.hash
        yield number, link, place


def apply(run: Run | None, number: int, body: dict[str, Any], seen: list[Observation], name: str) -> Run:
    """Add what the record says to `seen`, and return the run as it is known then.

    Args:
        run: as known before; None at the first record.
        number: the record's place, 0 for the first.
        body: what the record says.
        seen: where an observation goes.
        name: id of the run that the journal is named after.

    Raises:
        RecordError: the record is not understood, or does not belong here.
    """
    kind = body.get("type")
    if number == 0:
        return _begin(body, name)
    if run is None or run.ended is not None:
        raise RecordError("a record after the run's end")
    if kind == "observation":
        observation = observation_of(body)
        if observation.run != run.id:
            raise RecordError(f"an observation of another run, {observation.run}")
        seen.append(observation)
        return run
    if kind == "run-ended":
        codec.check_names(body, _ENDED)
        if not isinstance(body["interrupted"], bool):
            raise RecordError("interrupted: neither true nor false")
        return replace(run, ended=codec.decode_instant(body, "ended"), interrupted=body["interrupted"])
    raise RecordError(f"unknown type of record {kind!r}")


def observation_of(body: dict[str, Any]) -> Observation:
    """Return the observation that the record holds.

    Raises:
        RecordError: it is not understood.
    """
    codec.check_names(body, _SEEN)
    return codec.decode_observation(_fields(body, "observation"))


def _begin(body: dict[str, Any], name: str) -> Run:
    if body.get("type") != "run-started":
        raise RecordError("the first record is not the run's beginning")
    if body.get("schema_version") != SCHEMA_VERSION:
        raise RecordError(f"schema version {body.get('schema_version')!r}, this program reads {SCHEMA_VERSION}")
    codec.check_names(body, _STARTED)
    run = codec.decode_run(_fields(body, "run"))
    if run.id != name:
        raise RecordError(f"the journal of another run, {run.id}")
    return run


def _fields(body: dict[str, Any], name: str) -> dict[str, Any]:
    value = body[name]
    if not isinstance(value, dict):
        raise RecordError(f"{name}: not an object")
    return value


@dataclass(frozen=True, kw_only=True, slots=True)
class Journals:
    """All journals of one environment."""

    runs: tuple[Run, ...]
    observations: tuple[Observation, ...]
    checkpoints: tuple[Checkpoint, ...]
    torn: tuple[str, ...]
    """Places of unfinished last lines, for information."""
    broken: tuple[str, ...]
    """What is wrong with journals that cannot be trusted, one sentence each; nothing of these is in the others."""
    left_out: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Of the last runs, by id: how many passes of each item are not among the observations: later ones confirm them."""


def read_journals(folder: Path) -> Journals:
    """Return everything that the folder's journals hold, the broken ones named; an absent folder holds nothing."""
    read: list[Journal] = []
    broken: list[str] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        try:
            read.append(read_journal(path))
        except IntegrityError as error:
            broken.append(str(error))
        except OSError as error:
            broken.append(f"{path}: cannot be read: {error.strerror}")
    return summarise(read, broken)


def summarise(read: Sequence[Journal], broken: Sequence[str]) -> Journals:
    """Return the journals as one."""
    return Journals(
        runs=tuple(journal.run for journal in read if journal.run is not None),
        observations=tuple(seen for journal in read for seen in journal.observations),
        checkpoints=tuple(journal.checkpoint for journal in read if journal.checkpoint is not None),
        torn=tuple(journal.torn for journal in read if journal.torn),
        broken=tuple(broken),
    )


def missing_checkpoints(folder: Path, checkpoints: Iterable[Checkpoint]) -> tuple[str, ...]:
    """Return one sentence for each checkpoint that its chain no longer contains: it was cut, replaced or removed."""
    found = []
    for checkpoint in sorted(set(checkpoints)):
        path = folder / f"{checkpoint.run}{SUFFIX}"
        if not path.is_file():
            found.append(missing_sentence(str(path), None))
            continue
        with path.open("rb") as lines:
            if not any(holds(line.rstrip(b"\n"), checkpoint.seq, checkpoint.sha256) for line in lines):
                found.append(missing_sentence(str(path), checkpoint.seq))
    return tuple(found)


def missing_sentence(place: str, seq: int | None) -> str:
    """Return what is said of a chain that lacks a record, or (None) is not there at all."""
    what = "is gone, although" if seq is None else f"no longer has the record {seq} that"
    return f"{place}: {what} a signature or the ledger rests on{' it' if seq is None else ''}"


def holds(line: bytes, seq: int, sha256: str) -> bool:
    """Whether the line is the record of this number and hash; that the hash is right is for others to prove."""
    return line.endswith(f',"seq":{seq}}}'.encode()) and f',"hash":"{sha256}","prev":"'.encode() in line[-200:]
