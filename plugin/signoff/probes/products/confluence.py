"""Confluence's REST API, for reading one page: its text, its version, and when and by whom that was written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError
from signoff.probes.products.answers import get_json, mapping
from signoff.probes.products.storage_format import to_markdown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.probes.web.http import Session

_NEEDS = "a token that may read the page"


@dataclass(frozen=True, kw_only=True, slots=True)
class WikiPage:
    """One page as it stands now."""

    title: str
    text: str
    """Headings, statements, tables and links as Markdown."""
    version: int
    changed: datetime


def read_page(session: Session, url: str, page: str, edition: str) -> WikiPage:
    """Return the page, by REST v2 of Cloud or v1 of Data Center.

    Args:
        session: Carries the account.
        url: Of the site.
        page: Its id.
        edition: `cloud` or `data_center`.

    Raises:
        AuthenticationError: the account may not read it.
        UnreachableError, TimedOutError: no answer, or status 5xx.
        NotVerifiedError: no such page, a page in the bin, or an answer that is none of Confluence's.
    """
    site = url.rstrip("/")
    if edition == "cloud":
        address, params = f"{site}/wiki/api/v2/pages/{page}", {"body-format": "storage"}
    else:
        address, params = f"{site}/rest/api/content/{page}", {"expand": "body.storage,version"}
    data = mapping(get_json(session, address, params, needs=_NEEDS), address)
    status = data.get("status", "current")
    if status != "current":
        raise NotVerifiedError(f"{address}: the page is {status}; name the current one")
    version = mapping(data.get("version"), address)
    body = mapping(mapping(data.get("body"), address).get("storage"), address).get("value")
    if not isinstance(body, str) or not isinstance(version.get("number"), int):
        raise NotVerifiedError(f"{address}: without body or version; which edition is this?")
    title = str(data.get("title", ""))
    return WikiPage(
        title=title,
        text=f"# {title}\n\n{to_markdown(body)}",
        version=version["number"],
        changed=_instant(version, address),
    )


def _instant(version: Mapping[str, Any], address: str) -> datetime:
    text = version.get("createdAt") or version.get("when")
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        raise NotVerifiedError(f"{address}: its version has no date; which edition is this?") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
