"""What status page checks talk about: the page, and the product whose outage it must survive."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from signoff.config.inventory import Inventory
    from signoff.config.kinds.status_page import StatusPageService
    from signoff.probes.network.tls import TlsFacts
    from signoff.probes.products.status_page import StatusPage
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Places:
    """Where the page and the product are: addresses by host name."""

    name: str
    page: dict[str, tuple[str, ...]]
    product: dict[str, tuple[str, ...]]


@pytest.fixture
def places(target: BoundTarget, inventory: Inventory) -> Places:
    """Return the names and addresses of the current page and of the product; asks the resolver of this machine."""
    from signoff.probes.network.tls import resolve
    from signoff.probes.products.status_page import host_of

    settings: StatusPageService = target.settings
    webs: Any = inventory.services_of("web").values()
    product = {host_of(one) for one in (*(web.url for web in webs), *settings.independent_of)}
    page = host_of(settings.url)
    return Places(
        name=target.name,
        page={page: resolve(page, 443)},
        product={host: resolve(host, 443) for host in sorted(product)},
    )


@dataclass(frozen=True, kw_only=True)
class Told:
    """What the page tells about, and what it must."""

    name: str
    page: StatusPage
    wanted: dict[str, str]
    """Component by service."""
    untold: tuple[str, ...]
    """Web services for which the inventory names no component."""


@pytest.fixture
def told(target: BoundTarget, inventory: Inventory) -> Told:
    """Return the summary of the current page: one GET."""
    from signoff import not_verified
    from signoff.probes.products.status_page import read_status_page
    from signoff.probes.web.http import Session

    settings: StatusPageService = target.settings
    unknown = sorted(set(settings.components) - set(inventory.services))
    if unknown:
        not_verified(f"{target.name}: there is no service {', '.join(unknown)}; correct components in services.yaml")
    with Session(origins=[settings.url], ca_file=settings.ca_file or None, budget=3) as session:
        page = read_status_page(session, settings.url)
    untold = tuple(sorted(set(inventory.services_of("web")) - set(settings.components)))
    return Told(name=target.name, page=page, wanted=dict(settings.components), untold=untold)


@pytest.fixture
def page_tls(target: BoundTarget) -> tuple[TlsFacts, ...]:
    """Return what each address of the current page presents."""
    from urllib.parse import urlsplit

    from signoff.probes.network.tls import read_tls, resolve

    parts = urlsplit(target.settings.url)
    host, port = parts.hostname or "", parts.port or 443
    ca_file = target.settings.ca_file or None
    return tuple(read_tls(address, port, server_name=host, ca_file=ca_file) for address in resolve(host, port))
