"""Alertmanager's HTTP API, version 2: its configuration, its silences, the alerts that it holds, and the heartbeat."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.products.alert_routing import Matcher, read_routing
from signoff.probes.products.answers import entries, get_json, mapping
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from signoff.probes.products.alert_routing import Routing

_NEEDS = "credentials in the inventory"


@dataclass(frozen=True, kw_only=True, slots=True)
class Silence:
    """One silence that holds now or will."""

    id: str
    matchers: tuple[Matcher, ...]
    starts: datetime
    ends: datetime
    comment: str
    created_by: str

    @property
    def lasts(self) -> timedelta:
        """Return for how long it holds in all."""
        return self.ends - self.starts

    @property
    def is_narrow(self) -> bool:
        """Whether any of its matchers keeps anything out."""
        return any(matcher.narrows for matcher in self.matchers)

    def covers(self, labels: Mapping[str, str]) -> bool:
        """Return whether it silences an alert with these labels."""
        return all(matcher.accepts(labels) for matcher in self.matchers)


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldAlert:
    """One alert that has arrived."""

    labels: Mapping[str, str]
    receivers: tuple[str, ...]
    state: str
    """`active`, `suppressed` or `unprocessed`."""
    updated: datetime


@contextmanager
def open_alertmanager(
    url: str, *, user: str = "", password: str = "", ca_file: str | None = None
) -> Iterator[Alertmanager]:
    """Give the server at the URL; the connection ends with the block."""
    with Session(origins=[url], ca_file=ca_file, budget=10) as session:
        if user:
            session.auth = (user, password)
        yield Alertmanager(session, url)


class Alertmanager:
    """One server, read through a guarded session.

    Raises (every method):
        AuthenticationError: status 401 or 403.
        UnreachableError, TimedOutError: no answer, or status 5xx.
        NotVerifiedError: an answer that is none of Alertmanager's.
    """

    def __init__(self, session: Session, url: str) -> None:
        self._session = session
        self._api = f"{url.rstrip('/')}/api/v2"

    def routing(self) -> Routing:
        """Return the configuration that it runs on; secrets in it are hidden by the server."""
        status = mapping(self._get("status"), "status")
        text = mapping(status.get("config"), "status").get("original")
        if not isinstance(text, str):
            raise NotVerifiedError(f"{self._api}/status: without a configuration; which version is this?")
        return read_routing(text)

    def silences(self) -> tuple[Silence, ...]:
        """Return the silences that have not expired."""
        found = entries(self._get("silences"), "silences")
        return tuple(_silence(one) for one in found if mapping(one.get("status"), "silence").get("state") != "expired")

    def alerts(self) -> tuple[HeldAlert, ...]:
        """Return the alerts that it holds, the silenced and inhibited too."""
        return tuple(_alert(one) for one in entries(self._get("alerts"), "alerts"))

    def _get(self, path: str) -> Any:
        return get_json(self._session, f"{self._api}/{path}", needs=_NEEDS)


def last_heartbeat(session: Session, url: str) -> datetime | None:
    """Return when the watchdog last arrived at a dead man's switch with healthchecks.io's API; None: never.

    Raises:
        AuthenticationError, UnreachableError, TimedOutError: see `get_json`.
        NotVerifiedError: no such check, or it is paused and would say nothing.
    """
    check = mapping(get_json(session, url, needs="a read-only key"), "heartbeat")
    if check.get("status") == "paused":
        raise NotVerifiedError(f"{url}: the check is paused; start it again")
    if "last_ping" not in check:
        raise NotVerifiedError(f"{url}: without last_ping; is this a check of healthchecks.io's API?")
    at = check["last_ping"]
    return None if at is None else instant(at)


def instant(text: Any) -> datetime:
    """Return the UTC instant of an RFC 3339 text.

    Raises:
        NotVerifiedError: it is none.
    """
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        raise NotVerifiedError(f"{text!r} is no time; which version is this?") from None
    if found.tzinfo is None:
        raise NotVerifiedError(f"{text!r} has no offset; which version is this?")
    return found.astimezone(UTC)


def _silence(entry: Mapping[str, Any]) -> Silence:
    return Silence(
        id=str(entry.get("id", "")),
        matchers=tuple(_matcher(one) for one in entries(entry.get("matchers"), "silence")),
        starts=instant(entry.get("startsAt")),
        ends=instant(entry.get("endsAt")),
        comment=str(entry.get("comment", "")).strip(),
        created_by=str(entry.get("createdBy", "")).strip(),
    )


def _matcher(entry: Mapping[str, Any]) -> Matcher:
    # Servers before 0.22 have no isEqual: everything was an equality.
    sign = ("=" if entry.get("isEqual", True) else "!") + ("~" if entry.get("isRegex") else "")
    return Matcher(
        name=str(entry.get("name", "")), operator="!=" if sign == "!" else sign, value=str(entry.get("value", ""))
    )


def _alert(entry: Mapping[str, Any]) -> HeldAlert:
    return HeldAlert(
        labels=mapping(entry.get("labels"), "alert"),
        receivers=tuple(str(one.get("name", "")) for one in entries(entry.get("receivers"), "alert")),
        state=str(mapping(entry.get("status"), "alert").get("state", "")),
        updated=instant(entry.get("updatedAt")),
    )
