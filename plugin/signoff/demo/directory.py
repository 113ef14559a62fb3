"""The directory of one copy: whose it is, who may work in it now, and how it comes and goes."""

from __future__ import annotations

import datetime as dt
import fcntl
import os
import re
import secrets
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from signoff.demo import processes, supervision
from signoff.demo.layout import HOSTS, PASSWORDS, DemoError, Layout, State, load, new_password, save

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LOCK = "up.lock"
_ATTEMPTS, _PAUSE = 50, 0.1
_SOCKET_DIRECTORY_LIMIT = 70
"""Longest directory that leaves room for a socket's name: the system allows about 100 characters in all."""
_UNSUITABLE = re.compile(r"[^\w./+@=~-]")


def layout_of(directory: Path) -> Layout:
    """Return the layout of a copy in the directory, which need not exist.

    Raises:
        DemoError: its path has characters that some program's configuration cannot hold.
    """
    path = directory.expanduser().absolute()
    if found := _UNSUITABLE.search(str(path)):
        raise DemoError(f"{path}: the path must not contain {found[0]!r}; choose another with --dir")
    return Layout(path)


@contextmanager
def exclusive(layout: Layout) -> Iterator[None]:
    """Be the only one who starts or stops this copy.

    Raises:
        DemoError: somebody else is at it.
    """
    path = layout.dir / _LOCK
    busy = DemoError(f"another `signoff demo` is starting or stopping {layout.dir}; wait for it")
    try:
        layout.dir.mkdir(parents=True, exist_ok=True)
        lock = path.open("w", encoding="ascii")
    except FileNotFoundError:  # removed between the two lines
        raise busy from None
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise busy from None
        if not path.exists() or path.stat().st_ino != os.fstat(lock.fileno()).st_ino:  # a lock that was just removed
            raise busy
        try:
            yield
        finally:
            if not is_ours(layout):
                path.unlink()
                _remove_if_empty(layout.dir)


def is_ours(layout: Layout) -> bool:
    """Return whether a copy was created here, complete or not."""
    return layout.state_file.exists()


def create(layout: Layout, ports: Mapping[str, int]) -> None:
    """Create directories and state.

    Raises:
        DemoError: the directory holds somebody else's files.
    """
    if foreign := sorted(entry.name for entry in layout.dir.iterdir() if entry.name != _LOCK):
        raise DemoError(f"{layout.dir} is not empty ({foreign[0]}, …); choose another directory with --dir")
    runtime = _runtime_directory()
    state = State(
        ports=ports,
        passwords={name: new_password() for name in PASSWORDS},
        runtime_dir=str(runtime),
        created_at=dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
    )
    layout.dir.chmod(0o700)
    save(layout, state)  # before the directory exists: whoever finds the state can clean up after us
    runtime.mkdir(mode=0o700)
    for host in HOSTS:
        layout.host(host).mkdir(parents=True)


def tear_down(layout: Layout) -> int:
    """Stop every process of the copy and remove everything it made; return how many processes had to be forced."""
    with suppress(DemoError):
        supervision.shutdown(layout)
    forced = processes.stop_all(layout)
    with suppress(DemoError):
        shutil.rmtree(load(layout).runtime_dir, ignore_errors=True)
    _remove_content(layout)
    layout.state_file.unlink(missing_ok=True)  # last: as long as it is there, the directory is known to be ours
    return forced


def _remove_content(layout: Layout) -> None:
    kept = {_LOCK, layout.state_file.name}
    # More than once: a tool that an interrupted start left behind may end, and write or remove, while we look.
    for _ in range(_ATTEMPTS):
        for entry in [entry for entry in layout.dir.iterdir() if entry.name not in kept]:
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry, ignore_errors=True)
            else:
                entry.unlink(missing_ok=True)
        if {entry.name for entry in layout.dir.iterdir()} <= kept:
            return
        time.sleep(_PAUSE)
    raise DemoError(f"{layout.dir} cannot be emptied; remove what is left in it by hand")


def _runtime_directory() -> Path:
    for parent in (tempfile.gettempdir(), "/tmp"):  # noqa: S108 - the directory itself is private
        if len(parent) <= _SOCKET_DIRECTORY_LIMIT and os.access(parent, os.W_OK):
            return Path(parent) / f"signoff-{secrets.token_hex(6)}"
    raise DemoError("no writable temporary directory with a short path; set TMPDIR")


def _remove_if_empty(path: Path) -> None:
    with suppress(OSError):
        path.rmdir()
