"""The same questions to every name server of a zone, so that their answers can be compared record by record."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdatatype
import dns.rrset

from signoff.errors import GuardError, TimedOutError, UnreachableError
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_QUERIES = 100
"""Questions that one call may send."""
_ATTEMPTS = 2


@dataclass(frozen=True, kw_only=True, slots=True)
class NameServer:
    """One server to ask. `address` is an IP address or a name that resolves."""

    name: str
    address: str
    port: int = 53


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Question:
    """One name (absolute, without the final dot) and record type such as `A`."""

    name: str
    type: str

    def __str__(self) -> str:
        """Return `name TYPE`."""
        return f"{self.name} {self.type}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one server says to one question."""

    server: str
    question: Question
    rcode: str
    """`NOERROR`, `NXDOMAIN`, `REFUSED`, …"""
    authoritative: bool
    values: frozenset[str]
    """The records in zone-file form, names in lower case and absolute; empty: there are none."""
    ttl: int | None
    """Seconds; None without records."""


def ask(
    servers: Sequence[NameServer],
    questions: Sequence[Question],
    *,
    recursive: bool = False,
    timeout: float = 3.0,
) -> tuple[Answer, ...]:
    """Return every server's answer to every question.

    Args:
        servers: Whom to ask, directly.
        questions: What to ask.
        recursive: Whether the servers are resolvers that may ask others.
        timeout: Seconds for one attempt; a lost packet is asked for once more.

    Raises:
        UnreachableError: a server's address does not resolve or refuses the connection.
        TimedOutError: a server does not answer.
        GuardError: more than `MAX_QUERIES` questions.
    """
    if len(servers) * len(questions) > MAX_QUERIES:
        raise GuardError(
            f"{len(servers)} servers with {len(questions)} records each: more than {MAX_QUERIES} DNS queries"
        )
    return tuple(_ask_one(server, question, recursive, timeout) for server in servers for question in questions)


def addresses(
    servers: Sequence[NameServer], name: str, *, recursive: bool = False, timeout: float = 3.0
) -> dict[str, frozenset[str]]:
    """Return what the name comes to on each server, over aliases that the server knows; see `ask` for errors."""
    found: dict[str, set[str]] = {server.name: set() for server in servers}
    for server in servers:
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            reply = exchange(server, _query(name, kind, recursive), timeout)
            found[server.name].update(
                rdata.to_text() for rrset in reply.answer if rrset.rdtype == kind for rdata in rrset
            )
    return {server: frozenset(values) for server, values in found.items()}


def normal(value: str, record_type: str) -> str:
    """Return a record's value as answers are written, whatever the case, spacing and final dots in the inventory.

    Raises:
        ValueError: it is no value of that type.
    """
    try:
        kind = dns.rdatatype.from_text(record_type)
        rdata = dns.rdata.from_text("IN", kind, value, origin=dns.name.root, relativize=False)
    except dns.exception.DNSException as error:
        raise ValueError(f"{value!r} is no {record_type} record: {error}") from error
    return _text(rdata)


def _ask_one(server: NameServer, question: Question, recursive: bool, timeout: float) -> Answer:
    reply = exchange(server, _query(question.name, question.type, recursive), timeout)
    rrset = _wanted(reply, question)
    return Answer(
        server=server.name,
        question=question,
        rcode=dns.rcode.to_text(reply.rcode()),
        authoritative=bool(reply.flags & dns.flags.AA),
        values=frozenset(map(_text, rrset or ())),
        ttl=rrset.ttl if rrset else None,
    )


def _query(name: str, kind: str | dns.rdatatype.RdataType, recursive: bool) -> dns.message.Message:
    message = dns.message.make_query(name, kind, use_edns=0, payload=1232)
    if not recursive:
        message.flags &= ~dns.flags.RD
    return message


def exchange(
    server: NameServer, message: dns.message.Message, timeout: float, attempts: int = _ATTEMPTS
) -> dns.message.Message:
    """Return one server's reply to one message; see `ask` for errors."""
    where = f"{server.name} ({server.address} port {server.port})"
    METER.spend("lookups")
    try:
        address = socket.getaddrinfo(server.address, server.port, type=socket.SOCK_DGRAM)[0][4][0]
        reply, _ = dns.query.udp_with_fallback(message, str(address), timeout=timeout, port=server.port)
    except dns.exception.Timeout:
        if attempts > 1:
            return exchange(server, message, timeout, attempts - 1)
        raise TimedOutError(f"{where}: no answer to {_ATTEMPTS} queries within {timeout:g} s each") from None
    except (OSError, dns.exception.DNSException) as error:
        raise UnreachableError(f"{where}: {error}") from error
    return reply


def _wanted(reply: dns.message.Message, question: Question) -> dns.rrset.RRset | None:
    name, kind = dns.name.from_text(question.name), dns.rdatatype.from_text(question.type)
    return next((rrset for rrset in reply.answer if rrset.name == name and rrset.rdtype == kind), None)


def _text(rdata: dns.rdata.Rdata) -> str:
    canonical = rdata.to_digestable(dns.name.root)
    parsed = dns.rdata.from_wire("IN", rdata.rdtype, canonical, 0, len(canonical))
    return parsed.to_text(origin=None, relativize=False)
