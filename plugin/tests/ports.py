"""Ports for servers that a test starts."""

from __future__ import annotations

import os
import random
import socket
from itertools import cycle
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST, _END = 10_000, 20_000
"""Below the range from which Linux takes ports for outgoing connections, and below the demo's: nobody else comes by a
port between the moment it is given out and the moment its server binds it."""
_MOST_WORKERS = 16


def _of_this_worker() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _MOST_WORKERS
    own = range(_FIRST + worker, _END, _MOST_WORKERS)
    return cycle(random.sample(own, len(own)))


_ports = _of_this_worker()


def free_port() -> int:
    """Return a port that nobody uses on any address, for TCP and UDP, and that no other test is given."""
    return next(port for port in _ports if _is_free(port, socket.SOCK_STREAM) and _is_free(port, socket.SOCK_DGRAM))


def _is_free(port: int, kind: socket.SocketKind) -> bool:
    with socket.socket(socket.AF_INET, kind) as sock:
        try:
            sock.bind(("", port))
        except OSError:
            return False
    return True
