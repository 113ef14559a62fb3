"""Error tracking of the embedded environment: a stand-in for Sentry's HTTP API on mon1, and its settings.

The server behind it is `errortracking_server`; what an administrator can set is in `errortracking_settings`.
"""

from __future__ import annotations

import urllib.request
from typing import TYPE_CHECKING

from signoff.demo.errortracking_settings import (
    CLIENT_KEY,
    CREATED,
    ORGANIZATION,
    PROJECT,
    PROJECT_ID,
    RETENTION_DAYS,
    Project,
    outcomes_file,
    prepare,
    read_project,
    read_rules,
    retention,
    set_retention,
    write_project,
    write_rules,
)
from signoff.demo.layout import Program
from signoff.demo.supervision import python_module

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

__all__ = [
    "CLIENT_KEY",
    "CREATED",
    "NAME",
    "ORGANIZATION",
    "PROJECT",
    "PROJECT_ID",
    "RETENTION_DAYS",
    "Project",
    "is_ready",
    "outcomes_file",
    "prepare",
    "program",
    "read_project",
    "read_rules",
    "retention",
    "set_retention",
    "write_project",
    "write_rules",
]

NAME = "error-tracking"
"""Of the program."""


def is_ready(layout: Layout) -> bool:
    """Return whether the server answers."""
    try:
        with urllib.request.urlopen(f"{_address(layout)}/_health/", timeout=10) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except OSError:
        return False


def program(layout: Layout) -> Program:
    """Write the settings and return the server."""
    prepare(layout)
    argv, env = python_module(layout, "signoff.demo.errortracking_server")
    return Program(
        name=NAME,
        argv=argv,
        cwd=layout.host("mon1"),
        env=env,
        host="mon1",
        ready=lambda: is_ready(layout),
        address=_address(layout),
    )


def _address(layout: Layout) -> str:
    return f"http://127.0.0.1:{layout.port('sentry')}"
