"""The rollback by blue and green, under load: all traffic to green and back, while visitors keep asking at the edge.

Run as `python -m estate.rehearsals.switch HOME IMAGES OPTIONS` in the controller's network, where the site has a name.
"""

from __future__ import annotations

import json
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from estate import shop_release
from estate.estate import Estate
from estate.layout import Layout
from estate.roles import balancer
from estate.topology import SITE
from signoff.demo.exercises.records import Drill
from signoff.demo.exercises.traffic import Visitor, Watch
from signoff.demo.layout import DemoError

if TYPE_CHECKING:
    from estate.hosts import Host

_TIMEOUT = 600.0
_STEADY_REQUESTS = 25
"""Asked on each colour between the switches, so that it is a switch under load."""
_STEADY_SECONDS = 120.0
"""For these; a busy machine takes its time."""


def run(estate: Estate, *, other: str = balancer.GREEN, patience: float = 60.0, hesitate: float = 0.0) -> Any:
    """Return the record; `seconds` is the time from the decision to roll back until blue answers again.

    Args:
        estate: The running estate; the traffic ends where it went before.
        other: Backend to go to and to come back from.
        patience: Seconds that a switch may take before it has failed.
        hesitate: Seconds between the decision and the switch, as when somebody looks for the right command.
    """
    options = json.dumps({"other": other, "patience": patience, "hesitate": hesitate})
    layout = estate.layout
    line = (sys.executable, "-m", "estate.rehearsals.switch", str(layout.home), str(layout.images), options)
    return json.loads(estate.controller.run(*line, timeout=_TIMEOUT))


def rehearse(estate: Estate, *, other: str, patience: float, hesitate: float) -> dict[str, Any]:
    """Switch, watch, switch back; see `run`."""
    host, drill = estate.host("edge"), Drill(kind="rollback", environment="estate")
    before = balancer.leads_to(host)
    try:
        with Watch(Visitor(f"https://{SITE}", str(estate.layout.ca_file)), "/version") as watch:
            with suppress(DemoError), drill.step(f"switch traffic to {other}"):
                _switch(host, watch, other, green=True, patience=patience)
            with drill.step(f"watch {other} serve"):
                watch.wait_for_answers(_STEADY_REQUESTS, seconds=_STEADY_SECONDS)
            with suppress(DemoError), drill.step("roll back: switch traffic to blue"):
                time.sleep(hesitate)
                _switch(host, watch, balancer.BLUE, green=False, patience=patience)
            with drill.step("watch blue serve"):
                watch.wait_for_answers(_STEADY_REQUESTS, seconds=_STEADY_SECONDS)
    finally:
        balancer.lead_to(host, before)
    seconds = sum(step.seconds for step in drill.steps if step.name.startswith("roll back"))
    record = drill.record(shop_release.prepare(estate), seconds=seconds, downtime_seconds=watch.downtime_seconds)
    return {
        **record,
        "participants": ["the estate, while it was made"],
        "requests": watch.asked,
        "failed_requests": watch.failed,
    }


def _switch(host: Host, watch: Watch, backend: str, *, green: bool, patience: float) -> None:
    balancer.lead_to(host, backend)
    if not watch.wait_for("-green", green=green, seconds=patience):
        raise DemoError(f"the traffic did not reach {backend}")


if __name__ == "__main__":
    found = rehearse(Estate(Layout(Path(sys.argv[1]), Path(sys.argv[2]))), **json.loads(sys.argv[3]))
    sys.stdout.write(json.dumps(found))
