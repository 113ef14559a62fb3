"""Links that cannot run anything: files beside the report, and the web."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from signoff.reports.background import Link


def is_safe(address: str) -> bool:
    """Whether an address is a relative file name or on the web, and not a script."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} or not (parts.scheme or parts.netloc)


def safe_links(links: Iterable[Link]) -> list[Link]:
    """Return the links that may be shown."""
    return [link for link in links if is_safe(link.href)]
