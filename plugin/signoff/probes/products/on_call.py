"""Who is on call, by PagerDuty's or Opsgenie's API: everybody of the coming shifts, and how each can be reached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from signoff.errors import NotVerifiedError
from signoff.probes.products.answers import entries, get_json, mapping
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_PAGE = 100
_PAGES = 50
"""More pages than any roster has: an API that never says "that was all" is not asked forever."""
_DAY = timedelta(days=1)
_PAGERDUTY_WAYS = {
    "phone_contact_method": "phone",
    "sms_contact_method": "sms",
    "push_notification_contact_method": "push",
    "email_contact_method": "email",
}
_OPSGENIE_WAYS = {"voice": "phone", "sms": "sms", "mobile": "push", "email": "email"}
AWAKENING = frozenset({"phone", "sms", "push"})
"""Ways that reach somebody who is asleep."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OnCallPerson:
    """Somebody who may be called."""

    id: str
    """The provider's, or the name in a file: what messages and evidence say."""
    name: str
    ways: frozenset[str]
    """How they can be reached: `phone`, `sms`, `push`, `email`."""

    @property
    def can_be_woken(self) -> bool:
        """Whether any of the ways reaches them at night."""
        return not self.ways.isdisjoint(AWAKENING)


class Roster(Protocol):
    """A provider of on-call schedules.

    Raises (every method):
        AuthenticationError: the key is refused.
        UnreachableError, TimedOutError: no answer, or status 5xx.
        NotVerifiedError: no such schedule, an answer of another form, or one without an end.
    """

    def on_call(self, schedules: tuple[str, ...], *, start: datetime, end: datetime) -> tuple[OnCallPerson, ...]:
        """Return everybody who has a shift of the schedules in the period, each once, by id."""

    def people(self) -> tuple[OnCallPerson, ...]:
        """Return everybody that the provider knows."""


class PagerDuty:
    """PagerDuty's REST API, version 2: a `Roster`."""

    def __init__(self, session: Session, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    def on_call(self, schedules: tuple[str, ...], *, start: datetime, end: datetime) -> tuple[OnCallPerson, ...]:
        """See `Roster`."""
        for schedule in schedules:  # a wrong id is no error in a list of shifts, only an empty answer
            get_json(self._session, f"{self._url}/schedules/{schedule}", needs="a read-only key")
        params = {"schedule_ids[]": list(schedules), "since": start.isoformat(), "until": end.isoformat()}
        shifts = self._all("oncalls", params)
        ids = {str(mapping(shift.get("user"), "shift").get("id", "")) for shift in shifts}
        return tuple(person for person in self.people() if person.id in ids) if ids else ()

    def people(self) -> tuple[OnCallPerson, ...]:
        """See `Roster`."""
        found = self._all("users", {"include[]": ["contact_methods"]})
        return tuple(sorted((_pagerduty_person(user) for user in found), key=lambda person: person.id))

    def _all(self, what: str, params: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        found: list[Mapping[str, Any]] = []
        for _ in range(_PAGES):
            page = {**params, "limit": _PAGE, "offset": len(found)}
            answer = mapping(get_json(self._session, f"{self._url}/{what}", page, needs="a read-only key"), what)
            rows = entries(answer.get(what), what)
            found += rows
            if not isinstance(answer.get("more"), bool):
                raise NotVerifiedError(f"PagerDuty: {what} does not say whether there is more; which version is this?")
            if not answer["more"]:
                return found
            if not rows:
                break
        raise NotVerifiedError(f"PagerDuty: the list of {what} has no end; ask fewer schedules")


class Opsgenie:
    """Opsgenie's REST API, version 2: a `Roster`."""

    def __init__(self, session: Session, url: str) -> None:
        self._session = session
        self._url = url.rstrip("/")

    def on_call(self, schedules: tuple[str, ...], *, start: datetime, end: datetime) -> tuple[OnCallPerson, ...]:
        """See `Roster`."""
        ids: set[str] = set()
        days = max(1, -(-(end - start) // _DAY))
        for schedule in schedules:
            params = {"interval": days, "intervalUnit": "days", "date": start.isoformat()}
            answer = self._get(f"schedules/{schedule}/timeline", params)
            timeline = mapping(mapping(answer.get("data"), "timeline").get("finalTimeline"), "timeline")
            for rotation in entries(timeline.get("rotations"), "rotations"):
                for period in entries(rotation.get("periods") or [], "periods"):
                    ids.add(_recipient(period))
        return tuple(person for person in self.people() if person.id in ids) if ids else ()

    def people(self) -> tuple[OnCallPerson, ...]:
        """See `Roster`."""
        found: list[Mapping[str, Any]] = []
        for _ in range(_PAGES):
            answer = self._get("users", {"limit": _PAGE, "offset": len(found)})
            rows = entries(answer.get("data"), "users")
            found += rows
            if len(found) >= _total(answer):
                break
            if not rows:
                raise NotVerifiedError("Opsgenie: the list of users ends before it is complete; ask again")
        else:
            raise NotVerifiedError("Opsgenie: the list of users has no end")
        awake = [user for user in found if not user.get("blocked", False)]
        return tuple(sorted((self._person(user) for user in awake), key=lambda person: person.id))

    def _person(self, user: Mapping[str, Any]) -> OnCallPerson:
        contacts = entries(self._get(f"users/{user.get('id')}/contacts", {}).get("data"), "contacts")
        enabled = [one for one in contacts if mapping(one.get("status"), "contact").get("enabled")]
        ways = {_OPSGENIE_WAYS.get(str(one.get("contactMethod")), "other") for one in enabled}
        return OnCallPerson(id=str(user.get("id", "")), name=str(user.get("fullName", "")), ways=frozenset(ways))

    def _get(self, path: str, params: Mapping[str, Any]) -> Mapping[str, Any]:
        return mapping(get_json(self._session, f"{self._url}/v2/{path}", params, needs="a read-only key"), path)


def open_roster(provider: str, url: str, *, token: str, ca_file: str | None = None) -> tuple[Session, Roster]:
    """Return a guarded session (close it) and the provider's API behind it: `pagerduty` or `opsgenie`."""
    if provider == "pagerduty":
        headers = {
            "Authorization": f"Token token={token}",
            "Accept": "application/vnd.pagerduty+json;version=2",
        }
        session = Session(origins=[url], ca_file=ca_file, headers=headers, budget=300)
        return session, PagerDuty(session, url)
    session = Session(origins=[url], ca_file=ca_file, headers={"Authorization": f"GenieKey {token}"}, budget=1_000)
    return session, Opsgenie(session, url)


def _pagerduty_person(user: Mapping[str, Any]) -> OnCallPerson:
    methods = entries(user.get("contact_methods") or [], "contact methods")
    # A reference instead of the method itself carries `_reference` at the end of its type.
    kinds = {str(method.get("type", "")).removesuffix("_reference") for method in methods}
    return OnCallPerson(
        id=str(user.get("id", "")),
        name=str(user.get("name") or user.get("summary") or ""),
        ways=frozenset(_PAGERDUTY_WAYS.get(kind, "other") for kind in kinds),
    )


def _recipient(period: Mapping[str, Any]) -> str:
    recipient = mapping(period.get("recipient"), "period")
    if recipient.get("type") != "user":
        raise NotVerifiedError(
            f"Opsgenie: a shift is of a {recipient.get('type')}, not of a person; put people into the schedule"
        )
    return str(recipient.get("id", ""))


def _total(answer: Mapping[str, Any]) -> int:
    total = answer.get("totalCount")
    if not isinstance(total, int):
        raise NotVerifiedError("Opsgenie: the list of users does not say how many there are; which version is this?")
    return total
