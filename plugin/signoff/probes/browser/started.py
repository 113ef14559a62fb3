"""The browsers of one run: each is started once, when it is needed; what it has seen is not looked at twice."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar

from signoff.errors import CouldNotCheckError, NotVerifiedError, SignoffError
from signoff.probes.browser.chromium import Chromium
from signoff.probes.browser.firefox import Firefox
from signoff.probes.browser.trust import proven_keys

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from signoff.probes.browser.model import Loading, Look, Viewport

Engine = Literal["chromium", "firefox"]
T = TypeVar("T")
B = TypeVar("B", Chromium, Firefox)


@dataclass(frozen=True, kw_only=True, slots=True)
class Site:
    """An application whose pages are looked at."""

    url: str
    load_from: tuple[str, ...] = ()
    """Other places that its pages load from."""
    ca_file: str = ""

    @property
    def places(self) -> tuple[str, ...]:
        """Every place that its pages may ask."""
        return (self.url, *self.load_from)


@dataclass(frozen=True, kw_only=True, slots=True)
class Shown:
    """One page to look at."""

    name: str
    path: str
    selector: str


class Browsers:
    """Starts browsers and remembers what they saw, errors included: nothing is tried twice in a run.

    Args:
        sites: Every application that browsers may visit in this run; they find no other host.

    Raises (every method):
        NotVerifiedError: the browser is not here.
        UnreachableError, TimedOutError, AuthenticationError: the page did not come.
    """

    def __init__(self, sites: Sequence[Site]) -> None:
        self._sites = sites
        self._reach = [place for site in sites for place in site.places]
        self._kept: dict[object, object] = {}
        self._running: list[Chromium | Firefox] = []

    def close(self) -> None:
        """End all of them."""
        for browser in self._running:
            browser.close()

    def chromium(self) -> Chromium:
        """Return Chromium, running."""
        return self._once("chromium", lambda: self._run(Chromium(reach=self._reach, keys=self._keys())))

    def look(self, engine: Engine, site: Site, page: Shown, viewport: Viewport, axe_core: str = "") -> Look:
        """Return what a browser sees of a page; with axe-core's source also what that finds, in Chromium alone."""
        return self._once((engine, site, page, viewport), lambda: self._looked(engine, site, page, viewport, axe_core))

    def load(self, site: Site, page: Shown, viewport: Viewport, runs: int) -> tuple[Loading, ...]:
        """Return how fast a page comes, so many times."""
        url = site.url.rstrip("/") + page.path
        return self._once(
            (site, page, viewport, runs),
            lambda: self.chromium().load(url, viewport=viewport, origins=site.places, runs=runs),
        )

    def _looked(self, engine: Engine, site: Site, page: Shown, viewport: Viewport, axe_core: str) -> Look:
        url = site.url.rstrip("/") + page.path
        if engine == "chromium":
            return self.chromium().look(
                url, page=page.name, viewport=viewport, selector=page.selector, origins=site.places, axe_core=axe_core
            )
        if self._private:
            self._proven(site)  # this Firefox accepts what it does not know: so it is proven by us, public or private
        return self._firefox().look(url, page=page.name, viewport=viewport, selector=page.selector, origins=site.places)

    def _firefox(self) -> Firefox:
        return self._once("firefox", lambda: self._run(Firefox(reach=self._reach, any_certificate=self._private)))

    @property
    def _private(self) -> bool:
        return any(site.ca_file for site in self._sites)

    def _keys(self) -> tuple[str, ...]:
        keys: list[str] = []
        for site in self._sites:
            if site.ca_file:
                with suppress(CouldNotCheckError, NotVerifiedError):  # told when that site is looked at
                    keys += self._proven(site)
        return tuple(keys)

    def _proven(self, site: Site) -> tuple[str, ...]:
        return self._once(("keys", site), lambda: proven_keys(site.places, site.ca_file or None))

    def _run(self, browser: B) -> B:
        self._running.append(browser)
        return browser

    def _once(self, key: object, make: Callable[[], T]) -> T:
        if key not in self._kept:
            try:
                self._kept[key] = make()
            except SignoffError as error:
                self._kept[key] = error
        kept = self._kept[key]
        if isinstance(kept, SignoffError):
            raise kept
        return kept  # type: ignore[return-value] # each key is made by one function
