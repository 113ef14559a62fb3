"""Sentry's HTTP API: whether events are really taken in, and whether anybody is told.

`/_health/` is not asked on purpose: it answers 200 while the pipeline behind it is broken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.web.http import Session

_QUANTITY = "sum(quantity)"
_LOST = frozenset({"rate_limited", "invalid", "abuse", "cardinality_limited"})
"""Outcomes of events that somebody sent and nobody will see; `filtered` and `client_discard` are wanted."""
_SERVER_ERROR = 500


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
        return Project(id=str(data.get("id", "")), slug=slug, status=str(data.get("status", "unknown")))

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
        """Return the project's issue alert rules (the first page: at most 100)."""
        data = self._get(f"projects/{self._organization}/{project.slug}/rules/")
        if not isinstance(data, list):
            raise NotVerifiedError(f"{self._api}: the rules are no list; which version is this?")
        return tuple(
            AlertRule(
                name=str(rule.get("name", "")),
                is_active=rule.get("status", "active") == "active" and not rule.get("snooze", False),
                actions=tuple(str(action.get("name") or action.get("id", "")) for action in rule.get("actions", ())),
            )
            for rule in data
        )

    def _get(self, path: str, params: Mapping[str, str] | None = None) -> Any:
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
        try:
            return response.json()
        except ValueError:
            raise NotVerifiedError(f"{url}: no JSON; check the URL in the inventory") from None


def _mapping(data: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(data, dict):
        raise NotVerifiedError(f"{what}: no object in the answer; which version is this?")
    return data
