"""Notices when a test acts on the world by itself: connections, programs, files that it writes.

What was known of hosts before may no longer hold after it. Python reports such acts to audit hooks; what a library
does in C over a connection that stands already goes unseen.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_ACTS = frozenset(
    {
        *("socket.connect", "socket.sendto", "socket.sendmsg", "http.client.send"),
        *("subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "os.kill"),
        *("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate"),
        *("os.chmod", "os.chown", "os.utime"),
    }
)
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_listening: tuple[int, Callable[[], None]] | None = None
"""The thread that is watched, and whom to tell."""
_is_hooked = False


@contextmanager
def watched(tell: Callable[[], None]) -> Iterator[None]:
    """Call `tell` at each act of this thread while the block runs."""
    global _is_hooked, _listening  # noqa: PLW0603 - an audit hook can never be taken away again: there is one
    if not _is_hooked:
        _is_hooked = True
        sys.addaudithook(_hook)
    before, _listening = _listening, (threading.get_ident(), tell)
    try:
        yield
    finally:
        _listening = before


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _listening is None or (event != "open" and event not in _ACTS):
        return
    thread, tell = _listening
    if thread == threading.get_ident() and _is_act(event, arguments):
        tell()


def _is_act(event: str, arguments: tuple[object, ...]) -> bool:
    if "__pycache__" in str(arguments[0] if arguments else ""):
        return False  # Python keeps what it has compiled
    if event != "open":
        return True
    path, _, flags = arguments
    return isinstance(flags, int) and bool(flags & _WRITES) and path != os.devnull
