"""Lines of a chain in a file: those that count, the end where the next one belongs, and whose chain it is."""

from __future__ import annotations

import json
import os
import platform
from typing import TYPE_CHECKING, BinaryIO

from ulid import ULID

from signoff.errors import IntegrityError
from signoff.store import chain
from signoff.store.atomic import write_atomic
from signoff.store.ledger import is_torn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path, PurePath

_TAIL = 1 << 16
"""Bytes of a chain's end that are read at first to find its last record."""


def check_name(name: str) -> None:
    """Return if a file may have this name: what another store calls its chains must not reach beyond the folder.

    Raises:
        IntegrityError: it may not.
    """
    if not name or name.startswith(".") or "/" in name or "\0" in name:
        raise IntegrityError(f"{name!r} cannot name a file")


def whole_lines(lines: Iterable[bytes], path: PurePath) -> Iterator[bytes]:
    """Yield the records among the lines, each without its newline.

    Raises:
        IntegrityError: names the first that does not fit.
    """
    prev, seq = chain.origin(path.name), 0
    for number, line in enumerate(lines, 1):
        text = line.removesuffix(b"\n")
        if is_torn(line):
            continue
        try:
            prev = chain.verify(text, seq=seq, prev=prev)
        except IntegrityError as error:
            raise IntegrityError(f"{path}:{number}: {error}") from None
        seq += 1
        yield text


def end_of(file: BinaryIO, path: Path) -> tuple[int, str, bytes]:
    """Return the next record's number, the hash it follows, and what must be written first to end a torn line.

    Raises:
        IntegrityError: the last record was edited.
    """
    size = file.seek(0, os.SEEK_END)
    window = _TAIL
    while True:
        start = max(0, size - window)
        file.seek(start)
        lines = file.read(size - start).split(b"\n")
        before = b"\n" if lines[-1] else b""
        # The first piece may be the rest of a longer line, unless it is the file's beginning.
        whole = [line for line in lines[0 if start == 0 else 1 :] if line and not is_torn(line)]
        if whole:
            try:
                seq, own = chain.seal(whole[-1])
            except IntegrityError as error:
                raise IntegrityError(f"{path}: its last record {error}; nothing can follow it") from None
            return seq + 1, own, before
        if start == 0:
            return 0, chain.origin(path.name), before
        window *= 4


def own_chain(folder: Path) -> str:
    """Return the id of the chain that this folder on this machine appends to.

    A copy of the folder has another inode, or lies on another machine: it begins a chain of its own, so that two copies
    that are both written to can still be united.
    """
    path = folder / ".own"
    here = f"{platform.node()}:{folder.stat().st_ino}"
    try:
        noted = json.loads(path.read_bytes())
        if noted["here"] == here:
            return str(noted["ledger"])
    except (OSError, ValueError, KeyError, TypeError):
        pass  # a marker that is gone or torn costs a new chain, never a record
    ledger = str(ULID())
    write_atomic(path, json.dumps({"ledger": ledger, "here": here}))
    return ledger
