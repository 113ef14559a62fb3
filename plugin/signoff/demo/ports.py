"""Free ports for one copy, so that copies started at the same time never take each other's."""

from __future__ import annotations

import random
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

from signoff.demo.layout import PORTS, DemoError

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIRST, _END = 20_000, 32_000
"""Below the range from which Linux takes ports for outgoing connections."""
_SIZE = 80
_BLOCKS = list(range(_FIRST, _END, _SIZE))


@contextmanager
def claim() -> Iterator[dict[str, int]]:
    """Return a port for every name in `PORTS`, and keep others from the same block until the programs hold them.

    Ports come in blocks; the first of a block is bound as long as the context lasts and is never handed out.

    Raises:
        DemoError: there is no block left.
    """
    for first in random.sample(_BLOCKS, len(_BLOCKS)):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as guard:
            wanted = range(first + 1, first + 1 + len(PORTS))
            if _bind(guard, first) and all(_is_free(port) for port in wanted):
                yield dict(zip(PORTS, wanted, strict=True))
                return
    raise DemoError(f"no {_SIZE} free ports in a row between {_FIRST} and {_END}; stop other copies of the environment")


def _bind(sock: socket.socket, port: int) -> bool:
    try:
        sock.bind(("127.0.0.1", port))
    except OSError:
        return False
    return True


def _is_free(port: int) -> bool:
    with (
        socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp,
    ):
        return _bind(tcp, port) and _bind(udp, port)
