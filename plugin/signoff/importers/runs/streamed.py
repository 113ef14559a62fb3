"""A file read once, piece by piece: lines of bounded length, and the digest of all that was read."""

from __future__ import annotations

import hashlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

from signoff.errors import DamagedReportError, NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST = 1_000_000
"""Bytes of one line; no tool writes a longer one."""


class Stream:
    """An open file whose digest grows as it is read."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self._file, self.name = file, name
        self._digest = hashlib.sha256()
        self.line = 0
        """Number of the line that was read last."""

    def read(self, size: int = 65_536) -> bytes:
        """Return the next bytes; none at the end."""
        block = self._file.read(size if size > 0 else 65_536)
        self._digest.update(block)
        return block

    def lines(self) -> Iterator[str]:
        """Yield the lines with their ends.

        Raises:
            DamagedReportError: a line that no tool writes, or no UTF-8.
        """
        while block := self._file.readline(_LONGEST + 1):
            self.line += 1
            self._digest.update(block)
            if len(block) > _LONGEST:
                raise DamagedReportError(f"{self.name}: line {self.line}: longer than {_LONGEST} bytes; is it text?")
            try:
                yield block.decode("utf-8-sig" if self.line == 1 else "utf-8")
            except UnicodeDecodeError as error:
                raise DamagedReportError(f"{self.name}: line {self.line}: no UTF-8; have the tool write it") from error

    def sha256(self) -> str:
        """Return the digest of the whole file, whose rest is read for it."""
        while self.read():
            pass
        return self._digest.hexdigest()


@contextmanager
def stream(path: Path) -> Iterator[Stream]:
    """Open the file.

    Raises:
        NotVerifiedError: there is no such file, or it cannot be read.
    """
    try:
        with path.open("rb") as file:
            yield Stream(file, path.name)
    except OSError as error:
        raise NotVerifiedError(f"{path.name}: {error.strerror}; put it where the inventory says") from error
