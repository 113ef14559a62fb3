"""The load balancer: TLS, redirect, health, blue and green, and what it refuses."""

from __future__ import annotations

import csv
import time
from typing import TYPE_CHECKING

import pytest
import requests

from signoff.demo import load_balancer, supervision

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo


@pytest.fixture
def browser(demo: Layout) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(demo.ca_file)
        yield session


@pytest.fixture
def site(demo: Layout) -> str:
    return f"https://localhost:{demo.port('https')}"


def instances(browser: requests.Session, site: str, count: int = 10) -> set[str]:
    return {browser.get(f"{site}/version", timeout=30).json()["instance"] for _ in range(count)}


def wait_for(demo: Layout, backend: str, servers: list[str]) -> None:
    deadline = time.monotonic() + 60
    while load_balancer.servers_up(demo, backend) != servers and time.monotonic() < deadline:
        time.sleep(0.1)
    assert load_balancer.servers_up(demo, backend) == servers


def test_both_instances_get_traffic(demo: Layout, browser: requests.Session, site: str) -> None:
    wait_for(demo, load_balancer.BLUE, ["app1", "app2"])
    assert instances(browser, site) == {"app1", "app2"}


def test_plain_http_leads_to_https(demo: Layout, browser: requests.Session, site: str) -> None:
    answer = browser.get(f"http://localhost:{demo.port('http')}/api/products?page=2", allow_redirects=False, timeout=30)
    assert (answer.status_code, answer.headers["Location"]) == (301, f"{site}/api/products?page=2")


def test_the_browser_is_told_to_stay_with_https_and_the_shops_headers_pass(
    browser: requests.Session, site: str
) -> None:
    headers = browser.get(f"{site}/healthz", timeout=30).headers
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert headers["X-Request-ID"]
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("query", ["<script>alert(1)</script>", "1 UNION SELECT password", "../../etc/passwd"])
def test_attacks_in_the_address_are_refused(browser: requests.Session, site: str, query: str) -> None:
    assert browser.get(f"{site}/api/products", params={"q": query}, timeout=30).status_code == 403


def test_metrics_are_not_for_the_public(demo: Layout, browser: requests.Session, site: str) -> None:
    assert browser.get(f"{site}/metrics", timeout=30).status_code == 404
    assert browser.get(f"http://127.0.0.1:{demo.port('app1')}/metrics", timeout=30).status_code == 200


def test_statistics_and_metrics_of_its_own(demo: Layout, browser: requests.Session) -> None:
    base = f"http://127.0.0.1:{demo.port('stats')}"
    text = browser.get(f"{base}/stats;csv", timeout=30).text.removeprefix("# ")
    rows = {(row["pxname"], row["svname"]): row for row in csv.DictReader(text.splitlines())}
    assert rows["shop_blue", "app1"]["status"] == "UP"
    # With a star while the next check is on its way.
    assert rows["shop_blue", "app1"]["check_status"].removeprefix("* ") == "L7OK"
    assert 'haproxy_backend_active_servers{proxy="shop_blue"} 2' in browser.get(f"{base}/metrics", timeout=30).text


def test_a_stopped_instance_leaves_the_rotation_without_an_error(
    demo: Layout, browser: requests.Session, site: str
) -> None:
    supervision.stop(demo, "shop-app2")
    try:
        assert all(browser.get(f"{site}/version", timeout=30).status_code == 200 for _ in range(20))
        wait_for(demo, load_balancer.BLUE, ["app1"])
        assert instances(browser, site) == {"app1"}
    finally:
        supervision.start(demo, "shop-app2")
    wait_for(demo, load_balancer.BLUE, ["app1", "app2"])


def test_traffic_switches_to_green_and_back_at_once(demo: Layout, browser: requests.Session, site: str) -> None:
    wait_for(demo, load_balancer.GREEN, ["app1", "app2"])
    load_balancer.switch(demo, load_balancer.GREEN)
    try:
        assert instances(browser, site) == {"app1-green", "app2-green"}
    finally:
        load_balancer.switch(demo, load_balancer.BLUE)
    assert instances(browser, site) == {"app1", "app2"}
