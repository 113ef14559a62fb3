"""Confluence Cloud: REST v2, and v1 for what only v1 can do (attachments, who am I)."""

from __future__ import annotations

from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from signoff.errors import PublishError
from signoff.publish.http import RefusedError, Request, payload, read
from signoff.publish.wiki import PROPERTY, UNSENT, ConflictError, Mark, Page, mark_of, page_of, text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.publish.http import File, Http

_V1, _V2 = "/wiki/rest/api", "/wiki/api/v2"
_GONE = frozenset({"trashed", "deleted", "historical", "archived"})


class CloudWiki:
    """One space of a Cloud site."""

    def __init__(self, http: Http, space: str) -> None:
        self._http, self._space = http, space

    def account(self) -> str:
        """Return the name of the account that asks."""
        return text_of(self._ask(f"{_V1}/user/current"), "displayName")

    def may_create(self) -> bool | None:
        """Whether the account may add pages to the space; None: the site does not tell."""
        said = self._ask(f"{_V1}/space/{self._space}", expand="operations")
        return allows_pages(said)

    def page(self, page_id: str) -> Page | None:
        """Return the page; None if there is none any more."""
        try:
            data = self._ask(f"{_V2}/pages/{page_id}")
        except RefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return None if text_of(data, "status") in _GONE else page_of(data)

    def find(self, title: str) -> Page | None:
        """Return the space's page of that title."""
        found = self._ask(f"{_V2}/pages", **{"space-id": self._space_id, "title": title, "status": "current"})
        return next((page_of(each) for each in found.get("results", ())), None)

    def mark(self, page_id: str) -> Mark | None:
        """Return the page's property; None if it has none."""
        found = self._ask(f"{_V2}/pages/{page_id}/properties", key=PROPERTY)
        return next((mark_of(each) for each in found.get("results", ())), None)

    def create(self, title: str, body: str, parent: str) -> Page:
        """Create a page below `parent`; empty: at the space's root."""
        page = {"spaceId": self._space_id, "status": "current", "title": title, "body": _storage(body)}
        reply = self._http.send(
            Request(method="POST", path=f"{_V2}/pages", json={**page, "parentId": parent} if parent else page)
        )
        return page_of(payload(reply)) if reply.sent else Page(id=UNSENT, title=title, version=1)

    def update(self, page: Page, body: str, message: str) -> Page:
        """Replace the page's body; ConflictError if the page has another version by now."""
        version = {"number": page.version + 1, "message": message}
        data = {"id": page.id, "status": "current", "title": page.title, "body": _storage(body), "version": version}
        try:
            reply = self._http.send(
                Request(method="PUT", path=f"{_V2}/pages/{page.id}", json=data, repeatable=True),
            )
        except RefusedError as error:
            said = str(error).lower()
            outdated = error.status == HTTPStatus.BAD_REQUEST and "version" in said
            if error.status == HTTPStatus.CONFLICT or outdated:  # the contract of v2 names no 409, v1's does
                raise ConflictError(str(error)) from None
            raise
        return page_of(payload(reply)) if reply.sent else page

    def attach(self, page_id: str, file: File, comment: str) -> None:
        """Attach the file, as a new version if there is one of that name."""
        self._http.send(
            Request(
                method="PUT",
                path=f"{_V1}/content/{page_id}/child/attachment",
                file=file,
                form={"minorEdit": "true", "comment": comment},
                headers={"X-Atlassian-Token": "nocheck"},
                repeatable=True,
            )
        )

    def set_mark(self, page_id: str, before: Mark | None, value: Mapping[str, Any]) -> None:
        """Write the page's property."""
        path, data = f"{_V2}/pages/{page_id}/properties", {"key": PROPERTY, "value": dict(value)}
        if before is None:
            self._http.send(Request(method="POST", path=path, json=data))
        else:
            version = {"number": before.version + 1}
            request = Request(method="PUT", path=f"{path}/{before.id}", json={**data, "version": version})
            self._http.send(request)

    @cached_property
    def _space_id(self) -> str:
        found = self._ask(f"{_V2}/spaces", keys=self._space).get("results", ())
        if not found:
            raise PublishError(f"Confluence has no space {self._space!r}, or the account may not see it")
        return text_of(found[0], "id")

    def _ask(self, path: str, **params: str) -> Any:
        return payload(self._http.send(read(path, **params)))


def allows_pages(space: Any) -> bool | None:
    """Whether the operations listed with a space include creating pages; None if none are listed."""
    listed = space.get("operations") if isinstance(space, dict) else None
    if not isinstance(listed, list) or not listed:
        return None
    return any(text_of(each, "operation") == "create" and text_of(each, "targetType") == "page" for each in listed)


def _storage(body: str) -> dict[str, str]:
    return {"representation": "storage", "value": body}
