"""DNS: two authoritative servers that agree, until somebody edits one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from signoff.demo import dns as zone

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo


def ask(demo: Layout, name: str, kind: str, *, server: str = "dns1", tcp: bool = False) -> dns.message.Message:
    transport = dns.query.tcp if tcp else dns.query.udp
    query = dns.message.make_query(name, kind, use_edns=0)
    return transport(query, "127.0.0.1", port=demo.port(server), timeout=30)


def texts(message: dns.message.Message) -> set[str]:
    return {str(record) for answer in message.answer for record in answer}


@pytest.mark.parametrize("server", zone.SERVERS)
@pytest.mark.parametrize("tcp", [False, True])
def test_both_servers_answer_with_authority(demo: Layout, server: str, tcp: bool) -> None:
    answer = ask(demo, "shop.demo.test", "A", server=server, tcp=tcp)
    assert texts(answer) == {"127.0.0.1"}
    assert answer.flags & dns.flags.AA


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("demo.test", "NS", {"ns1.demo.test.", "ns2.demo.test."}),
        ("demo.test", "CAA", {'0 issue "ca.demo.test"'}),
        ("demo.test", "MX", {"10 mail.demo.test."}),
        ("demo.test", "TXT", {'"v=spf1 mx -all"'}),
        ("www.demo.test", "A", {"shop.demo.test.", "127.0.0.1"}),
        ("www.demo.test", "CNAME", {"shop.demo.test."}),
        ("WWW.Demo.Test", "CNAME", {"shop.demo.test."}),
    ],
)
def test_the_zone_holds_what_a_shop_needs(demo: Layout, name: str, kind: str, expected: set[str]) -> None:
    assert texts(ask(demo, name, kind)) == expected


def test_what_is_not_there_is_told_apart(demo: Layout) -> None:
    missing = ask(demo, "nowhere.demo.test", "A")
    assert (missing.rcode(), missing.answer) == (dns.rcode.NXDOMAIN, [])
    assert missing.authority[0].rdtype == dns.rdatatype.SOA
    no_data = ask(demo, "shop.demo.test", "AAAA")
    assert (no_data.rcode(), no_data.answer) == (dns.rcode.NOERROR, [])
    assert no_data.authority[0].rdtype == dns.rdatatype.SOA
    assert ask(demo, "example.com", "A").rcode() == dns.rcode.REFUSED
    assert ask(demo, "xdemo.test", "A").rcode() == dns.rcode.REFUSED


def test_one_server_can_drift_with_the_serial_unchanged(demo: Layout) -> None:
    original = zone.read_zone(demo, "dns2")
    changed = {
        **original,
        "records": [
            record | ({"value": "127.0.0.9"} if (record["name"], record["type"]) == ("shop.demo.test.", "A") else {})
            for record in original["records"]
        ],
    }
    zone.write_zone(demo, "dns2", changed)
    try:
        assert texts(ask(demo, "shop.demo.test", "A")) == {"127.0.0.1"}
        assert texts(ask(demo, "shop.demo.test", "A", server="dns2")) == {"127.0.0.9"}
        serials = {texts(ask(demo, "demo.test", "SOA", server=server)).pop() for server in zone.SERVERS}
        assert len(serials) == 1
    finally:
        zone.write_zone(demo, "dns2", original)
