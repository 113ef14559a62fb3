"""Where users are led by DNS, and whether a machine answers connections from here; nothing is sent to it."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dns.exception
import dns.resolver

from signoff.errors import NotVerifiedError, TimedOutError, UnreachableError
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from signoff.probes.network.dns import NameServer

_LIFETIME = 6.0
_TYPES = ("A", "AAAA")
_CANNOT_LEAVE = frozenset({errno.ENETUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EACCES, errno.EPERM})


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Lead:
    """One address to which a name leads, by one resolver."""

    name: str
    address: str
    resolver: str

    def __str__(self) -> str:
        """Return name, address and resolver."""
        return f"{self.name} -> {self.address} by {self.resolver}"

    def is_in(self, ranges: Iterable[str]) -> bool:
        """Return whether the address is in one of the networks."""
        address = ipaddress.ip_address(self.address)
        return any(address in network for network in map(ipaddress.ip_network, ranges))


def leads(names: Sequence[str], resolvers: Sequence[NameServer]) -> tuple[Lead, ...]:
    """Return every address of every name by every resolver, aliases followed.

    Raises:
        NotVerifiedError: a name has no address.
        TimedOutError, UnreachableError: a resolver does not answer.
    """
    found: list[Lead] = []
    for server in resolvers:
        asked = _resolver(server)
        for name in names:
            addresses = [address for kind in _TYPES for address in _addresses(asked, server, name, kind)]
            if not addresses:
                raise NotVerifiedError(f"{server.name}: {name} has no address; correct the name, or publish it")
            found += (Lead(name=name, address=address, resolver=server.name) for address in addresses)
    return tuple(found)


def answers(address: str, port: int, *, source: str = "", timeout: float = 5.0) -> bool:
    """Return whether a TCP connection from here is accepted; it is closed at once.

    Args:
        address: Whom to try.
        port: TCP port.
        source: Our own address to come from; empty: the system chooses.
        timeout: Seconds; an address that drops what comes answers nobody.

    Raises:
        UnreachableError: this machine has no way there at all, so that a refusal would say nothing.
    """
    METER.spend("connections")
    try:
        with socket.create_connection((address, port), timeout, source_address=(source, 0) if source else None):
            return True
    except socket.gaierror as error:
        raise UnreachableError(f"{address}: {error.strerror}") from error
    except OSError as error:
        if error.errno in _CANNOT_LEAVE:
            raise UnreachableError(f"{address} port {port}: {error.strerror}") from error
        return False


def _resolver(server: NameServer) -> dns.resolver.Resolver:
    try:
        address = socket.getaddrinfo(server.address, server.port, type=socket.SOCK_DGRAM)[0][4][0]
    except OSError as error:
        raise UnreachableError(f"{server.name} ({server.address}): {error}") from error
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers = [str(address)]
    resolver.port, resolver.lifetime, resolver.timeout = server.port, _LIFETIME, _LIFETIME / 2
    return resolver


def _addresses(resolver: dns.resolver.Resolver, server: NameServer, name: str, kind: str) -> list[str]:
    METER.spend("lookups")
    try:
        answer = resolver.resolve(f"{name}.", kind, raise_on_no_answer=False)
    except dns.resolver.NXDOMAIN:
        return []
    except dns.exception.Timeout as error:
        raise TimedOutError(f"{server.name}: no answer about {name} within {_LIFETIME:g} s") from error
    except dns.exception.DNSException as error:
        raise UnreachableError(f"{server.name}: {name}: {error}") from error
    return [record.to_text() for record in answer]
