"""Real name servers on local ports, in step and out of step."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from dnslib import QTYPE, RCODE, RR
from dnslib.server import DNSServer

from signoff.errors import GuardError, TimedOutError, UnreachableError
from signoff.probes.network.dns import Answer, NameServer, Question, ask, normal
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

SHOP = Question(name="shop.test", type="A")


class Zone:
    """Answers from zone-file lines; dnslib's interface."""

    def __init__(self, lines: list[str], *, authoritative: bool = True) -> None:
        self._lines = lines
        self._authoritative = authoritative
        self.recursion: list[int] = []

    def resolve(self, request: Any, _handler: Any) -> Any:
        self.recursion.append(request.header.rd)
        reply = request.reply(aa=int(self._authoritative), ra=0)
        for record in RR.fromZone("\n".join(self._lines)):
            if record.rname == request.q.qname and QTYPE[record.rtype] == QTYPE[request.q.qtype]:
                reply.add_answer(record)
        if str(request.q.qname).startswith("nothing"):
            reply.header.rcode = RCODE.NXDOMAIN
        return reply


class Quiet:
    """dnslib logs every packet otherwise."""

    def __getattr__(self, _name: str) -> Any:
        """Return a method that does nothing."""
        return lambda *_: None


@contextmanager
def name_server(name: str, zone: Zone) -> Iterator[NameServer]:
    port = free_port()
    servers = [DNSServer(zone, address="127.0.0.1", port=port, tcp=tcp, logger=Quiet()) for tcp in (False, True)]
    for server in servers:
        server.start_thread()
    try:
        yield NameServer(name=name, address="127.0.0.1", port=port)
    finally:
        for server in servers:
            server.stop()
            server.server.server_close()
            server.thread.join()


def test_servers_with_the_same_serial_and_other_data_are_told_apart() -> None:
    soa = "shop.test. 300 SOA ns1.shop.test. root.shop.test. 2026112202 3600 600 604800 300"
    first, second = Zone([soa, "shop.test. 60 A 192.0.2.1"]), Zone([soa, "shop.test. 90 A 192.0.2.2"])
    with name_server("ns1", first) as ns1, name_server("ns2", second) as ns2:
        answers = ask([ns1, ns2], [SHOP, Question(name="shop.test", type="SOA")], timeout=30)
    by = {(answer.server, answer.question.type): answer for answer in answers}
    assert by["ns1", "SOA"].values == by["ns2", "SOA"].values
    assert by["ns1", "A"] == Answer(
        server="ns1",
        question=SHOP,
        rcode="NOERROR",
        authoritative=True,
        values=frozenset({"192.0.2.1"}),
        ttl=60,
    )
    assert by["ns2", "A"].values == {"192.0.2.2"}
    assert set(first.recursion) == {0}, "an authoritative server is not asked to ask others"


def test_absence_and_refusal_are_answers() -> None:
    with name_server("ns1", Zone(["shop.test. 60 A 192.0.2.1"], authoritative=False)) as ns1:
        empty, missing = ask([ns1], [Question(name="shop.test", type="AAAA"), Question(name="nothing.test", type="A")])
    assert (empty.rcode, empty.values, empty.ttl, empty.authoritative) == ("NOERROR", frozenset(), None, False)
    assert missing.rcode == "NXDOMAIN"


def test_an_answer_too_large_for_udp_is_fetched_by_tcp() -> None:
    texts = [f'shop.test. 60 TXT "{number} {"x" * 200}"' for number in range(20)]
    with name_server("ns1", Zone(texts)) as ns1:
        (answer,) = ask([ns1], [Question(name="shop.test", type="TXT")])
    assert len(answer.values) == 20


def test_resolvers_are_asked_to_ask_others() -> None:
    zone = Zone(["shop.test. 60 A 192.0.2.1"])
    with name_server("resolver", zone) as resolver:
        ask([resolver], [SHOP], recursive=True, timeout=30)
    assert zone.recursion == [1]


def test_a_silent_server_is_a_timeout_and_an_unknown_one_unreachable() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        server = NameServer(name="ns1", address="127.0.0.1", port=silent.getsockname()[1])
        with pytest.raises(TimedOutError, match="ns1"):
            ask([server], [SHOP], timeout=0.1)
    with pytest.raises(UnreachableError, match="ns9"):
        ask([NameServer(name="ns9", address="nothing.invalid")], [SHOP])


def test_the_number_of_queries_is_bounded() -> None:
    server = NameServer(name="ns1", address="127.0.0.1", port=1)
    with pytest.raises(GuardError, match="100"):
        ask([server], [SHOP] * 101)


@pytest.mark.parametrize(
    ("written", "kind", "expected"),
    [
        ("Shop.Demo.TEST", "CNAME", "shop.demo.test."),
        ("10 mail.test.", "MX", "10 mail.test."),
        ("2001:DB8::0:1", "AAAA", "2001:db8::1"),
        ('"v=spf1 -all"', "TXT", '"v=spf1 -all"'),
        ('0 issue "ca.test"', "CAA", '0 issue "ca.test"'),
    ],
)
def test_values_compare_whatever_their_spelling(written: str, kind: str, expected: str) -> None:
    assert normal(written, kind) == expected


def test_a_value_of_another_type_is_refused() -> None:
    with pytest.raises(ValueError, match="no A record"):
        normal("shop.test", "A")
