"""Rehearses the rollback by blue and green: all traffic to green, and back, while somebody keeps asking."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from signoff.demo import load_balancer
from signoff.demo.exercises.records import Drill
from signoff.demo.exercises.traffic import Visitor, Watch, front
from signoff.demo.layout import DemoError
from signoff.demo.shop.programs import APP_HOSTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.demo.layout import Layout

_READY_SECONDS = 120.0
_STEADY_REQUESTS = 20
"""Asked on each colour between the switches, so that it is a switch under load."""


def run(
    layout: Layout,
    *,
    patience_seconds: float = 60.0,
    hesitate_seconds: float = 0.0,
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Return the record; `seconds` is the time from the decision to roll back until blue answers again.

    A colour that does not answer within the patience is a failed step; the traffic ends on blue in any case.

    Args:
        layout: The copy.
        patience_seconds: How long a switch may take before it has failed.
        hesitate_seconds: Between the decision and the switch, as when somebody looks for the right command.
        meanwhile: Done while green serves, for faults.
    """
    drill = Drill(kind="rollback", environment="demo")
    with Watch(Visitor(front(layout), str(layout.ca_file)), "/version") as watch:
        with suppress(DemoError), drill.step("switch traffic to green"):
            _switch(layout, watch, load_balancer.GREEN, patience_seconds)
        with drill.step("watch green serve"):
            watch.wait_for_answers(_STEADY_REQUESTS, seconds=patience_seconds)
            meanwhile()
        with suppress(DemoError), drill.step("roll back: switch traffic to blue"):
            time.sleep(hesitate_seconds)
            _switch(layout, watch, load_balancer.BLUE, patience_seconds)
        with drill.step("watch blue serve"):
            watch.wait_for_answers(_STEADY_REQUESTS, seconds=patience_seconds)
    seconds = sum(step.seconds for step in drill.steps if step.name.startswith("roll back"))
    counted = {"requests": watch.asked, "failed_requests": watch.failed}
    return {**drill.record(layout, seconds=seconds, downtime_seconds=watch.downtime_seconds), **counted}


def wait_for_both_colours(layout: Layout) -> None:
    """Wait until the load balancer says that every instance of both colours is up.

    Raises:
        DemoError: they are not within two minutes.
    """
    deadline = time.monotonic() + _READY_SECONDS
    while (down := _down(layout)) and time.monotonic() < deadline:
        time.sleep(0.05)
    if down:
        raise DemoError(f"the load balancer does not see {', '.join(down)}; see the log of haproxy")


def _down(layout: Layout) -> list[str]:
    try:
        up = {name: load_balancer.servers_up(layout, name) for name in (load_balancer.BLUE, load_balancer.GREEN)}
    except OSError:
        return ["anything: HAProxy itself does not answer"]
    return [f"{host} in {backend}" for backend, hosts in up.items() for host in sorted(set(APP_HOSTS) - set(hosts))]


def _switch(layout: Layout, watch: Watch, backend: str, patience_seconds: float) -> None:
    load_balancer.switch(layout, backend)
    if not watch.wait_for("-green", green=backend == load_balancer.GREEN, seconds=patience_seconds):
        raise DemoError(f"the traffic did not reach {backend}")
