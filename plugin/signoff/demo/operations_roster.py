"""Contract fakes of two on-call providers over the same people: PagerDuty's REST API and Opsgenie's.

After https://developer.pagerduty.com/api-reference/ (users, schedules, oncalls; classic paging with `more`) and
https://docs.opsgenie.com/docs/schedule-api, /user-api, /contact-api (paging with `totalCount`).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from signoff.demo import operations
from signoff.demo.layout import load
from signoff.demo.operations_answers import first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.demo.layout import Layout
    from signoff.demo.operations_answers import Answer

_MOST = 2
"""Entries of one page: so few that there is always another page."""
_CONTACTS = {
    "phone_contact_method": "voice",
    "sms_contact_method": "sms",
    "push_notification_contact_method": "mobile",
    "email_contact_method": "email",
}


class PagerDutyFake:
    """PagerDuty, version 2."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._token = load(layout).passwords["on_call_token"]

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], auth: str, _body: bytes) -> Answer:
        """Answer one request; alerts may come without a key of the API."""
        if method == "POST":
            return 202, {"status": "success"}
        if auth != f"Token token={self._token}":
            return 401, {"error": {"message": "Authentication failed", "code": 2006}}
        data = operations.read(operations.roster(self._layout))
        match path.split("/"):
            case ["schedules", number] if number in data["schedules"]:
                return 200, {"schedule": {"id": number, "name": data["schedules"][number]["name"]}}
            case ["users"]:
                return 200, _page("users", data["users"], query)
            case ["oncalls"]:
                wanted = query.get("schedule_ids[]", list(data["schedules"]))
                period = first(query, "since"), first(query, "until")
                shifts = [one for number in wanted for one in _shifts(data, number, *map(_instant, period))]
                rows = [{"user": {"id": one["user"], "type": "user_reference"}, **one_of(one)} for one in shifts]
                return 200, _page("oncalls", rows, query)
            case _:
                return 404, {"error": {"message": "Not Found", "code": 2100}}


class OpsgenieFake:
    """Opsgenie, version 2."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._token = load(layout).passwords["on_call_token"]

    def answer(self, _method: str, path: str, query: Mapping[str, list[str]], auth: str, _body: bytes) -> Answer:
        """Answer one request."""
        if auth != f"GenieKey {self._token}":
            return 401, {"message": "Could not authenticate"}
        data = operations.read(operations.roster(self._layout))
        match path.split("/"):
            case ["v2", "users"]:
                rows = [{"id": one["id"], "fullName": one["name"], "blocked": False} for one in data["users"]]
                start = int(first(query, "offset", "0"))
                return 200, {"totalCount": len(rows), "data": rows[start : start + _MOST]}
            case ["v2", "users", number, "contacts"]:
                found = [one for one in data["users"] if one["id"] == number]
                return (200, {"data": _contacts(found[0])}) if found else (404, {"message": "User not found"})
            case ["v2", "schedules", number, "timeline"] if number in data["schedules"]:
                start_at = _instant(first(query, "date"))
                end = start_at + timedelta(days=int(first(query, "interval", "1")))
                periods = [
                    {"recipient": {"id": one["user"], "type": "user"}, "startDate": one["start"], "endDate": one["end"]}
                    for one in _shifts(data, number, start_at, end)
                ]
                return 200, {"data": {"finalTimeline": {"rotations": [{"name": "all", "periods": periods}]}}}
            case _:
                return 404, {"message": "Not found"}


def one_of(shift: Mapping[str, Any]) -> dict[str, Any]:
    """Return the times of a shift as PagerDuty shows them."""
    return {"start": shift["start"], "end": shift["end"], "escalation_level": 1}


def _page(name: str, rows: list[Any], query: Mapping[str, list[str]]) -> dict[str, Any]:
    offset = int(first(query, "offset", "0"))
    limit = min(int(first(query, "limit", "25")), _MOST)
    more = offset + limit < len(rows)
    return {name: rows[offset : offset + limit], "limit": limit, "offset": offset, "more": more, "total": None}


def _shifts(data: Mapping[str, Any], schedule: str, start: datetime, end: datetime) -> list[dict[str, Any]]:
    found = data["schedules"].get(schedule, {"shifts": []})["shifts"]
    return [one for one in found if _instant(one["start"]) < end and _instant(one["end"]) > start]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def _contacts(user: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"id": str(number), "contactMethod": _CONTACTS[method["type"]], "to": "hidden", "status": {"enabled": True}}
        for number, method in enumerate(user["contact_methods"])
    ]
