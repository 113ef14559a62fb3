"""The central log of the embedded environment: its settings, and the program that collects every host's lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from signoff.demo.layout import Program, write_atomically
from signoff.demo.log_shipper import policy_file
from signoff.demo.supervision import python_module

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

RETENTION_DAYS = 30


def prepare(layout: Layout) -> None:
    """Create the central log and its retention policy."""
    layout.central_log.mkdir(parents=True, exist_ok=True)
    policy_file(layout).parent.mkdir(parents=True, exist_ok=True)
    write_atomically(policy_file(layout), json.dumps({"retention_days": RETENTION_DAYS}) + "\n", mode=0o644)


def program(layout: Layout) -> Program:
    """Return the collector."""
    argv, env = python_module(layout, "signoff.demo.log_shipper")
    return Program(name="log-shipper", argv=argv, cwd=layout.dir, env=env, address=str(layout.central_log))
