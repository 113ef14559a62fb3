"""Sockets on which a host takes connections or datagrams, asked of `ss`."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Any

from signoff.errors import NotVerifiedError

_PROGRAM = re.compile(r'\(\("([^"]+)"')
_COLUMNS = 4
_STATES = frozenset({"LISTEN", "UNCONN"})


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Listener:
    """One socket."""

    port: int
    protocol: str
    """`tcp` or `udp`."""
    address: str
    """`*` for all addresses."""
    program: str
    """Empty: it belongs to another account, and only root learns its name."""

    @property
    def is_exposed(self) -> bool:
        """Whether others than the host itself can reach it."""
        try:
            return self.address == "*" or not ipaddress.ip_address(self.address).is_loopback
        except ValueError:
            return True

    def __str__(self) -> str:
        """Return `port/protocol`, with the program if it is known."""
        return f"{self.port}/{self.protocol}" + (f" ({self.program})" if self.program else "")


def read_listeners(host: Any) -> tuple[Listener, ...]:
    """Return all TCP and UDP listeners of a connected testinfra host, by two commands.

    Raises:
        NotVerifiedError: `ss` is missing, or writes what is not understood.
    """
    return tuple(
        sorted(
            listener
            for protocol, command in (("tcp", "ss -Hltnp"), ("udp", "ss -Hlunp"))
            for listener in parse_listeners(host.check_output(command), protocol)
        )
    )


def parse_listeners(text: str, protocol: str) -> list[Listener]:
    """Return the listeners that `ss` lists for one protocol; see `read_listeners` for errors."""
    return [_listener(line, protocol) for line in text.splitlines() if line.strip()]


def _listener(line: str, protocol: str) -> Listener:
    words = line.split()
    local = words[3] if len(words) > _COLUMNS and words[0] in _STATES else ""
    address, _, port = local.rpartition(":")
    if not port.isdecimal():
        raise NotVerifiedError(f"ss wrote what is not understood: {line[:120]!r}; check its version on the host")
    program = _PROGRAM.search(line)
    return Listener(
        port=int(port),
        protocol=protocol,
        address=address.partition("%")[0].strip("[]").removeprefix("::ffff:"),
        program=program[1] if program else "",
    )
