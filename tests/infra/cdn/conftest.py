"""What checks of caching edges talk about: assets, private pages, and the servers behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.cdn import CdnService
    from signoff.probes.web.cdn import AssetFact, PageFact
    from signoff.probes.web.http import Session
    from signoff.probes.web.origin import DirectAnswer
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Cdn:
    """A content delivery network, its site and the servers behind it."""

    name: str
    settings: CdnService
    session: Session
    stranger: Session
    connect: Callable[[str], Any]
    cookies: Callable[[], dict[str, str]]

    def url(self, path: str) -> str:
        """Return the address of a path of the site."""
        return f"{self.settings.url.rstrip('/')}/{path.lstrip('/')}"

    def assets(self) -> tuple[AssetFact, ...]:
        """Return the facts of every asset, each asked for twice."""
        from signoff import not_verified
        from signoff.probes.web.cdn import read_asset

        found = tuple(read_asset(self.session, self.url(path)) for path in self.settings.assets)
        if broken := [f"{one.url} {one.status}" for one in found if one.status not in range(200, 300)]:
            not_verified(f"{self.name}: no such asset: {', '.join(broken)}; correct the inventory, or mend the site")
        return found

    def private_pages(self) -> tuple[PageFact, ...]:
        """Return the facts of every private page."""
        from signoff import not_verified
        from signoff.probes.web.cdn import read_private_page

        cookies = self.cookies()
        pages = tuple(
            read_private_page(self.session, self.url(path), cookies=cookies, stranger=self.stranger)
            for path in self.settings.private
        )
        accepted = range(200, 300) if cookies else range(200, 404)
        if unseen := [f"{one.url} {one.status}" for one in pages if one.status not in accepted]:
            not_verified(f"{self.name}: not shown: {', '.join(unseen)}; correct the path, or the identity that asks")
        return pages

    def direct_answers(self) -> tuple[DirectAnswer, ...]:
        """Ask every server behind it directly, in the site's name and in none."""
        from concurrent.futures import ThreadPoolExecutor
        from urllib.parse import urlsplit

        from signoff.probes.web.origin import ask_directly

        site = urlsplit(self.settings.url).hostname or ""
        asked = [(one, name) for one in self.settings.origins for name in (site, one.address)]
        if not asked:
            return ()
        with ThreadPoolExecutor(max_workers=len(asked)) as workers:
            return tuple(
                workers.map(
                    lambda pair: ask_directly(
                        pair[0].address, pair[0].port, name=pair[1], tls=pair[0].tls, source=self.settings.source
                    ),
                    asked,
                )
            )

    def listens(self, origin: Any) -> bool:
        """Whether something listens on the origin's port, as its own host says."""
        from signoff.probes.hosts.listeners import read_listeners

        found = read_listeners(self.connect(origin.host)) if origin.host else ()
        return any(one.protocol == "tcp" and one.port == origin.port for one in found)


@pytest.fixture
def cdn(target: BoundTarget, inventory: Inventory, connect: Callable[[str], Any]) -> Iterator[Cdn]:
    """Return the current content delivery network."""
    from signoff.probes.web.http import Session
    from signoff.probes.web.sign_in import Visitor

    settings: CdnService = target.settings
    asking: dict[str, Any] = {"origins": [settings.url], "ca_file": settings.ca_file or None, "per_second": 10}

    def cookies() -> dict[str, str]:
        if not settings.identity:
            return {}
        web: Any = inventory.service(settings.web)
        visitor = Visitor(web.url, ca_file=web.ca_file or None, login_path=web.login.path)
        try:
            visitor.sign_in(web.accounts[settings.identity])
            return visitor.tokens()
        finally:
            visitor.close()

    with Session(**asking) as session, Session(**asking) as stranger:
        yield Cdn(
            name=target.name, settings=settings, session=session, stranger=stranger, connect=connect, cookies=cookies
        )
