"""A public status page: what it says of its components, and whether it would survive the product's own outage."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from signoff.probes.products.answers import entries, get_json, mapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

    from signoff.probes.web.http import Session

_SHARED_ENDINGS = frozenset({"co", "or", "go", "ac", "ne", "re", "pe", "com", "net", "org", "gov", "edu"})
"""Second-level names such as `co` in `example.co.kr`, under which everybody may register."""
_COUNTRY = 2
_NETWORKS = {4: 24, 6: 48}
"""Smallest networks that are routed by themselves: two addresses in one stand at the same provider."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Component:
    """One component that the page tells about."""

    name: str
    status: str
    """`operational`, `degraded_performance`, `partial_outage`, `major_outage` or `under_maintenance`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StatusPage:
    """The page's own summary."""

    name: str
    indicator: str
    """`none`, `minor`, `major`, `critical` or `maintenance`."""
    components: tuple[Component, ...]
    """Without groups, which only hold others."""


def read_status_page(session: Session, url: str) -> StatusPage:
    """Return the summary of a page with Statuspage's API, version 2: one GET.

    Raises:
        AuthenticationError, UnreachableError, TimedOutError, NotVerifiedError: see `get_json`.
    """
    summary = mapping(get_json(session, f"{url.rstrip('/')}/api/v2/summary.json", needs="to be public"), "summary")
    page, status = mapping(summary.get("page"), "page"), mapping(summary.get("status"), "status")
    return StatusPage(
        name=str(page.get("name", "")),
        indicator=str(status.get("indicator", "")),
        components=tuple(_component(one) for one in entries(summary.get("components"), "components") if _is_leaf(one)),
    )


def host_of(url: str) -> str:
    """Return the URL's host in lower case; a name without a scheme is one."""
    return (urlsplit(url if "://" in url else f"//{url}").hostname or "").rstrip(".").lower()


def domain_of(host: str) -> str:
    """Return the part of a name that somebody registered: `example.com`, `example.co.kr`; an address stays as it is."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        labels = host.split(".")
    shared = len(labels) > _COUNTRY and len(labels[-1]) == _COUNTRY and labels[-2] in _SHARED_ENDINGS
    return ".".join(labels[-3:] if shared else labels[-2:])


def shared_networks(one: Iterable[str], other: Iterable[str]) -> tuple[str, ...]:
    """Return the networks in which both have an address."""
    return tuple(sorted({_network(address) for address in one} & {_network(address) for address in other}))


def _network(address: str) -> str:
    found = ipaddress.ip_address(address.partition("%")[0])
    return str(ipaddress.ip_network(f"{found}/{_NETWORKS[found.version]}", strict=False))


def _component(entry: Mapping[str, Any]) -> Component:
    return Component(name=str(entry.get("name", "")), status=str(entry.get("status", "")))


def _is_leaf(entry: Mapping[str, Any]) -> bool:
    return not entry.get("group", False)
