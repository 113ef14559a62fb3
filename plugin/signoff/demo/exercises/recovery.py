"""Kills an instance without warning and measures how long its supervisor takes to have it back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from signoff.demo import supervision
from signoff.demo.exercises.records import Drill
from signoff.demo.layout import DemoError
from signoff.demo.shop import programs

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

HOST = "app2"
KILLED = "instance killed"
"""What the inventory calls it."""
_PORT = "app2_green"
_LIMIT_SECONDS = 180.0


def run(layout: Layout) -> dict[str, Any]:
    """Return the record; the victim is of the idle colour, so that no user notices."""
    drill, started = Drill(kind="component-failure", environment="demo"), time.monotonic()
    with drill.step("kill the instance"):
        supervision.send_signal(layout, programs.name_of(HOST, green=True), "KILL")
        _wait(layout, ready=False)
    with drill.step("wait until it is ready again"):
        _wait(layout, ready=True)
    return drill.record(layout, seconds=time.monotonic() - started, downtime_seconds=0.0)


def game_day(record: dict[str, Any]) -> dict[str, Any]:
    """Return the same as the record of a game day."""
    fault = {
        "name": KILLED,
        "injected_at": record["performed_at"],
        "recovered_at": record["finished"] if record["passed"] else None,
        "passed": record["passed"],
        "observed": f"ready again after {record['seconds']} s",
    }
    people = record["participants"]
    return {
        "schema_version": 1,
        "kind": "game-day",
        "environment": record["environment"],
        "participants": people,
        "faults": [fault],
    }


def _wait(layout: Layout, *, ready: bool) -> None:
    deadline = time.monotonic() + _LIMIT_SECONDS
    while programs.is_ready(layout, _PORT) is not ready:
        if time.monotonic() > deadline:
            raise DemoError(f"{HOST} is {'not ' if ready else 'still '}ready after {_LIMIT_SECONDS:g} s")
        time.sleep(0.03)
