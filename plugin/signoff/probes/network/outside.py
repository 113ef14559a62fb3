"""Whether ports of an address answer, tried from where the checks run: one connection for each, nothing sent."""

from __future__ import annotations

import errno
import socket
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import GuardError, UnreachableError
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_PORTS = 50
"""Ports of one address that one call may try."""
_AT_ONCE = 200
_HERE = frozenset({errno.EADDRNOTAVAIL, errno.EACCES, errno.EMFILE})


@dataclass(frozen=True, kw_only=True, slots=True)
class Door:
    """One TCP port to try."""

    address: str
    """Name or number."""
    port: int
    source: str = ""
    """Address of this machine to come from; empty: as the system likes."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Knock:
    """One attempt. `open` is true if the connection was accepted."""

    port: int
    open: bool
    said: str
    """`open`, `refused`, `no answer`, or the system's words."""


def knock(doors: Sequence[Door], *, timeout: float = 1.5) -> tuple[Knock, ...]:
    """Return what each door says, side by side: a firewall that drops silently costs one timeout for all of them.

    Args:
        doors: At most `MAX_PORTS` of one address.
        timeout: Seconds for each.

    Raises:
        GuardError: more ports of one address than allowed.
        UnreachableError: a name does not resolve, or this machine cannot ask from there.
    """
    address, most = Counter(door.address for door in doors).most_common(1)[0] if doors else ("", 0)
    if most > MAX_PORTS:
        raise GuardError(f"{address}: {most} ports, more than {MAX_PORTS} are not tried")
    numbers = {address: _number(address) for address in {door.address for door in doors}}
    with ThreadPoolExecutor(max_workers=max(1, min(_AT_ONCE, len(doors)))) as workers:
        return tuple(workers.map(lambda door: _one(numbers[door.address], door.port, door.source, timeout), doors))


def _number(address: str) -> str:
    try:
        return str(socket.getaddrinfo(address, None, type=socket.SOCK_STREAM)[0][4][0])
    except OSError as error:
        raise UnreachableError(f"{address}: {error.strerror or error}") from error


def _one(address: str, port: int, source: str, timeout: float) -> Knock:
    METER.spend("connections")
    try:
        socket.create_connection((address, port), timeout, source_address=(source, 0) if source else None).close()
    except TimeoutError:
        return Knock(port=port, open=False, said="no answer")
    except ConnectionRefusedError:
        return Knock(port=port, open=False, said="refused")
    except OSError as error:
        if error.errno in _HERE:
            raise UnreachableError(f"{address} port {port} from {source or 'here'}: {error.strerror}") from error
        return Knock(port=port, open=False, said=error.strerror or str(error))
    return Knock(port=port, open=True, said="open")
