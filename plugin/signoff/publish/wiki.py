"""What publishing needs of a Confluence site, whichever of its two interfaces it has."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from signoff.errors import PublishError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.publish.http import File

PROPERTY = "signoff"
"""Key of the content property that says what a page of ours holds."""
UNSENT = "(new)"
"""Id of what a dry run would have created."""
HINTS: Mapping[int, str] = {
    401: "the token is wrong or expired: API tokens of Cloud live for a year at most; make a new one and set it",
    403: "the account lacks a right: it needs to view the space and to add pages and attachments in it",
    404: "not there, or hidden from the account; check url, flavour and space in publish.yaml",
    413: "too large for the site; its administrator sets the limit",
    429: "the site asks for fewer requests; run it again later",
}


class ConflictError(PublishError):
    """Somebody changed the page in between."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Page:
    """A page as it is now."""

    id: str
    title: str
    version: int
    url: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """The content property of a page."""

    id: str
    version: int
    value: Mapping[str, Any] = field(default_factory=dict)


class Wiki(Protocol):
    """A Confluence site. Every call raises `PublishError` when the site refuses or does not answer."""

    def account(self) -> str:
        """Return the name of the account that asks."""

    def may_create(self) -> bool | None:
        """Whether the account may add pages to the space; None: the site does not tell."""

    def page(self, page_id: str) -> Page | None:
        """Return the page; None if there is none any more."""

    def find(self, title: str) -> Page | None:
        """Return the space's page of that title."""

    def mark(self, page_id: str) -> Mark | None:
        """Return the page's property; None if it has none."""

    def create(self, title: str, body: str, parent: str) -> Page:
        """Create a page below `parent`; empty: at the space's root."""

    def update(self, page: Page, body: str, message: str) -> Page:
        """Replace the page's body.

        Raises:
            ConflictError: the page has another version by now.
        """

    def attach(self, page_id: str, file: File, comment: str) -> None:
        """Attach the file, as a new version if there is one of that name."""

    def set_mark(self, page_id: str, before: Mark | None, value: Mapping[str, Any]) -> None:
        """Write the page's property."""


def text_of(data: Any, *path: str) -> str:
    """Return the text at the path of an answer; empty if there is none."""
    for step in path:
        data = data.get(step) if isinstance(data, dict) else None
    return str(data) if isinstance(data, str | int) else ""


def number_of(data: Any, *path: str) -> int:
    """Return the number at the path of an answer.

    Raises:
        PublishError: there is none.
    """
    text = text_of(data, *path)
    if not text.isdigit():
        raise PublishError(f"Confluence answered without {'.'.join(path)}")
    return int(text)


def page_of(data: Any) -> Page:
    """Return the page in an answer; both interfaces name its parts alike."""
    base, path = text_of(data, "_links", "base"), text_of(data, "_links", "webui")
    return Page(
        id=text_of(data, "id"),
        title=text_of(data, "title"),
        version=number_of(data, "version", "number"),
        url=f"{base}{path}" if base and path else "",
    )


def mark_of(data: Any) -> Mark:
    """Return the property in an answer."""
    value = data.get("value") if isinstance(data, dict) else None
    return Mark(
        id=text_of(data, "id"),
        version=number_of(data, "version", "number"),
        value=value if isinstance(value, dict) else {},
    )
