"""Walks through an application as a user does, in a real browser, without changing anything."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.meter import METER
from signoff.probes.browser.model import Stride

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from playwright.sync_api import Page

    from signoff.probes.browser.chromium import Chromium
    from signoff.probes.browser.guard import NetworkGuard
    from signoff.probes.browser.model import Viewport

_PATIENCE = 5.0
"""Seconds that a user waits for what must appear."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Move:
    """One step: an address that is opened, or something that is clicked; and what must be seen then."""

    path: str = ""
    click: str = ""
    """CSS selector."""
    selector: str = ""
    """CSS selector of what must be visible; empty: the page itself suffices."""
    contains: str = ""
    """Text that must be visible."""

    @property
    def name(self) -> str:
        """The step, for people."""
        return self.path or f"click {self.click}"


def walk(  # noqa: PLR0913 - a journey has this many parts
    browser: Chromium,
    url: str,
    moves: Sequence[Move],
    *,
    viewport: Viewport,
    origins: Sequence[str],
    tokens: Mapping[str, str],
    patience: float = _PATIENCE,
) -> tuple[Stride, ...]:
    """Return the steps as far as they could be gone: the first incomplete one is the last.

    Args:
        browser: Running.
        url: The application's base URL.
        moves: The steps; the first one opens an address.
        viewport: The screen.
        origins: Other places that its pages load from.
        tokens: Cookies of a session that is open already; they are secrets.
        patience: Seconds to wait for what must appear.

    Raises:
        UnreachableError, TimedOutError, AuthenticationError: an address did not open at all.
    """
    cookies = [{"name": name, "value": value, "url": url} for name, value in tokens.items()]
    strides: list[Stride] = []
    with browser.visit(url, viewport=viewport, origins=origins, cookies=cookies) as (tab, guard):
        for move in moves:
            strides.append(_step(browser, tab, guard, url, move, patience * 1000))
            if not strides[-1].complete:
                break
    return tuple(strides)


def _step(  # noqa: PLR0913, PLR0917 - a step in a place
    browser: Chromium, tab: Page, guard: NetworkGuard, url: str, move: Move, limit: float
) -> Stride:
    refused = len(guard.blocked)
    if move.path:
        status = browser.go(tab, url.rstrip("/") + move.path)
        said = str(status)
        complete = 200 <= status < 300  # noqa: PLR2004 - HTTP
    else:
        METER.spend("pages")
        complete = _tried(lambda: tab.locator(move.click).first.click(timeout=limit))
        said = "clicked" if complete else "cannot be clicked"
        if complete:
            tab.wait_for_load_state("load")
    if complete and move.selector and not _tried(lambda: _see(tab, move.selector, limit)):
        complete, said = False, f"{said}, {move.selector} does not appear"
    if complete and move.contains and not _tried(lambda: _read(tab, move.contains, limit)):
        complete, said = False, f"{said}, the text {move.contains!r} does not appear"
    if new := guard.blocked[refused:]:
        said = f"{said}, not let out: {new[0]}"
    return Stride(step=move.name, complete=complete, said=said, screenshot=tab.screenshot(animations="disabled"))


def _see(tab: Page, selector: str, limit: float) -> None:
    tab.locator(selector).first.wait_for(state="visible", timeout=limit)


def _read(tab: Page, text: str, limit: float) -> None:
    tab.get_by_text(text).first.wait_for(state="visible", timeout=limit)


def _tried(act: Callable[[], None]) -> bool:
    from playwright.sync_api import Error  # noqa: PLC0415 - an extra

    try:
        act()
    except Error:
        return False
    return True
