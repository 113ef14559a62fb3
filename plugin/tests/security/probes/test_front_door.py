"""A small name server with its own ideas, and sockets that answer or do not."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest
from dnslib import AAAA, CNAME, QTYPE, RR, A
from dnslib.server import BaseResolver

from signoff.errors import NotVerifiedError, TimedOutError, UnreachableError
from signoff.meter import METER
from signoff.probes.network import front_door
from signoff.probes.network.dns import NameServer
from tests.security.name_server import name_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dnslib import DNSRecord

ZONE = {
    ("shop.example.test", "A"): A("192.0.2.10"),
    ("shop.example.test", "AAAA"): AAAA("2001:db8::10"),
    ("bare.example.test", "A"): A("198.51.100.7"),
}


class _Zone(BaseResolver):  # type: ignore[misc]  # dnslib carries no types
    def resolve(self, request: DNSRecord, _handler: object) -> DNSRecord:
        reply, name, kind = request.reply(), str(request.q.qname).rstrip("."), QTYPE[request.q.qtype]
        if name.startswith("www."):
            reply.add_answer(RR(request.q.qname, QTYPE.CNAME, rdata=CNAME("shop.example.test"), ttl=60))
            name = "shop.example.test"
        if (name, kind) in ZONE:
            reply.add_answer(RR(name, getattr(QTYPE, kind), rdata=ZONE[name, kind], ttl=60))
        return reply


@pytest.fixture(scope="module")
def server() -> Iterator[NameServer]:
    with name_server(_Zone()) as port:
        yield NameServer(name="public", address="127.0.0.1", port=port)


def test_every_address_of_a_name_is_found_behind_aliases_too(server: NameServer) -> None:
    METER.start(None)
    found = front_door.leads(["www.example.test", "bare.example.test"], [server])

    assert [str(lead) for lead in found] == [
        "www.example.test -> 192.0.2.10 by public",
        "www.example.test -> 2001:db8::10 by public",
        "bare.example.test -> 198.51.100.7 by public",
    ]
    assert [lead.is_in(["192.0.2.0/24", "2001:db8::/32"]) for lead in found] == [True, True, False]
    assert METER.stop() == {"lookups": 4}  # each name, for addresses of either kind


def test_a_name_without_an_address_is_no_answer(server: NameServer) -> None:
    with pytest.raises(NotVerifiedError, match="has no address"):
        front_door.leads(["gone.example.test"], [server])


def test_a_silent_resolver_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(front_door, "_LIFETIME", 0.2)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        with pytest.raises(TimedOutError):
            front_door.leads(
                ["shop.example.test"], [NameServer(name="x", address="127.0.0.1", port=silent.getsockname()[1])]
            )


def test_an_address_answers_or_not_and_a_lost_way_is_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port = int(listening.getsockname()[1])
        assert not front_door.answers("127.0.0.1", port)
        listening.listen()
        assert front_door.answers("127.0.0.1", port, source="127.0.0.2")
    with pytest.raises(UnreachableError):
        front_door.answers("no-such-host.invalid", 443)
    with pytest.raises(UnreachableError):
        front_door.answers("127.0.0.1", port, source="203.0.113.1")  # an address that is not ours

    def times_out(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr(socket, "create_connection", times_out)
    assert not front_door.answers("127.0.0.1", port)
