"""Sentry's HTTP API: whether events are really taken in, and whether anybody is told.

`/_health/` is not asked on purpose: it answers 200 while the pipeline behind it is broken.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from requests import Response

    from signoff.probes.web.http import Session

_QUANTITY = "sum(quantity)"
_LOST = frozenset({"rate_limited", "invalid", "abuse", "cardinality_limited"})
"""Outcomes of events that somebody sent and nobody will see; `filtered` and `client_discard` are wanted."""
_SERVER_ERROR = 500
_MAX_PAGES = 50
_RETENTION = re.compile(
    r"""^\s*(?:export\s+)?SENTRY_EVENT_RETENTION_DAYS\s*=\s*["']?(\d+)["']?\s*(?:#.*)?$""", re.MULTILINE
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ingest:
    """What became of the error events of a period."""

    outcomes: Mapping[str, int]
    """Events by outcome: `accepted`, `filtered`, `rate_limited`, `invalid`, …"""

    @property
    def accepted(self) -> int:
        """Return the number of events that were stored."""
        return self.outcomes.get("accepted", 0)

    @property
    def lost(self) -> int:
        """Return the number of events that were sent and refused."""
        return sum(count for outcome, count in self.outcomes.items() if outcome in _LOST)

    @property
    def lost_ratio(self) -> float | None:
        """Return the share of the refused; None if nothing arrived at all."""
        arrived = self.accepted + self.lost
        return self.lost / arrived if arrived else None


@dataclass(frozen=True, kw_only=True, slots=True)
class AlertRule:
    """One issue alert rule of the project."""

    name: str
    is_active: bool
    actions: tuple[str, ...]
    """What it does, in Sentry's words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """One project."""

    id: str
    slug: str
    status: str
    """`active`, or in which way it is not."""
    created: datetime | None = None
    """None: the server does not tell."""


class Sentry:
    """One organisation's server, read with a token of the scopes org:read, project:read and alerts:read.

    Raises (every method):
        AuthenticationError: the token is refused, or lacks a scope.
        UnreachableError, TimedOutError: no answer, or status 5xx.
        NotVerifiedError: no such organisation or project, or an answer that is none of Sentry's.
    """

    def __init__(self, session: Session, url: str, organization: str) -> None:
        self._session = session
        self._api = f"{url.rstrip('/')}/api/0"
        self._organization = organization

    def project(self, slug: str) -> Project:
        """Return the project."""
        data = _mapping(self._get(f"projects/{self._organization}/{slug}/"), f"project {slug}")
        return Project(
            id=str(data.get("id", "")),
            slug=slug,
            status=str(data.get("status", "unknown")),
            created=_instant(data.get("dateCreated")),
        )

    def ingest(self, project: Project, period: str) -> Ingest:
        """Return what became of the project's error events in the period (`24h`, `7d`)."""
        params = {
            "field": _QUANTITY,
            "groupBy": "outcome",
            "category": "error",
            "project": project.id,
            "statsPeriod": period,
            "interval": "1h",
        }
        data = _mapping(self._get(f"organizations/{self._organization}/stats_v2/", params), "stats_v2")
        try:
            counts = {group["by"]["outcome"]: int(group["totals"][_QUANTITY]) for group in data["groups"]}
        except (KeyError, TypeError, ValueError) as error:
            raise NotVerifiedError(f"{self._api}: stats_v2 without {error}; which version is this?") from error
        return Ingest(outcomes=counts)

    def rules(self, project: Project) -> tuple[AlertRule, ...]:
        """Return the project's issue alert rules, from all pages."""
        return tuple(
            AlertRule(
                name=str(rule.get("name", "")),
                is_active=rule.get("status", "active") == "active" and not rule.get("snooze", False),
                actions=tuple(str(action.get("name") or action.get("id", "")) for action in rule.get("actions", ())),
            )
            for rule in self._all(f"projects/{self._organization}/{project.slug}/rules/", "rules")
        )

    def oldest_event(self, project: Project, days: int) -> datetime | None:
        """Return when the oldest error event of the last `days` days that can still be read was taken; None: none."""
        params = {
            "dataset": "errors",
            "field": "timestamp",
            "sort": "timestamp",
            "per_page": "1",
            "project": project.id,
            "statsPeriod": f"{days}d",
        }
        data = _mapping(self._get(f"organizations/{self._organization}/events/", params), "events").get("data")
        if not isinstance(data, list):
            raise NotVerifiedError(f"{self._api}: events without data; which version is this?")
        if not data:
            return None
        oldest = _instant(_mapping(data[0], "events").get("timestamp"))
        if oldest is None:
            raise NotVerifiedError(f"{self._api}: an event without a time; which version is this?")
        return oldest

    def _all(self, path: str, what: str) -> list[Mapping[str, Any]]:
        """Return the entries of all pages: the Link header says where the next one is, and whether there is any."""
        found: list[Mapping[str, Any]] = []
        params: dict[str, str] = {}
        for _ in range(_MAX_PAGES):
            response = self._answer(path, params)
            data = self._json(response)
            if not isinstance(data, list):
                raise NotVerifiedError(f"{self._api}: the {what} are no list; which version is this?")
            found += [_mapping(one, what) for one in data]
            following = response.links.get("next", {})
            if following.get("results") != "true":
                return found
            params = {"cursor": str(following.get("cursor", ""))}
        raise NotVerifiedError(f"{self._api}: more than {_MAX_PAGES} pages of {what}")

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return self._json(self._answer(path, params))

    def _answer(self, path: str, params: Mapping[str, str] | None) -> Response:
        url = f"{self._api}/{path}"
        response = self._session.get(url, params=params)
        if response.status_code in {401, 403}:
            raise AuthenticationError(
                f"{url}: status {response.status_code}; the token needs org:read and project:read"
            )
        if response.status_code >= _SERVER_ERROR:
            raise UnreachableError(f"{url}: status {response.status_code}")
        if not response.ok:
            raise NotVerifiedError(f"{url}: status {response.status_code}; check organisation and project")
        return response

    @staticmethod
    def _json(response: Response) -> Any:
        try:
            return response.json()
        except ValueError:
            raise NotVerifiedError(f"{response.url}: no JSON; check the URL in the inventory") from None


def retention_days(text: str) -> int:
    """Return how many days a self-hosted Sentry keeps events, by the `.env` file of its installation.

    Raises:
        NotVerifiedError: the file does not say.
    """
    found = _RETENTION.findall(text)
    if not found:
        raise NotVerifiedError("no SENTRY_EVENT_RETENTION_DAYS in the settings; name the .env file of the installation")
    return int(found[-1])


def _instant(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def _mapping(data: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise NotVerifiedError(f"{what}: no object in the answer; which version is this?")
    return data
