"""INF-NET-1, INF-NET-4 and INF-NET-5."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.dns_zone import DnsZoneService
from signoff.config.kinds.load_balancer import LoadBalancerService
from signoff.config.kinds.tls import TlsService
from signoff.probes.front.balancer import Backend, BalancerFacts, ServerState
from signoff.probes.network.certificates import CertificateFact
from signoff.probes.network.dns import Answer, Question
from signoff.probes.network.tls import TlsFacts

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = "infra/test_network.py"
NOW = datetime(2026, 11, 22, tzinfo=UTC)

# --- load balancer


def state(name: str, status: str = "UP", check: str = "L7OK", weight: int = 1) -> ServerState:
    return ServerState(name=name, status=status, weight=weight, check=check, stable_seconds=60)


def balancer(
    *servers: ServerState,
    answers: tuple[str, ...] = ("a", "b"),
    redirect: tuple[int, str] = (301, "https://shop.test/"),
    frontends: dict[str, str] | None = None,
    **settings: Any,
) -> Any:
    pool = {"name": "shop"} | settings.pop("pool", {})
    service = LoadBalancerService(
        stats_url="http://lb/stats",
        pools=(pool,),
        http_url="http://shop.test/",
        spread={"url": "https://shop.test/version", "json_field": "instance", "requests": 4, "pool": "shop"},
        **settings,
    )
    backend = Backend(name="shop", status="UP", servers=servers or (state("a"), state("b")))
    facts = BalancerFacts(frontends=frontends or {"http": "OPEN", "https": "OPEN"}, backends={"shop": backend})
    turns = iter(answers * 4)
    answer = SimpleNamespace(status_code=redirect[0], headers={"Location": redirect[1]} if redirect[1] else {})
    return SimpleNamespace(
        name="lb",
        settings=service,
        facts=facts,
        session=SimpleNamespace(get=lambda _url, allow_redirects: answer if not allow_redirects else None),
        servers=lambda pool: facts.backends[pool].servers if pool in facts.backends else (),
        who_answers=lambda: next(turns),
    )


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (balancer(), "PASS", ""),
        (balancer(state("a"), state("b"), state("c", "MAINT"), max_down=0.5), "PASS", ""),
        (balancer(state("a"), state("b"), pool={"zones": {"a": "z1", "b": "z2"}}), "PASS", ""),
        (balancer(state("a"), state("b", "DOWN", "L7STS")), "FAIL", "lb: shop has 1 healthy servers, limit is 2"),
        (balancer(state("a"), state("b"), state("c", "DOWN")), "FAIL", "lb: shop: 1 of 3 unwell"),
        (balancer(state("a"), state("b", weight=0)), "FAIL", "lb: shop has 1 healthy servers, limit is 2"),
        (balancer(pool={"zones": {"a": "z1", "b": "z1"}}), "FAIL", "lb: shop is healthy in one zone only"),
        (balancer(pool={"name": "other"}), "FAIL", "lb: no backend other"),
    ],
)
def test_healthy_servers(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(FILE, "load_balancer_has_enough_healthy_servers", load_balancer=given)
    assert (conclusion.state, conclusion.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (balancer(), "PASS", ""),
        (balancer(state("a", check="L4OK"), pool={"check": "L4"}), "PASS", ""),
        (balancer(state("a", check="L4OK"), state("b")), "FAIL", "lb: shop: no L7 health check of a"),
        (balancer(state("a", check="")), "FAIL", "lb: shop: no L7 health check of a"),
        (balancer(pool={"name": "other"}), "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_health_checks(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(FILE, "health_checks_ask_the_application", load_balancer=given)
    assert (conclusion.state, conclusion.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (balancer(), "PASS", ""),
        (balancer(redirect=(308, "https://shop.test:8443/x")), "PASS", ""),
        (balancer(redirect=(200, "")), "FAIL", "lb: http://shop.test/ answers 200, not 301 or 308"),
        (balancer(redirect=(301, "http://shop.test/x")), "FAIL", "lb: http://shop.test/ leads to http://shop.test/x"),
        (balancer(redirect=(301, "https://evil.test/")), "FAIL", "lb: http://shop.test/ leads to https://evil.test/"),
        (balancer(redirect=(301, "")), "FAIL", "lb: http://shop.test/ leads to nothing"),
        (balancer(frontends={"https": "STOP"}), "FAIL", "lb: front ends not open: https"),
    ],
)
def test_front_ends(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(FILE, "front_ends_are_open_and_plain_http_leads_to_https", load_balancer=given)
    assert (conclusion.state, conclusion.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (balancer(), "PASS", ""),
        (balancer(state("a"), state("b", "DOWN"), answers=("a",)), "PASS", ""),
        (balancer(answers=("a",)), "FAIL", "lb: no traffic for b"),
        (balancer(answers=("a", "b", "green")), "FAIL", "lb: answered by green, not healthy in shop"),
        (balancer(answers=("a", "")), "NOT_VERIFIED", "does not say which server answers"),
    ],
)
def test_spread(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(FILE, "every_healthy_server_gets_traffic", load_balancer=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


# --- name servers

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


# --- certificates


def certificate(name: str = "CN=shop.test", *, days: float = 90, weakness: str = "") -> CertificateFact:
    return CertificateFact(
        subject=name,
        issuer="CN=ca",
        names=("shop.test",),
        sha256="00",
        not_before=NOW - timedelta(days=1),
        not_after=NOW + timedelta(days=days),
        key="ec 256",
        weakness=weakness,
    )


def presented(
    *chain: CertificateFact, address: str = "192.0.2.1", trust_error: str = "", protocol: str = "TLSv1.3", old: Any = ""
) -> TlsFacts:
    return TlsFacts(
        address=address,
        trust_error=trust_error,
        chain=chain or (certificate(),),
        protocol=protocol,
        below_tls12=old,
    )


def endpoint(*addresses: TlsFacts, **settings: Any) -> Any:
    service = TlsService(host="shop.test", **settings)
    return SimpleNamespace(name="shop", settings=service, addresses=addresses or (presented(),))


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (endpoint(), "PASS", ""),
        (
            endpoint(presented(), presented(address="2001:db8::1", trust_error="certificate has expired")),
            "FAIL",
            "shop: 2001:db8::1: certificate has expired",
        ),
    ],
)
def test_trust(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(FILE, "certificate_chain_and_name_are_trusted", endpoint=given)
    assert (conclusion.state, conclusion.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (endpoint(presented(certificate(days=30))), "PASS", ""),
        (endpoint(presented(certificate(days=20)), min_remaining="14d"), "PASS", ""),
        (
            endpoint(presented(certificate(days=29.5))),
            "FAIL",
            "shop: 192.0.2.1: CN=shop.test expires in 29 days, limit is 30",
        ),
        (
            endpoint(presented(certificate(), certificate("CN=intermediate", days=5))),
            "FAIL",
            "shop: 192.0.2.1: CN=intermediate expires in 5 days, limit is 30",
        ),
        (
            endpoint(presented(certificate(weakness="key rsa 1024"))),
            "FAIL",
            "shop: 192.0.2.1: CN=shop.test: key rsa 1024",
        ),
    ],
)
def test_validity(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(FILE, "certificates_stay_valid_and_strong", endpoint=given, evaluated_at=NOW)
    assert (conclusion.state, conclusion.reason) == (verdict, reason)


@pytest.mark.parametrize(
    ("given", "verdict", "reason"),
    [
        (endpoint(), "PASS", ""),
        (endpoint(presented(protocol="TLSv1.2")), "PASS", ""),
        (endpoint(presented(protocol="TLSv1.2"), min_version="TLSv1.3"), "FAIL", "best protocol is TLSv1.2"),
        (endpoint(presented(), presented(old="TLSv1.1")), "FAIL", "shop: 192.0.2.1 still accepts TLSv1.1"),
        (endpoint(presented(old=None), presented(old="TLSv1")), "FAIL", "still accepts TLSv1"),
        (endpoint(presented(), presented(old=None)), "NOT_VERIFIED", "cannot ask for TLS 1.0"),
    ],
)
def test_protocols(run_check: Callable[..., Any], given: Any, verdict: str, reason: str) -> None:
    conclusion = run_check(FILE, "old_tls_is_refused", endpoint=given)
    assert conclusion.state == verdict
    assert reason in conclusion.reason


@pytest.mark.parametrize(
    ("header", "verdict", "reason"),
    [
        ("max-age=31536000; includeSubDomains", "PASS", ""),
        ("max-age=86400", "FAIL", "shop: HSTS max-age is 1 days, limit is 180"),
        (None, "FAIL", "shop: https://shop.test:443/ sends no valid Strict-Transport-Security"),
    ],
)
def test_hsts(run_check: Callable[..., Any], header: str | None, verdict: str, reason: str) -> None:
    headers = {"Strict-Transport-Security": header} if header else {}
    conclusion = run_check(
        FILE,
        "browsers_are_told_to_stay_on_https",
        endpoint=endpoint(),
        browser_answer=SimpleNamespace(headers=headers),
    )
    assert (conclusion.state, conclusion.reason) == (verdict, reason)


def test_an_endpoint_that_speaks_no_http_needs_no_hsts(run_check: Callable[..., Any]) -> None:
    conclusion = run_check(
        FILE, "browsers_are_told_to_stay_on_https", endpoint=endpoint(http=False), browser_answer=None
    )
    assert (conclusion.state, conclusion.evidence["observed"]) == ("PASS", "speaks no HTTP, as the inventory says")
