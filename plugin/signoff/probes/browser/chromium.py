"""Chromium, Chrome or Edge through Playwright: one start, and a fresh context without memory for each look."""

from __future__ import annotations

import functools
import re
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.meter import METER
from signoff.probes.browser import axe, programs, scripts
from signoff.probes.browser.guard import LOCAL, NetworkGuard, hosts_of
from signoff.probes.browser.model import Look, Request
from signoff.probes.web.http import without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Response
    from playwright.sync_api import Request as Asked

    from signoff.probes.browser.model import Accessibility, Layout, Loading, Viewport

_STARTS = (40_000.0, 60_000.0)
"""Milliseconds for the browser to start, each time it is tried: once in many hundred starts it hangs, measured."""
_TIMEOUT = 20_000.0
"""Milliseconds for a page to load, and for each question to it."""
_SETTLE = 400.0
"""Milliseconds after loading in which a page may still move."""
_FRAMES = 60
"""Painted after a load, as vitals.js counts them: fewer do not tell whether the page moves."""
_TALLEST = 8_000
"""CSS pixels of a screenshot."""
_OPTIONS = ("--disable-quic", "--disable-dev-shm-usage", "--force-color-profile=srgb")
_NO_BODY = "ERR_HTTP_RESPONSE_CODE_FAILURE"
_NEXT_STEP = (
    "no browser: run pip install 'pytest-signoff[web]' and install Chromium (Debian, Ubuntu: apt-get install chromium; "
    f"elsewhere: playwright install chromium), or name one in {programs.CHROMIUM_VARIABLE}"
)


class Chromium:
    """One running browser. It reaches the listed hosts alone, and sends GET and HEAD alone.

    Args:
        reach: URLs whose hosts the browser may find at all; each look names the origins that it may ask.
        keys: SHA-256 of public keys (base64) that are accepted without a public authority; see `trust`.

    Raises:
        NotVerifiedError: Playwright or the browser is missing, or it does not start.
    """

    def __init__(self, *, reach: Sequence[str], keys: Sequence[str] = ()) -> None:
        try:
            from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise NotVerifiedError(_NEXT_STEP) from error
        self._error = Error
        self._open = ExitStack()
        try:
            home = self._open.enter_context(
                tempfile.TemporaryDirectory(prefix="signoff-browser-", ignore_cleanup_errors=True)
            )
            driver = self._open.enter_context(sync_playwright())
            arguments = [
                *_OPTIONS,
                "--host-resolver-rules=MAP * ~NOTFOUND" + "".join(f", EXCLUDE {host}" for host in hosts_of(reach)),
                *([f"--ignore-certificate-errors-spki-list={','.join(sorted(set(keys)))}"] if keys else []),
            ]
            self._browser = _start(driver, arguments, home)
        except Error as error:
            self._open.close()
            raise NotVerifiedError(f"{_NEXT_STEP} ({_first_line(error)})") from error
        except BaseException:
            self._open.close()
            raise

    @property
    def name(self) -> str:
        """Name and version."""
        return f"chromium {self._browser.version}"

    def close(self) -> None:
        """End the browser; safe to call twice."""
        self._open.close()

    def look(  # noqa: PLR0913 - what to look at has this many parts
        self, url: str, *, page: str, viewport: Viewport, selector: str, origins: Sequence[str], axe_core: str = ""
    ) -> Look:
        """Open the page on the screen and return what is seen; with axe-core's source also what that finds.

        Raises:
            UnreachableError, TimedOutError, AuthenticationError: the page did not come.
        """
        guard = NetworkGuard.of([url, *origins])
        with self._context(viewport, guard) as context:
            tab = context.new_page()
            heard = _Heard(tab)
            status = self.go(tab, url)
            tab.wait_for_timeout(_SETTLE / 2)
            shown = tab.locator(selector).first.is_visible() if selector else True
            with self._typed(url):
                layout, found = self._measured(tab, axe_core)
                screenshot = _screenshot(tab, viewport)
            return Look(
                browser=self.name,
                page=page,
                viewport=viewport,
                status=status,
                shown=shown,
                errors=guard.not_ours(heard.errors),
                failed=heard.failed(guard),
                blocked=tuple(guard.blocked),
                screenshot=screenshot,
                layout=layout,
                accessibility=found,
            )

    def load(self, url: str, *, viewport: Viewport, origins: Sequence[str], runs: int) -> tuple[Loading, ...]:
        """Load the page so often, each time as somebody who was never there.

        Raises:
            UnreachableError, TimedOutError, AuthenticationError: the page did not come.
            NotVerifiedError: an error came instead, or this machine is too busy to tell.
        """
        with ExitStack() as stack:
            tabs = []
            for _ in range(runs):
                context = stack.enter_context(self._context(viewport, NetworkGuard.of([url, *origins])))
                context.add_init_script(scripts.source("vitals.js"))
                tab = context.new_page()
                status = self.go(tab, url)
                if not 200 <= status < 300:  # noqa: PLR2004 - HTTP
                    raise NotVerifiedError(f"{without_credentials(url)}: status {status}; mend the page first")
                tabs.append(tab)
            with self._typed(url):
                found = [tab.evaluate(scripts.source("loading.js")) for tab in tabs]
            if any(one["frames"] < _FRAMES for one in found):
                raise NotVerifiedError(f"{without_credentials(url)}: hardly painted in 10 s; use a less busy machine")
            return tuple(scripts.loading(one) for one in found)

    @contextmanager
    def visit(
        self, url: str, *, viewport: Viewport, origins: Sequence[str], cookies: Sequence[Mapping[str, Any]] = ()
    ) -> Iterator[tuple[Page, NetworkGuard]]:
        """Give an empty tab of somebody with these cookies, and the guard of its requests; both end with the block."""
        guard = NetworkGuard.of([url, *origins])
        with self._context(viewport, guard) as context:
            context.add_cookies([dict(one) for one in cookies])  # type: ignore[misc] # a typed dict of the same keys
            tab = context.new_page()
            with self._typed(url):
                yield tab, guard

    @contextmanager
    def _context(self, viewport: Viewport, guard: NetworkGuard) -> Iterator[BrowserContext]:
        context = self._browser.new_context(
            viewport={"width": viewport.width, "height": viewport.height},
            is_mobile=viewport.touch,
            has_touch=viewport.touch,
            service_workers="block",
            accept_downloads=False,
        )
        context.set_default_timeout(_TIMEOUT)
        # Playwright hands over everything but the second hop of a redirect: that one finds no other host (resolver
        # rules), and a redirect never turns a GET into anything else.
        context.route(
            "**/*",
            lambda route: (
                route.continue_()
                if guard.allows(route.request.method, route.request.url)
                else route.abort("blockedbyclient")
            ),
        )
        context.route_web_socket(re.compile(""), lambda socket: _refuse_socket(guard, socket))
        try:
            yield context
        finally:
            context.close()

    def go(self, tab: Page, url: str) -> int:
        """Open the address and return its status.

        Raises:
            UnreachableError, TimedOutError, AuthenticationError: the page did not come.
        """
        METER.spend("pages")
        seen: list[int] = []
        tab.on("response", lambda answer: seen.append(answer.status) if _is_page(tab, answer) else None)
        with self._typed(url):
            try:
                tab.goto(url, wait_until="load")
            except self._error as error:
                if _NO_BODY not in str(error):  # an error without a body is an answer, too
                    raise
        return seen[-1] if seen else 0

    @contextmanager
    def _typed(self, url: str) -> Iterator[None]:
        try:
            yield
        except self._error as error:
            said, shown = _first_line(error), without_credentials(url)
            if "Timeout" in said:
                raise TimedOutError(f"{shown}: not loaded within {_TIMEOUT / 1000:g} s") from error
            if "ERR_CERT" in said or "ERR_SSL" in said:
                raise AuthenticationError(f"{shown}: certificate not trusted ({said}); name its CA") from error
            raise UnreachableError(f"{shown}: {said}") from error

    @staticmethod
    def _measured(tab: Page, axe_core: str) -> tuple[Layout, Accessibility | None]:
        layout = scripts.layout(tab.evaluate(scripts.source("layout.js")))
        if not axe_core:
            return layout, None
        for frame in tab.frames:
            frame.evaluate(axe_core)
        return layout, axe.read(tab.evaluate(axe.RUN, list(axe.TAGS)))


def _start(driver: Playwright, arguments: Sequence[str], home: str) -> Browser:
    from playwright.sync_api import TimeoutError as TooLateError  # noqa: PLC0415 - an extra

    program = programs.find(programs.CHROMIUM_VARIABLE, programs.CHROMIUM)
    launch = functools.partial(
        driver.chromium.launch, executable_path=program, args=arguments, env=dict(programs.surroundings(home))
    )
    *tries, last = _STARTS
    for timeout in tries:
        with suppress(TooLateError):
            return launch(timeout=timeout)
    return launch(timeout=last)


class _Heard:
    """What a tab says while it loads."""

    def __init__(self, tab: Page) -> None:
        self.errors: list[str] = []
        self._failed: list[tuple[str, str, str]] = []
        tab.on("console", lambda message: self._said(message.type, message.text))
        tab.on("pageerror", lambda error: self.errors.append(f"not caught: {_first_line(error)}"))
        tab.on("response", lambda answer: self._answered(answer.request, answer.status))
        tab.on("requestfailed", self._lost)

    def failed(self, guard: NetworkGuard) -> tuple[Request, ...]:
        """Return the requests that failed by themselves, not because the guard refused them."""
        refused = {(one.method, one.url) for one in guard.blocked}
        return tuple(
            Request(method=method, url=url, said=said)
            for method, url, said in self._failed
            if (method, url) not in refused
        )

    def _said(self, kind: str, text: str) -> None:
        # A request that failed is told by the browser, too; it is counted where it failed.
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.errors.append(text[:300])

    def _answered(self, asked: Asked, status: int) -> None:
        if status >= 400:  # noqa: PLR2004 - HTTP
            self._failed.append((asked.method, without_credentials(asked.url), f"status {status}"))

    def _lost(self, asked: Asked) -> None:
        if asked.url.partition(":")[0] not in LOCAL:
            self._failed.append((asked.method, without_credentials(asked.url), asked.failure or "no answer"))


def _is_page(tab: Page, answer: Response) -> bool:
    return answer.request.is_navigation_request() and answer.frame == tab.main_frame


def _refuse_socket(guard: NetworkGuard, socket: Any) -> None:
    guard.blocked.append(Request(method="WebSocket", url=without_credentials(socket.url), said="not let out"))
    socket.close()


def _screenshot(tab: Page, viewport: Viewport) -> bytes:
    height = int(tab.evaluate("document.documentElement.scrollHeight"))
    if height <= _TALLEST:
        return tab.screenshot(full_page=True, animations="disabled")
    clip: Any = {"x": 0, "y": 0, "width": viewport.width, "height": _TALLEST}
    return tab.screenshot(full_page=True, animations="disabled", clip=clip)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
