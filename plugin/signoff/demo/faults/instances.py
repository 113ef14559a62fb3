"""Restart instances of the shop so that users notice nothing: one after the other, each back in the balancer first."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from signoff.demo import load_balancer, prometheus, supervision
from signoff.demo.layout import DemoError
from signoff.demo.shop import programs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from signoff.demo.layout import Layout

_LIMIT_SECONDS = 120.0


def restart(layout: Layout, hosts: Iterable[str]) -> None:
    """Restart the serving instances on the hosts."""
    for host in hosts:
        supervision.restart(layout, programs.name_of(host))
        wait(lambda host=host: programs.is_ready(layout, host), f"{programs.name_of(host)} is not ready")  # type: ignore[misc]
        wait_in_balancer(layout, host)


def wait_in_balancer(layout: Layout, host: str, *, backend: str = load_balancer.BLUE, used: bool = True) -> None:
    """Wait until the load balancer would send traffic to the backend's instance on the host, or until it would not."""
    complaint = f"the load balancer {'does not use' if used else 'still uses'} {host} in {backend}"
    wait(lambda: (host in load_balancer.servers_up(layout, backend)) is used, complaint)


def wait_for_scrape(layout: Layout, job: str, host: str) -> None:
    """Wait until Prometheus has looked at the target as it is now, which it does every few seconds."""
    now = datetime.now(UTC)
    wait(lambda: prometheus.has_scraped(layout, job, host, since=now), f"Prometheus does not ask {job} on {host}")


def wait(condition: Callable[[], bool], complaint: str) -> None:
    """Wait until the condition holds.

    Raises:
        DemoError: it does not within two minutes.
    """
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            raise DemoError(f"{complaint} after {_LIMIT_SECONDS:g} s")
        time.sleep(0.03)
