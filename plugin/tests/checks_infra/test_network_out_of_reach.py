"""INF-NET-*: endpoints, name servers, caches and balancers where nobody answers are an error, for every check."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import dns.exception
import dns.query
import pytest

from signoff.config.checklist import load_checklist
from signoff.config.kinds.cdn import CdnService
from signoff.config.kinds.dns_zone import DnsZoneService
from signoff.config.kinds.load_balancer import LoadBalancerService
from signoff.config.kinds.tls import TlsService
from tests.suite_checks import ROOT, SuiteChecks

if TYPE_CHECKING:
    from pathlib import Path

NOBODY, URL = "127.0.0.1", "http://127.0.0.1:1"
SERVERS = [{"name": name, "address": NOBODY, "port": 1} for name in ("ns1", "ns2")]
SERVICES: dict[str, Any] = {
    "tls": TlsService(host=NOBODY, port=1),
    "cdn": CdnService.model_validate(
        {"url": URL, "assets": ["/a.js"], "private": ["/me"], "origins": [{"address": NOBODY, "port": 1}]}
    ),
    "dns_zone": DnsZoneService.model_validate(
        {
            "zone": "shop.test",
            "servers": SERVERS,
            "resolvers": [SERVERS[0]],
            "records": [{"name": "shop.test", "values": ["10.0.0.1"]}],
            "caa": ['0 issue "ca.test"'],
            "signed": True,
        }
    ),
    "load_balancer": LoadBalancerService.model_validate(
        {
            "stats_url": f"{URL}/stats",
            "pools": [{"name": "shop"}],
            "http_url": URL,
            "spread": {"url": URL, "header": "X-Server", "pool": "shop"},
        }
    ),
}
CHECKS = [
    (check.name, check.targets.name)
    for item in load_checklist(ROOT / "tests" / "checklist.yaml").items
    for check in item.checks
    if item.id.startswith("INF-NET-") and check.targets.name in SERVICES
]
UNSURE = {"nobody_gets_around_the_edge": "NOT_VERIFIED"}
"""An origin that takes no connection may be closed, or be another address: its host has to say which."""


@pytest.fixture
def silent_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let name servers say nothing, without waiting for them."""

    def wait_in_vain(*_: Any, **__: Any) -> None:
        raise dns.exception.Timeout

    monkeypatch.setattr(dns.query, "udp_with_fallback", wait_in_vain)


@pytest.mark.parametrize(("check", "kind"), CHECKS, ids=[check for check, _ in CHECKS])
@pytest.mark.usefixtures("silent_servers")
def test_nobody_there_is_no_verdict(tmp_path: Path, check: str, kind: str) -> None:
    inventory = SimpleNamespace(hosts={}, services_of=lambda _: {}, service=SERVICES.__getitem__)
    given: dict[str, Any] = {"connect": None, "workspace_path": lambda name: tmp_path / name}

    found = SuiteChecks().one(
        check, SERVICES[kind], name=kind, inventory=inventory, evaluated_at=datetime.now(UTC), **given
    )

    assert (found.state, bool(found.reason)) == (UNSURE.get(check, "ERROR"), True), found.reason
