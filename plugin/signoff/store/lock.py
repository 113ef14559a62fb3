"""One writer at a time, also between machines that share a folder.

`flock` keeps processes of this machine apart and vanishes with its holder, but network file systems are not to be
trusted with it. So the holder also creates a file that only one can create, and notes in it who it is.

Whoever waits holds a second lock meanwhile, without which nobody gets the first: a process that appends one record
after the other cannot come before it again.
"""

from __future__ import annotations

import fcntl
import json
import os
import platform
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from signoff.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PAUSE = 0.005


@contextmanager
def locked(folder: Path, *, wait: float = 10.0) -> Iterator[None]:
    """Be the only writer of the folder for a moment.

    Args:
        folder: exists.
        wait: seconds until giving up.

    Raises:
        StoreError: somebody else holds it that long; names them, and what to do if they are gone.
    """
    until = time.monotonic() + wait
    with _opened(folder / ".flock") as handle:
        with _opened(folder / ".turn") as turn:
            for each in (turn, handle):
                while not _flock(each):
                    _pause(until, folder / ".flock", "another process of this machine")
        holder = folder / ".lock"
        while not _create(holder):
            owner = _owner(holder)
            if _is_dead(owner):
                with suppress(FileNotFoundError):
                    holder.unlink()
            else:
                _pause(until, holder, f"process {owner.get('pid')} on {owner.get('host')}")
        try:
            yield
        finally:
            holder.unlink(missing_ok=True)


@contextmanager
def _opened(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        yield handle
    finally:
        os.close(handle)  # lets go of its lock


def _flock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without flock: the file that only one can create remains
        return True
    return True


def _create(path: Path) -> bool:
    # Written under another name first: nobody ever reads a lock that does not say whose it is.
    mine = path.with_name(f".lock.{platform.node()}.{os.getpid()}")
    mine.write_text(json.dumps({"host": platform.node(), "pid": os.getpid()}), encoding="utf-8")
    try:
        os.link(mine, path)
    except FileExistsError:
        return False
    finally:
        mine.unlink()
    return True


def _owner(path: Path) -> dict[str, object]:
    try:
        owner = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return owner if isinstance(owner, dict) else {}


def _is_dead(owner: dict[str, object]) -> bool:
    pid = owner.get("pid")
    if owner.get("host") != platform.node() or not isinstance(pid, int):
        return False
    if pid == os.getpid():  # only one thread gets here, and it holds no lock
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _pause(until: float, path: Path, whose: str) -> None:
    if time.monotonic() >= until:
        raise StoreError(f"{path} is held by {whose}; wait for it, or remove the file if that process is gone")
    time.sleep(_PAUSE)
