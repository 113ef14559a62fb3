"""Ports for servers that a test starts."""

from __future__ import annotations

import atexit
import functools
import random
import socket
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST, _END = 10_000, 20_000
"""Below the range from which Linux takes ports for outgoing connections, and below the demo's: nobody else comes by a
port between the moment it is given out and the moment its server binds it."""
_SIZE = 250
_BLOCKS = range(_FIRST, _END, _SIZE)


def free_port() -> int:
    """Return a port that nobody uses on any address, for TCP and UDP, and that no other test is given.

    A server that may choose for itself binds port 0 instead: then there is no moment in between.
    """
    return next(port for port in _ports() if _is_free(port, socket.SOCK_STREAM) and _is_free(port, socket.SOCK_DGRAM))


@functools.cache
def _ports() -> Iterator[int]:
    """Return the ports of a block that belongs to this process until it ends, whoever else runs tests here.

    The first of a block is bound for that long, and never given out.
    """
    for first in random.sample(_BLOCKS, len(_BLOCKS)):
        guard = socket.socket()
        try:
            guard.bind(("127.0.0.1", first))
        except OSError:
            guard.close()
            continue
        atexit.register(guard.close)
        return cycle(random.sample(range(first + 1, first + _SIZE), _SIZE - 1))
    raise RuntimeError(f"every block of ports between {_FIRST} and {_END} is taken; stop other runs of the tests")


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as sock:
        try:
            sock.bind(("", port))
        except OSError:
            return False
    return True
