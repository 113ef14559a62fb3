"""Error tracking of the embedded environment: a stand-in for Sentry's HTTP API on mon1, and its settings.

The server behind it is `errortracking_server`. Its settings are files on mon1 that it reads at every request:
`project.json` (the client key and its rate limit) and `rules.json` (the alert rules, in the form of Sentry's API).
"""

from __future__ import annotations

import json
import urllib.request
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from signoff.demo.layout import Program, write_atomically
from signoff.demo.supervision import python_module

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

NAME = "error-tracking"
"""Of the program."""

ORGANIZATION, PROJECT, PROJECT_ID, CLIENT_KEY = "demo", "shop", 1, "shop"
RETENTION_DAYS = 30
EVENTS_PER_MINUTE = 600
"""Usual rate limit of the client key."""

_CREATED = "2026-01-05T00:00:00Z"


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """What an administrator set for the project."""

    client_key: str = CLIENT_KEY
    limit_events: int = EVENTS_PER_MINUTE
    limit_seconds: int = 60
    retention_days: int = RETENTION_DAYS


def directory(layout: Layout) -> Path:
    """Return the folder of the settings."""
    return layout.host("mon1") / "etc" / "errortracking"


def outcomes_file(layout: Layout) -> Path:
    """Return the file that remembers what became of every event: {"at", "outcome"}, one object a line."""
    return layout.host("mon1") / "var" / "lib" / "errortracking" / "outcomes.jsonl"


def read_project(layout: Layout) -> Project:
    """Return the settings as they are now."""
    return Project(**json.loads((directory(layout) / "project.json").read_text(encoding="utf-8")))


def write_project(layout: Layout, project: Project) -> None:
    """Change the settings, from the next event on."""
    write_atomically(directory(layout) / "project.json", json.dumps(asdict(project), indent=1) + "\n")


def read_rules(layout: Layout) -> list[dict[str, Any]]:
    """Return the alert rules as they are now."""
    rules: list[dict[str, Any]] = json.loads((directory(layout) / "rules.json").read_text(encoding="utf-8"))
    return rules


def write_rules(layout: Layout, rules: list[dict[str, Any]]) -> None:
    """Change the alert rules."""
    write_atomically(directory(layout) / "rules.json", json.dumps(rules, indent=1) + "\n")


def is_ready(layout: Layout) -> bool:
    """Return whether the server answers."""
    try:
        with urllib.request.urlopen(f"{_address(layout)}/_health/", timeout=1) as answer:  # noqa: S310 - loopback
            return bool(answer.status == 200)  # noqa: PLR2004 - OK
    except OSError:
        return False


def program(layout: Layout) -> Program:
    """Write the settings and return the server."""
    directory(layout).mkdir(parents=True, exist_ok=True)
    outcomes_file(layout).parent.mkdir(parents=True, exist_ok=True)
    write_project(layout, Project())
    write_rules(layout, [_rule()])
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


def _rule() -> dict[str, Any]:
    return {
        "id": "1",
        "name": "New error in production",
        "status": "active",
        "snooze": False,
        "environment": None,
        "owner": "team:1",
        "projects": [PROJECT],
        "dateCreated": _CREATED,
        "frequency": 5,
        "actionMatch": "any",
        "filterMatch": "all",
        "conditions": [{"id": "sentry.rules.conditions.first_seen_event.FirstSeenEventCondition"}],
        "filters": [{"id": "sentry.rules.filters.level.LevelFilter", "level": "40", "match": "gte"}],
        "actions": [
            {
                "id": "sentry.mail.actions.NotifyEmailAction",
                "targetType": "Team",
                "targetIdentifier": "1",
                "fallthroughType": "ActiveMembers",
            }
        ],
    }
