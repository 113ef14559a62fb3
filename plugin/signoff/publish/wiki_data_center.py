"""Confluence Data Center: REST v1, where an attachment of a known name must be updated by its id."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from signoff.publish.http import RefusedError, Request, payload, read
from signoff.publish.wiki import PROPERTY, UNSENT, ConflictError, Mark, Page, mark_of, page_of, text_of
from signoff.publish.wiki_cloud import allows_pages

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.publish.http import File, Http

_API = "/rest/api"
_NO_CHECK = {"X-Atlassian-Token": "no-check"}


class DataCenterWiki:
    """One space of a site that a company runs itself."""

    def __init__(self, http: Http, space: str) -> None:
        self._http, self._space = http, space

    def account(self) -> str:
        """Return the name of the account that asks."""
        return text_of(self._ask(f"{_API}/user/current"), "displayName")

    def may_create(self) -> bool | None:
        """Whether the account may add pages to the space; None: the site does not tell."""
        return allows_pages(self._ask(f"{_API}/space/{self._space}", expand="operations"))

    def page(self, page_id: str) -> Page | None:
        """Return the page; None if there is none any more."""
        data = self._ask_or_none(f"{_API}/content/{page_id}", expand="version")
        return None if data is None or text_of(data, "status") == "trashed" else page_of(data)

    def find(self, title: str) -> Page | None:
        """Return the space's page of that title."""
        found = self._ask(f"{_API}/content", spaceKey=self._space, title=title, type="page", expand="version")
        return next((page_of(each) for each in found.get("results", ())), None)

    def mark(self, page_id: str) -> Mark | None:
        """Return the page's property; None if it has none."""
        data = self._ask_or_none(f"{_API}/content/{page_id}/property/{PROPERTY}")
        return None if data is None else mark_of(data)

    def create(self, title: str, body: str, parent: str) -> Page:
        """Create a page below `parent`; empty: at the space's root."""
        page = {"type": "page", "title": title, "space": {"key": self._space}, "body": _storage(body)}
        below = {"ancestors": [{"id": parent}]} if parent else {}
        reply = self._http.send(Request(method="POST", path=f"{_API}/content", json={**page, **below}))
        return page_of(payload(reply)) if reply.sent else Page(id=UNSENT, title=title, version=1)

    def update(self, page: Page, body: str, message: str) -> Page:
        """Replace the page's body; ConflictError if the page has another version by now."""
        version = {"number": page.version + 1, "message": message}
        data = {"type": "page", "title": page.title, "body": _storage(body), "version": version}
        try:
            reply = self._http.send(
                Request(method="PUT", path=f"{_API}/content/{page.id}", json=data, repeatable=True),
            )
        except RefusedError as error:
            if error.status == HTTPStatus.CONFLICT:
                raise ConflictError(str(error)) from None
            raise
        return page_of(payload(reply)) if reply.sent else page

    def attach(self, page_id: str, file: File, comment: str) -> None:
        """Attach the file, as a new version if there is one of that name."""
        path = f"{_API}/content/{page_id}/child/attachment"
        form = {"minorEdit": "true", "comment": comment}
        found = self._ask(path, filename=file.name).get("results", ()) if page_id != UNSENT else ()
        there = next((text_of(each, "id") for each in found if text_of(each, "title") == file.name), "")
        target = f"{path}/{there}/data" if there else path
        self._http.send(Request(method="POST", path=target, file=file, form=form, headers=_NO_CHECK))

    def set_mark(self, page_id: str, before: Mark | None, value: Mapping[str, Any]) -> None:
        """Write the page's property."""
        path, data = f"{_API}/content/{page_id}/property", {"key": PROPERTY, "value": dict(value)}
        if before is None:
            self._http.send(Request(method="POST", path=path, json=data))
        else:
            version = {"number": before.version + 1}
            self._http.send(Request(method="PUT", path=f"{path}/{PROPERTY}", json={**data, "version": version}))

    def _ask(self, path: str, **params: str) -> Any:
        return payload(self._http.send(read(path, **params)))

    def _ask_or_none(self, path: str, **params: str) -> Any:
        try:
            return self._ask(path, **params)
        except RefusedError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise


def _storage(body: str) -> dict[str, dict[str, str]]:
    return {"storage": {"value": body, "representation": "storage"}}
