"""Remembers what journals hold, so that a long history is looked at once and then only proven to be the same bytes.

What is remembered lies in the user's own cache folder, never beside the evidence: whoever can change a report folder
cannot change what was noted about it. It is named by the digest of the journal's bytes, so a journal that was edited or
has grown is looked at anew. Deleting the folder costs time, nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from array import array
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signoff.errors import IntegrityError
from signoff.model import Checkpoint
from signoff.store import chain, journal
from signoff.store.atomic import write_atomic
from signoff.store.glance import Glance, glance

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.model import Cell, Run

Looked = Glance | IntegrityError | OSError

_FORM = "signoff-glance/1"
_WORTH_REMEMBERING = 1 << 20
"""Bytes of a journal below which looking again is as fast as remembering."""
_WORTH_A_PROCESS = 32 << 20
_PLANNED, _AFTER_PLANNED = b'"planned":', b',"release":"'


def default_folder() -> Path:
    """Return the user's cache folder of this program."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "signoff" / "journals"


class Memory:
    """What was noted about journals, one file each in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._planned: dict[bytes, tuple[Cell, ...]] = {}
        """Nightly runs plan the same cells: each list is kept once."""

    def look(self, paths: Sequence[Path]) -> Mapping[Path, Looked]:
        """Return what each of the journals holds, or what is wrong with it."""
        large = [path for path in paths if _size(path) >= _WORTH_REMEMBERING]
        if not large:
            return {path: self._look(path, "") for path in paths}
        from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - not part of every run

        with ThreadPoolExecutor() as pool:  # hashing lets go of the interpreter
            digests = dict(zip(large, pool.map(_digest, large), strict=True))
        self._learn({path: digest for path, digest in digests.items() if digest and not self._note(digest).exists()})
        return {path: self._look(path, digests.get(path, "")) for path in paths}

    def _look(self, path: Path, digest: str) -> Looked:
        try:
            remembered = self._recall(path, digest) if digest else None
            return remembered if remembered is not None else _glance(path)
        except (IntegrityError, OSError) as error:
            return error

    def _learn(self, unknown: Mapping[Path, str]) -> None:
        """Look at journals that are not known yet, in several processes if that is worth their start."""
        jobs = [(path, self._note(digest)) for path, digest in unknown.items()]
        if len(jobs) > 1 and sum(_size(path) for path, _ in jobs) >= _WORTH_A_PROCESS:
            from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415 - not part of every run
            from multiprocessing import get_context  # noqa: PLC0415

            with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn")) as pool:
                list(pool.map(_learn, *zip(*jobs, strict=True)))
        else:
            for path, note in jobs:
                _learn(path, note)

    def _recall(self, path: Path, digest: str) -> Glance | None:
        """Return what is noted; None if it is gone, torn, or of another version: looking again mends that."""
        try:
            noted = json.loads(zlib.decompress(self._note(digest).read_bytes()))
            if noted.pop("form") != _FORM:
                return None
            ended, interrupted = noted.pop("ended"), noted.pop("interrupted")
            run = self._run(path)
            return Glance(
                run=replace(run, ended=datetime.fromisoformat(ended) if ended else None, interrupted=interrupted),
                checkpoint=Checkpoint(run=run.id, seq=noted["seq"], sha256=noted["sha256"]),
                torn=f"{path}:{noted['torn']}" if noted["torn"] else "",
                earliest=datetime.fromisoformat(noted["earliest"]),
                latest=datetime.fromisoformat(noted["latest"]),
                passes=noted["passes"].encode(),
                places=array("Q", noted["places"]),
                others=array("Q", noted["others"]),
            )
        except (OSError, zlib.error, ValueError, KeyError, TypeError, AttributeError, OverflowError):
            return None

    def _run(self, path: Path) -> Run:
        """Return the run as it began; the list of planned cells is taken over if another run planned the same."""
        with path.open("rb") as file:
            line = file.readline().removesuffix(b"\n")
        # A quotation mark inside of a text is written with a backslash, so this cannot be part of one.
        start, end = line.index(_PLANNED) + len(_PLANNED), line.index(_AFTER_PLANNED)
        planned = line[start:end]
        if planned not in self._planned:
            self._planned[planned] = _begun(path, line).planned
        return replace(_begun(path, line[:start] + b"[]" + line[end:]), planned=self._planned[planned])

    def _note(self, digest: str) -> Path:
        return self._folder / f"{digest}.z"


def _glance(path: Path) -> Glance:
    with path.open("rb") as file:
        return glance(path, file)


def _learn(path: Path, note: Path) -> None:
    """Look at a journal and note what it holds; what cannot be noted will be looked at again."""
    with suppress(IntegrityError, OSError):
        found = _glance(path)
        if found.run is None or found.checkpoint is None:
            return
        noted: dict[str, Any] = {
            "form": _FORM,
            "ended": found.run.ended.isoformat() if found.run.ended else "",
            "interrupted": found.run.interrupted,
            "seq": found.checkpoint.seq,
            "sha256": found.checkpoint.sha256,
            "torn": found.torn.rpartition(":")[2],
            "earliest": found.earliest.isoformat(),
            "latest": found.latest.isoformat(),
            "passes": found.passes.decode(),
            "places": list(found.places),
            "others": list(found.others),
        }
        note.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(note, zlib.compress(json.dumps(noted).encode(), 1))


def _begun(path: Path, line: bytes) -> Run:
    name = path.name.removesuffix(journal.SUFFIX)
    return journal.apply(None, 0, chain.body_of(line), [], name)


def _digest(path: Path) -> str:
    """Return the digest of the journal's name and bytes; empty if it cannot be read now."""
    try:
        with path.open("rb") as file:
            # The name is part of the chain, so it is part of what is remembered.
            return hashlib.file_digest(file, lambda: hashlib.sha256(path.name.encode() + b"\0")).hexdigest()
    except OSError:
        return ""


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
