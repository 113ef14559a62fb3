"""A copy of a shared store's journals on this machine: reading a long history again costs its digests, not its rows.

The copy lies in the user's own cache folder and is never believed: the database says what each journal's digest is, and
a file that has another is fetched anew. Deleting the folder costs time, nothing else.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.store.atomic import write_atomic
from signoff.store.lines import check_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping


def folder_of(store: str, environment: str) -> Path:
    """Return where the journals of an environment are copied to."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "signoff" / "mirror" / hashlib.sha256(f"{store}/{environment}".encode()).hexdigest()[:32]


def refresh(folder: Path, digests: Mapping[str, str], suffix: str, fetch: Callable[[str], Iterable[bytes]]) -> None:
    """Make the folder hold exactly these journals.

    Args:
        folder: made if it is not there.
        digests: journal to the sha256 of its lines, each with its newline.
        suffix: of the files' names.
        fetch: returns the lines of a journal, without newlines.

    Raises:
        IntegrityError: a journal's name would reach beyond the folder.
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in folder.glob(f"*{suffix}"):
        if path.name.removesuffix(suffix) not in digests:
            path.unlink(missing_ok=True)
    for name, digest in digests.items():
        check_name(name)
        path = folder / f"{name}{suffix}"
        if _digest(path) != digest:
            write_atomic(path, b"".join(line + b"\n" for line in fetch(name)), mode=0o600)


def _digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        return ""
