"""INF-NET-5: trust, validity, protocols and HSTS of an endpoint."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.tls import TlsService
from signoff.probes.network.certificates import CertificateFact
from signoff.probes.network.tls import TlsFacts

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = "infra/network/test_network.py"
NOW = datetime(2026, 11, 22, tzinfo=UTC)


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
