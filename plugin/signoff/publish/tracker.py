"""What publishing needs of a Jira site: issues by key or label, comments, and transitions by kind of status."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Literal

from signoff.errors import PublishError
from signoff.publish.http import RefusedError, Request, payload, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.publish.answers import Reply
    from signoff.publish.http import Http

UNSENT = "(new)"
HINTS: Mapping[int, str] = {
    401: "the token is wrong or expired: API tokens of Cloud live for a year at most; make a new one and set it",
    403: "the account lacks a right: it needs to browse the project, create and edit issues, comment and transition",
    404: "not there, or hidden from the account; check url, flavour and project in publish.yaml",
    413: "too large for the site",
    429: "the site asks for fewer requests; run it again later",
}
_COMMENTS = 100
_OPEN = ("new", "indeterminate")


@dataclass(frozen=True, kw_only=True, slots=True)
class Ticket:
    """An issue as the site has it now."""

    key: str
    done: bool
    """Whether its status is of the kind "done", whatever it is called."""


class Tracker:
    """One project of a site. Plain text throughout: REST v2, and v3 for the search that Cloud has only there."""

    def __init__(self, http: Http, project: str, *, cloud: bool) -> None:
        self._http, self._project, self._cloud = http, project, cloud

    def account(self) -> str:
        """Return the name of the account that asks."""
        return str(self._ask("/rest/api/2/myself").get("displayName", ""))

    def lacking(self) -> Sequence[str]:
        """Return the rights in the project that the account lacks."""
        wanted = ("BROWSE_PROJECTS", "CREATE_ISSUES", "EDIT_ISSUES", "ADD_COMMENTS", "TRANSITION_ISSUES")
        query = {"projectKey": self._project, "permissions": ",".join(wanted)}
        had = self._ask("/rest/api/2/mypermissions", **query).get("permissions", {})
        return [name for name in wanted if not had.get(name, {}).get("havePermission")]

    def issue_types(self) -> Sequence[str]:
        """Return the names of the project's types of issues."""
        project = self._ask(f"/rest/api/2/project/{self._project}")
        return [str(each.get("name", "")) for each in project.get("issueTypes", ())]

    def ticket(self, key: str) -> Ticket | None:
        """Return the issue, under its new key if it was moved; None if it is gone or hidden."""
        try:
            data = self._ask(f"/rest/api/2/issue/{key}", fields="status")
        except RefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return _ticket(data)

    def labelled(self, label: str) -> Sequence[Ticket]:
        """Return the project's issues with the label, oldest first. The site's index may lag behind by minutes."""
        query = f'project = "{self._project}" AND labels = "{label}" ORDER BY created ASC'
        path = "/rest/api/3/search/jql" if self._cloud else "/rest/api/2/search"
        body = {"jql": query, "fields": ["status"], "maxResults": 10}
        found = payload(self._http.send(Request(method="POST", path=path, json=body, reads=True)))
        return [_ticket(each) for each in found.get("issues", ())]

    def create(self, fields: Mapping[str, Any], optional: Sequence[str]) -> tuple[str, Sequence[str]]:
        """Create an issue; return its key, and those of the optional fields that the project does not take."""
        left_out: list[str] = []
        for _ in range(2):
            given = {name: value for name, value in fields.items() if name not in left_out}
            try:
                reply = self._http.send(Request(method="POST", path="/rest/api/2/issue", json={"fields": given}))
            except RefusedError as error:
                left_out = [name for name in _refused_fields(error.reply) if name in optional]
                if error.status != HTTPStatus.BAD_REQUEST or not left_out:
                    raise
                continue
            key = str(payload(reply).get("key", "")) if reply.sent else UNSENT
            if not key:
                raise PublishError("Jira created an issue and did not say which")
            return key, left_out
        raise PublishError(f"Jira refuses the issue whatever is left out: {', '.join(left_out)}")

    def set_due(self, key: str, due: str) -> None:
        """Set the due day."""
        request = Request(
            method="PUT", path=f"/rest/api/2/issue/{key}", json={"fields": {"duedate": due}}, repeatable=True
        )
        try:
            self._http.send(request)
        except RefusedError as error:
            if error.status != HTTPStatus.BAD_REQUEST:  # a screen without the field: the comment says it all the same
                raise

    def comment(self, key: str, text: str, mark: str) -> None:
        """Add the comment unless one with the mark is there: somebody died before they could note it."""
        path = f"/rest/api/2/issue/{key}/comment"
        if key != UNSENT:
            found = self._ask(path, orderBy="-created", maxResults=str(_COMMENTS))
            if any(mark in str(each.get("body", "")) for each in found.get("comments", ())):
                return
        self._http.send(Request(method="POST", path=path, json={"body": f"{text}\n\n{mark}"}))

    def move(self, key: str, to: Literal["done", "open"]) -> bool:
        """Move the issue to a status of the kind; return whether the workflow allows that from here."""
        path = f"/rest/api/2/issue/{key}/transitions"
        wanted = ("done",) if to == "done" else _OPEN
        offered = self._ask(path).get("transitions", ())
        fitting = [each for kind in wanted for each in offered if _kind(each.get("to")) == kind]
        if not fitting:
            return False
        try:
            self._http.send(Request(method="POST", path=path, json={"transition": {"id": str(fitting[0]["id"])}}))
        except RefusedError as error:
            if error.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT}:  # it asks for a field that people fill in
                return False
            raise
        return True

    def _ask(self, path: str, **params: str) -> Any:
        return payload(self._http.send(read(path, **params)))


def _ticket(data: Any) -> Ticket:
    return Ticket(key=str(data["key"]), done=_kind(data.get("fields", {}).get("status")) == "done")


def _kind(status: Any) -> str:
    """Return the key of the status category: names are the site's and in its language."""
    category = status.get("statusCategory", {}) if isinstance(status, dict) else {}
    return str(category.get("key", ""))


def _refused_fields(reply: Reply) -> Sequence[str]:
    errors = payload(reply).get("errors", {})
    return list(errors) if isinstance(errors, dict) else []
