"""Settings of the error tracking of the embedded environment: files on mon1 that the server reads at every request.

`project.json` is the client key and its rate limit, `rules.json` the alert rules in the form of Sentry's API, and
`.env` says how long events are kept, as a self-hosted Sentry has it.
"""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from signoff.demo.layout import write_atomically
from signoff.probes.products.sentry import retention_days

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

ORGANIZATION, PROJECT, PROJECT_ID, CLIENT_KEY = "demo", "shop", 1, "shop"
RETENTION_DAYS = 30
EVENTS_PER_MINUTE = 600
"""Usual rate limit of the client key."""

CREATED = "2026-01-05T00:00:00Z"


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """What an administrator set for the project."""

    client_key: str = CLIENT_KEY
    limit_events: int = EVENTS_PER_MINUTE
    limit_seconds: int = 60
    status: str = "active"


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


def installation(layout: Layout) -> Path:
    """Return the settings of the installation: `SENTRY_EVENT_RETENTION_DAYS=n`."""
    return directory(layout) / ".env"


def retention(layout: Layout) -> dt.timedelta:
    """Return how long events are kept, as it is set now."""
    return dt.timedelta(days=retention_days(installation(layout).read_text(encoding="utf-8")))


def set_retention(layout: Layout, days: int) -> None:
    """Change how long events are kept; older ones can no longer be read."""
    write_atomically(installation(layout), f"SENTRY_EVENT_RETENTION_DAYS={days}\n", mode=0o644)


def read_rules(layout: Layout) -> list[dict[str, Any]]:
    """Return the alert rules as they are now."""
    rules: list[dict[str, Any]] = json.loads((directory(layout) / "rules.json").read_text(encoding="utf-8"))
    return rules


def write_rules(layout: Layout, rules: list[dict[str, Any]]) -> None:
    """Change the alert rules."""
    write_atomically(directory(layout) / "rules.json", json.dumps(rules, indent=1) + "\n")


def prepare(layout: Layout) -> None:
    """Write the settings, and one event a day of the last month, as if the server had been up."""
    directory(layout).mkdir(parents=True, exist_ok=True)
    outcomes_file(layout).parent.mkdir(parents=True, exist_ok=True)
    write_project(layout, Project())
    set_retention(layout, RETENTION_DAYS)
    write_atomically(outcomes_file(layout), "".join(_history()))
    write_rules(layout, [_rule()])


def _history() -> list[str]:
    now = dt.datetime.now(dt.UTC)
    days = [now - dt.timedelta(days=day) + dt.timedelta(hours=1) for day in range(RETENTION_DAYS, 1, -1)]
    return [json.dumps({"at": at.isoformat(), "outcome": "accepted"}) + "\n" for at in days]


def _rule() -> dict[str, Any]:
    return {
        "id": "1",
        "name": "New error in production",
        "status": "active",
        "snooze": False,
        "environment": None,
        "owner": "team:1",
        "projects": [PROJECT],
        "dateCreated": CREATED,
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
