"""INF-NET-1: servers, health checks, front ends and the spread of a load balancer."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.load_balancer import LoadBalancerService
from signoff.probes.front.balancer import Backend, BalancerFacts, ServerState

if TYPE_CHECKING:
    from collections.abc import Callable

FILE = "infra/network/test_network.py"


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
