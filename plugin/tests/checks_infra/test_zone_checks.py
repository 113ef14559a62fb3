"""INF-NET-4: signatures, names that records point to, and mail."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.dns_zone import DnsZoneService
from signoff.errors import NotVerifiedError
from signoff.probes.network.dnssec import SignatureFacts

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = "infra/network/test_network.py"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


def service(**settings: Any) -> DnsZoneService:
    return DnsZoneService(
        **{
            "zone": "shop.test",
            "servers": ({"name": "ns1.shop.test"}, {"name": "ns2.shop.test"}),
            "records": ({"name": "www.shop.test", "type": "CNAME", "values": ("edge.cdn.test.",)},),
        }
        | settings
    )


def signed(server: str = "ns1", *, keys: int = 1, wrong: tuple[str, ...] = (), days: float = 20) -> SignatureFacts:
    expires = NOW + timedelta(days=days) if keys and not wrong else None
    return SignatureFacts(server=server, keys=keys, wrong=wrong, verified=3, expires=expires)


def zone(*servers: SignatureFacts, ds: tuple[str, ...] = ("1 13 2 AB",), **settings: Any) -> Any:
    return SimpleNamespace(
        name="zone", settings=service(**settings), signatures=lambda _now: servers, parent_ds=lambda: ds
    )


UNSIGNED = signed("ns2", keys=0)
RESOLVERS = ({"name": "office"},)


@pytest.mark.parametrize(
    ("given", "state", "reason"),
    [
        (zone(signed(), signed("ns2"), signed=True), "PASS", ""),
        (zone(UNSIGNED, UNSIGNED, ds=()), "PASS", ""),
        (zone(signed(), ds=(), resolvers=RESOLVERS), "PASS", ""),
        (zone(UNSIGNED, UNSIGNED, signed=True), "FAIL", "zone: not signed on ns2, ns2"),
        (zone(signed(), UNSIGNED), "FAIL", "zone: not signed on ns2"),
        (zone(signed(wrong=("shop.test A: not signed",))), "FAIL", "zone: ns1: shop.test A: not signed"),
        (zone(signed(days=6.9)), "FAIL", "zone: signatures expire within 7 days: ns1"),
        (zone(signed(days=6.9), signature_remaining="3d"), "PASS", ""),
        (zone(signed(), ds=(), signed=True, resolvers=RESOLVERS), "FAIL", "zone: signed, but its parent has no DS"),
        (zone(signed(), ds=(), signed=True), "NOT_VERIFIED", "zone: nothing tells the parent's DS records"),
    ],
)
def test_signatures(run_check: Callable[..., Any], given: Any, state: str, reason: str) -> None:
    conclusion = run_check(FILE, "signatures_of_the_zone_hold", zone=given, evaluated_at=NOW)
    assert conclusion.state == state
    assert conclusion.reason.startswith(reason)


@pytest.mark.parametrize(
    ("targets", "state", "reason"),
    [
        ({"edge.cdn.test": {"office": {"192.0.2.1"}}}, "PASS", ""),
        (
            {"mail.shop.test": {"ns1": {"192.0.2.1"}, "ns2": set()}},
            "FAIL",
            "zone: without an address: mail.shop.test on ns2",
        ),
        ({}, "NOT_VERIFIED", "nothing inspected"),
    ],
)
def test_targets(run_check: Callable[..., Any], targets: Any, state: str, reason: str) -> None:
    given = SimpleNamespace(name="zone", settings=service(), targets=lambda: targets)
    conclusion = run_check(FILE, "names_that_records_point_to_exist", zone=given)
    assert (conclusion.state, conclusion.reason) == (state, reason)


@pytest.mark.parametrize(
    ("mistakes", "mail", "state", "reason"),
    [
        ({"ns1": [], "ns2": []}, True, "PASS", ""),
        (
            {"ns1": [], "ns2": ["no SPF record", "DMARC policy is none"]},
            True,
            "FAIL",
            "zone: ns2: no SPF record; DMARC",
        ),
        ({"ns1": ["no SPF record"]}, False, "PASS", ""),
    ],
)
def test_mail(run_check: Callable[..., Any], mistakes: Any, mail: bool, state: str, reason: str) -> None:
    given = SimpleNamespace(name="zone", settings=service(mail=mail), mail_mistakes=lambda: mistakes)
    conclusion = run_check(FILE, "mail_in_our_name_is_protected", zone=given)
    assert conclusion.state == state
    assert conclusion.reason.startswith(reason)


def test_a_name_of_another_zone_needs_a_resolver(suite_module: Callable[[str], Any]) -> None:
    given = suite_module("infra/network/conftest.py").Zone(name="zone", settings=service())
    with pytest.raises(NotVerifiedError, match=r"edge\.cdn\.test is in another zone; name resolvers"):
        given.addresses("edge.cdn.test")
    assert given.parent_ds() == ()
