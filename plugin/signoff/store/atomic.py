"""Writes a file whole or not at all, also when the machine stops in between."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path


def write_atomic(path: Path, content: str | bytes, *, mode: int = 0o644) -> None:
    """Replace the file by the content (text as UTF-8), making its folder; readers see the old file or the new."""
    with_temporary(path, content, mode=mode).replace(path)
    sync_folder(path.parent)


def create_atomic(path: Path, content: str | bytes, *, mode: int = 0o644) -> None:
    """Create the file, whole, or fail.

    Raises:
        FileExistsError: it is there already; it stays as it is.
    """
    temporary = with_temporary(path, content, mode=mode)
    try:
        os.link(temporary, path)
    finally:
        temporary.unlink()
    sync_folder(path.parent)


def with_temporary(path: Path, content: str | bytes, *, mode: int) -> Path:
    """Return a new file beside `path` that holds the content and is on the disk."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        Path(name).unlink()
        raise
    return Path(name)


def sync_folder(folder: Path) -> None:
    """Put the folder's own entries on the disk: a new name is lost with the power without it."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
