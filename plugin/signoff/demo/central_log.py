"""The central log of the embedded environment: its settings, its saved views, and the program that collects lines.

It begins with the marks of the last month, as if the environment had been up: how far back a log reaches can then be
checked from the first minute on.
"""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

from signoff.demo.layout import HOSTS, Program, write_atomically
from signoff.demo.log_shipper import counts_file, policy_file, settings_file
from signoff.demo.supervision import python_module

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.demo.layout import Layout

RETENTION_DAYS = 30
_POLICY = """\
var/log/central/*.log {{
    daily
    rotate {days}
    maxage {days}
    missingok
}}
"""
_VIEWS = {
    "log-errors": """#!/bin/sh
# The newest errors of all hosts.
grep -h '"level": "error"' var/log/central/*.log | tail -n "${1:-50}"
""",
    "log-request": """#!/bin/sh
# Everything about one request.
grep -h -F -e "$1" var/log/central/*.log
""",
}


def prepare(layout: Layout) -> None:
    """Create the central log with its history, its retention policy and its views."""
    layout.central_log.mkdir(parents=True, exist_ok=True)
    for file in (policy_file(layout), counts_file(layout)):
        file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(policy_file(layout), policy(RETENTION_DAYS), mode=0o644)
    write_atomically(settings_file(layout), json.dumps({"hosts": HOSTS, "without": []}) + "\n", mode=0o644)
    for host in HOSTS:
        (layout.central_log / f"{host}.log").write_text("".join(_history(host)), encoding="utf-8")
    for name, text in _VIEWS.items():
        view = layout.host("mon1") / "bin" / name
        view.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(view, text, mode=0o755)


def policy(days: int) -> str:
    """Return logrotate's configuration that keeps lines for so many days."""
    return _POLICY.format(days=days)


def program(layout: Layout) -> Program:
    """Return the collector."""
    argv, env = python_module(layout, "signoff.demo.log_shipper")
    return Program(name="log-shipper", argv=argv, cwd=layout.dir, env=env, address=str(layout.central_log))


def _history(host: str) -> Iterator[str]:
    now = dt.datetime.now(dt.UTC)
    for days in range(RETENTION_DAYS, 0, -1):
        # Half an hour young, so that the first clean-up leaves the whole month.
        at = (now - dt.timedelta(days=days) + dt.timedelta(minutes=30)).isoformat(timespec="milliseconds")
        line = {"ts": at, "level": "info", "host": host, "service": "syslog", "message": "-- MARK --", "received": at}
        yield json.dumps(line) + "\n"
