"""The circuit breaker: a host that cannot be reached is tried once in a run, whichever process tries it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.errors import AuthenticationError, CouldNotCheckError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SHARED: Mapping[str, type[CouldNotCheckError]] = {
    kind.__name__: kind for kind in (UnreachableError, AuthenticationError)
}


class Breaker:
    """What attempts to connect have shown, for the life of one run.

    Processes that share a folder share the failures, and take turns: while one of them tries a host for the first
    time, the others wait for what comes of it. Nothing in the folder is believed beyond the run that made it.

    Args:
        folder: Of this run, on this machine; None: this process is alone.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._known: dict[str, CouldNotCheckError] = {}
        self._turns: dict[str, int] = {}

    def failure(self, name: str) -> CouldNotCheckError | None:
        """Return why the host was given up in this run, as a new exception; None: it was not."""
        if name not in self._known and self._folder is not None:
            found = _read(self._path(name, "lost"))
            if found is not None:
                self._known[name] = found
        known = self._known.get(name)
        return type(known)(*known.args) if known is not None else None

    def may_try(self, name: str) -> bool:
        """Return whether this process may try the host now; False: another one is just trying it.

        Ask `failure` after a True, and say how it went by `succeeded` or `failed`: the others wait for it.
        """
        if self._folder is None or self._path(name, "up").exists():
            return True
        handle = os.open(self._path(name, "turn"), os.O_CREAT | os.O_WRONLY, 0o600)
        try:
            # The system itself takes the turn back from a process that crashes.
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(handle)
            return False
        self._turns[name] = handle
        return True

    def succeeded(self, name: str) -> None:
        """Note that the host answers: nobody needs to wait for anybody any more."""
        if self._folder is not None:
            self._path(name, "up").touch(mode=0o600)
        self.give_back(name)

    def failed(self, name: str, error: CouldNotCheckError) -> None:
        """Note that the host is lost for this run, for all processes."""
        self._known[name] = error
        kind = type(error).__name__
        if self._folder is not None and kind in _SHARED:
            _write(self._path(name, "lost"), json.dumps({"host": name, "error": kind, "message": str(error)}))
        self.give_back(name)

    def give_back(self, name: str) -> None:
        """Let another process try, if this one had the turn."""
        handle = self._turns.pop(name, None)
        if handle is not None:
            os.close(handle)

    def _path(self, name: str, suffix: str) -> Path:
        assert self._folder is not None
        return self._folder / f"{hashlib.sha256(name.encode()).hexdigest()[:32]}.{suffix}"


def counted(folder: Path) -> tuple[int, int]:
    """Return of how many hosts the processes that share the folder know that they answer, and that they are lost."""
    found = [path.suffix for path in folder.iterdir()]
    return found.count(".up"), found.count(".lost")


def _write(path: Path, text: str) -> None:
    """Write the file whole: another process may read it at any moment."""
    handle, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).replace(path)


def _read(path: Path) -> CouldNotCheckError | None:
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        return _SHARED[kept["error"]](str(kept["message"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError):
        return None  # not ours: one more attempt is the worst that follows
