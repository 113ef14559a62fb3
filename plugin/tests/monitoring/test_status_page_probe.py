"""The status page's summary, and what makes two places one."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.demo import operations
from signoff.errors import NotVerifiedError
from signoff.probes.products.status_page import domain_of, host_of, read_status_page, shared_networks
from signoff.probes.web.http import Session

pytestmark = pytest.mark.contract


def test_components_are_read_without_their_groups(products: Any) -> None:
    with Session(origins=[products.url]) as session:
        page = read_status_page(session, f"{products.url}/status/")
    assert (page.name, page.indicator) == ("Christmas", "none")
    assert [(one.name, one.status) for one in page.components] == [("Shop", "operational"), ("Payments", "operational")]


@pytest.mark.parametrize("content", [[], {"page": {}}, {"page": {}, "status": {}, "components": {}}])
def test_what_is_no_summary_is_no_evidence(products: Any, content: Any) -> None:
    operations.write(operations.status_page(products.layout), content)
    with Session(origins=[products.url]) as session, pytest.raises(NotVerifiedError, match="which version"):
        read_status_page(session, f"{products.url}/status")


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("status.example.com", "example.com"),
        ("example.com", "example.com"),
        ("www.shop.example.co.kr", "example.co.kr"),
        ("example.co", "example.co"),
        ("10.0.0.1", "10.0.0.1"),
        ("localhost", "localhost"),
    ],
)
def test_a_domain_is_what_somebody_registered(host: str, domain: str) -> None:
    assert domain_of(host) == domain


def test_networks_and_hosts() -> None:
    assert shared_networks(["10.0.0.1", "2001:db8::1"], ["10.0.0.9", "2001:db8:1::1"]) == ("10.0.0.0/24",)
    assert shared_networks(["10.0.0.1"], ["10.0.1.1"]) == ()
    assert host_of("https://Shop.Example.com.:8443/x") == "shop.example.com"
    assert host_of("shop.example.com") == "shop.example.com"
