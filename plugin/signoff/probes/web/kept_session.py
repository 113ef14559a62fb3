"""A session of the application that is kept from one run to a later one, to see that it has ended by then.

Its cookie opens an account, so it lies where only we may read it: one file of mode 600 in the cache folder of whoever
runs the checks. It is in no report, journal or message, and is replaced as soon as it was tried.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from collections.abc import Mapping

_OTHERS = 0o077
_MAX_BYTES = 65_536


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """One session: when it was opened, when it was used last, and what opens it."""

    opened: datetime
    used: datetime
    tokens: dict[str, str]

    def __repr__(self) -> str:
        """Return when, never what."""
        return f"Kept(opened={self.opened.isoformat()}, used={self.used.isoformat()})"


class Keeper:
    """The place of one kept session.

    Args:
        folder: Only ours; it is made if it is not there.
        parts: What the session is of; another environment, address or account has another place.
    """

    def __init__(self, folder: Path, *parts: str) -> None:
        self._folder = folder
        self._path = folder / f"{hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]}.json"

    def load(self) -> Kept | None:
        """Return the session; None: none is kept, or what is there is none.

        Raises:
            NotVerifiedError: others may read it or its folder, so that it proves nothing any more; says what to do.
        """
        self._own_folder()
        try:
            handle = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise NotVerifiedError(f"{self._path}: {error.strerror}; delete it") from error
        with os.fdopen(handle, "rb") as file:
            _require_ours(os.fstat(file.fileno()), self._path)
            return _parsed(file.read(_MAX_BYTES))

    def save(self, kept: Kept) -> None:
        """Keep the session instead of the one that was there.

        Raises:
            NotVerifiedError: it cannot be written where only we may read it.
        """
        self._own_folder()
        document = {"opened": kept.opened.isoformat(), "used": kept.used.isoformat(), "tokens": kept.tokens}
        # mkstemp makes files of mode 600 whatever the umask is.
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=".keeping-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(document, file)
            Path(name).replace(self._path)
        except OSError as error:
            with suppress(FileNotFoundError):
                Path(name).unlink()
            raise NotVerifiedError(f"{self._path}: {error.strerror}; free some space") from error

    def forget(self) -> None:
        """Keep nothing."""
        self._path.unlink(missing_ok=True)

    def _own_folder(self) -> None:
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            found = self._folder.lstat()
        except OSError as error:
            raise NotVerifiedError(f"{self._folder}: {error.strerror}; let us keep a file there") from error
        _require_ours(found, self._folder)


def default_folder(environ: Mapping[str, str]) -> Path:
    """Return the folder of kept sessions in the cache folder of whoever runs this (XDG Base Directory)."""
    base = environ.get("XDG_CACHE_HOME") or ""
    root = Path(base) if Path(base).is_absolute() else Path(environ.get("HOME") or Path.home()) / ".cache"
    return root / "pytest-signoff" / "sessions"


def _require_ours(found: os.stat_result, path: Path) -> None:
    if found.st_uid != os.geteuid() or found.st_mode & _OTHERS or stat.S_ISLNK(found.st_mode):
        raise NotVerifiedError(f"{path}: others may read it; delete it, so that it is made again for us alone")


def _parsed(text: bytes) -> Kept | None:
    try:
        document: Any = json.loads(text)
        opened, used = (datetime.fromisoformat(document[key]).astimezone(UTC) for key in ("opened", "used"))
        tokens = {str(name): str(value) for name, value in document["tokens"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    return Kept(opened=opened, used=used, tokens=tokens) if tokens and opened <= used else None
