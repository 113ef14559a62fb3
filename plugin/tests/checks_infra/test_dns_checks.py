"""INF-NET-4: records, agreement of name servers, time to repoint, and authorities."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.dns_zone import DnsZoneService
from signoff.probes.network.dns import Answer, Question

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = "infra/network/test_network.py"


SHOP = Question(name="shop.test", type="A")
SOA = "ns1.shop.test. root.shop.test. 7 3600 600 604800 300"
BOTH = frozenset({"ns1.shop.test.", "ns2.shop.test."})


def answer(server: str, *values: str, ttl: int = 60, rcode: str = "NOERROR", authoritative: bool = True) -> Answer:
    return Answer(
        server=server,
        question=SHOP,
        rcode=rcode,
        authoritative=authoritative,
        values=frozenset(values),
        ttl=ttl if values else None,
    )


def zone(
    *answers: Answer,
    resolved: tuple[Answer, ...] = (),
    itself: dict[str, dict[str, frozenset[str]]] | None = None,
    **settings: Any,
) -> Any:
    service = DnsZoneService(
        zone="shop.test",
        servers=({"name": "ns1.shop.test"}, {"name": "NS2.shop.test."}),
        records=({"name": "shop.test", "values": ("192.0.2.1",)},),
        **settings,
    )
    found = answers or (answer("ns1", "192.0.2.1"), answer("ns2", "192.0.2.1"))

    def ask(questions: Any, *, resolvers: bool = False) -> tuple[Answer, ...]:
        return (resolved if resolvers else found) if list(questions) else ()

    return SimpleNamespace(
        name="zone",
        settings=service,
        expected=lambda: {SHOP: frozenset({"192.0.2.1"})},
        ask=ask,
        ask_about_itself=lambda kind: (itself or {})[kind],
    )


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (zone(), "PASS", ""),
        (zone(resolved=(answer("8.8.8.8", "192.0.2.1", authoritative=False),)), "PASS", ""),
        (zone(answer("ns1", "192.0.2.1"), answer("ns2", "192.0.2.9")), "FAIL", "zone: ns2: shop.test A is 192.0.2.9"),
        (zone(answer("ns1", rcode="REFUSED")), "FAIL", "zone: ns1: shop.test A is REFUSED"),
        (
            zone(answer("ns1", "192.0.2.1", "192.0.2.2")),
            "FAIL",
            "zone: ns1: shop.test A is 192.0.2.1, 192.0.2.2",
        ),
        (zone(resolved=(answer("office", "192.0.2.9"),)), "FAIL", "zone: office: shop.test A is 192.0.2.9"),
        (zone(answer("ns1", "192.0.2.1", authoritative=False)), "FAIL", "zone: not authoritative for the zone: ns1"),
    ],
)
def test_records(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(FILE, "every_name_server_has_the_expected_records", zone=given)
    assert (conclusion.state, conclusion.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("start", "delegated", "verdict", "reason"),
    [
        ({"ns1": {SOA}, "ns2": {SOA}}, {"ns1": BOTH, "ns2": BOTH}, "PASS", ""),
        (
            {"ns1": {SOA}, "ns2": {SOA.replace(" 7 ", " 6 ")}},
            {"ns1": BOTH, "ns2": BOTH},
            "FAIL",
            "zone: serials differ: {'ns1': '7', 'ns2': '6'}",
        ),
        ({"ns1": {SOA}, "ns2": set()}, {"ns1": BOTH, "ns2": BOTH}, "FAIL", "zone: no SOA record on ns2"),
        (
            {"ns1": {SOA}, "ns2": {SOA}},
            {"ns1": BOTH, "ns2": BOTH | {"ns3.shop.test."}},
            "FAIL",
            "NS records differ from the inventory's",
        ),
    ],
)
def test_agreement(run_check: Callable[..., Any], start: Any, delegated: Any, verdict: str, reason: str) -> None:
    given = zone(itself={"SOA": start, "NS": delegated})
    conclusion = run_check(FILE, "name_servers_agree_on_the_zone", zone=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (zone(answer("ns1", "192.0.2.1", ttl=300)), "PASS", ""),
        (zone(answer("ns1", "192.0.2.1", ttl=3600)), "FAIL", "zone: TTL above 300 s: ns1: shop.test A 3600 s"),
        (zone(answer("ns1", "192.0.2.1", ttl=3600), ttl_max="1h"), "PASS", ""),
        (zone(answer("ns1", rcode="NXDOMAIN")), "FAIL", "zone: no record: ns1: shop.test A"),
        (zone(cutover=("www.shop.test",)), "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_repointing(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(FILE, "dns_can_be_repointed_in_time", zone=given)
    assert (conclusion.state, conclusion.reason) == (verdict, reason)


CA1, CA2 = '0 issue "ca1.test"', '0 issue "ca2.test"'


@pytest.mark.parametrize(
    ("records", "caa", "verdict", "reason"),
    [
        ({"ns1": {CA1}, "ns2": {CA1}}, ("ca1.test",), "PASS", ""),
        ({"ns1": {CA1, CA2, '0 iodef "mailto:a@b"'}}, (), "PASS", ""),
        ({"ns1": {CA1}, "ns2": set()}, (), "FAIL", "zone: any authority may issue, by ns2"),
        ({"ns1": {CA1, CA2}}, ("ca1.test",), "FAIL", "zone: may also issue: ca2.test"),
    ],
)
def test_authorities(run_check: Callable[..., Any], records: Any, caa: Any, verdict: str, reason: str) -> None:
    given = zone(itself={"CAA": records}, caa=caa)
    conclusion = run_check(FILE, "only_named_authorities_may_issue_certificates", zone=given)
    assert (conclusion.state, conclusion.reason) == (verdict, reason)
