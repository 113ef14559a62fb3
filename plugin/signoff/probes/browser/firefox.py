"""Firefox by WebDriver BiDi, without geckodriver: one start, and a fresh user context for each look."""

from __future__ import annotations

import base64
import json
import re
import subprocess
import tempfile
import threading
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, NotVerifiedError, SignoffError, UnreachableError
from signoff.meter import METER
from signoff.probes.browser import programs, scripts
from signoff.probes.browser.bidi import Bidi, CommandError
from signoff.probes.browser.guard import LOCAL, NetworkGuard, hosts_of
from signoff.probes.browser.model import Look, Request
from signoff.probes.web.http import without_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.probes.browser.model import Viewport

_START_SECONDS = 40.0
_SETTLE = 0.2
"""Seconds after loading in which a page may still complain."""
_READY = re.compile(r"WebDriver BiDi listening on (ws://\S+)")
_EVENTS = ("log.entryAdded", "network.beforeRequestSent", "network.responseCompleted", "network.fetchError")
_NEXT_STEP = (
    "no Firefox: install it (Debian, Ubuntu: apt-get install firefox-esr), or name one in "
    f"{programs.FIREFOX_VARIABLE}; or import a report of it"
)


class Firefox:
    """One running Firefox. Pages' requests pass the guard; what goes around it finds a proxy that is not there.

    Args:
        reach: URLs whose hosts the browser may find at all; each look names the origins that it may ask.
        any_certificate: Accept what Firefox does not trust: only where `trust` has proven each certificate just now.

    Raises:
        NotVerifiedError: no Firefox, or it does not start.
    """

    def __init__(self, *, reach: Sequence[str], any_certificate: bool = False) -> None:
        program = programs.find(programs.FIREFOX_VARIABLE, programs.FIREFOX)
        if program is None:
            raise NotVerifiedError(_NEXT_STEP)
        self._guard, self._heard = NetworkGuard(origins=frozenset()), _Heard()
        self._open = ExitStack()
        try:
            home = self._open.enter_context(
                tempfile.TemporaryDirectory(prefix="signoff-browser-", ignore_cleanup_errors=True)
            )
            self._bidi = Bidi(f"{self._start(program, home, reach)}/session", self._hear)
            self._open.callback(self._bidi.close)
            capabilities = self._bidi.ask(
                "session.new", capabilities={"alwaysMatch": {"acceptInsecureCerts": any_certificate}}
            )["capabilities"]
            self.name = f"firefox {capabilities['browserVersion']}"
            """Name and version."""
            self._bidi.ask("session.subscribe", events=list(_EVENTS))
            self._bidi.ask("network.addIntercept", phases=["beforeRequestSent"])
            # No interception sees a WebSocket of Firefox: pages get one that never connects.
            self._bidi.ask("script.addPreloadScript", functionDeclaration=_function("no_socket.js"))
        except (CommandError, SignoffError, KeyError) as error:
            self._open.close()
            if isinstance(error, NotVerifiedError):
                raise
            raise NotVerifiedError(f"Firefox does not take commands ({error}); use 128 or newer") from error
        except BaseException:
            self._open.close()
            raise

    def close(self) -> None:
        """End the browser; safe to call twice."""
        self._open.close()

    def look(self, url: str, *, page: str, viewport: Viewport, selector: str, origins: Sequence[str]) -> Look:
        """Open the page on the screen and return what is seen.

        Raises:
            UnreachableError, TimedOutError, AuthenticationError: the page did not come.
        """
        self._guard, self._heard = NetworkGuard.of([url, *origins]), _Heard()
        user = self._bidi.ask("browser.createUserContext")["userContext"]
        try:
            tab = self._bidi.ask("browsingContext.create", type="tab", userContext=user)["context"]
            size = {"width": viewport.width, "height": viewport.height}
            self._bidi.ask("browsingContext.setViewport", context=tab, viewport=size)
            self._go(tab, url)
            self._bidi.listen(_SETTLE)
            shown = self._evaluate(tab, _is_visible(selector)) if selector else True
            layout = scripts.layout(self._evaluate(tab, f"({_function('layout.js')})()"))
            shot = self._bidi.ask("browsingContext.captureScreenshot", context=tab, origin="document")
            return Look(
                browser=self.name,
                page=page,
                viewport=viewport,
                status=self._heard.status(url),
                shown=bool(shown),
                errors=self._guard.not_ours(self._heard.errors),
                failed=self._heard.failed(self._guard),
                blocked=tuple(self._guard.blocked),
                screenshot=base64.b64decode(shot["data"]),
                layout=layout,
            )
        except CommandError as error:
            raise UnreachableError(f"{without_credentials(url)}: {error}") from error
        finally:
            with suppress(CommandError, SignoffError):  # it takes its tabs along
                self._bidi.ask("browser.removeUserContext", userContext=user)

    def _go(self, tab: str, url: str) -> None:
        METER.spend("pages")
        try:
            self._bidi.ask("browsingContext.navigate", context=tab, url=url, wait="complete")
        except CommandError as error:
            shown = without_credentials(url)
            if re.search(r"SEC_ERROR|SSL_ERROR|MOZILLA_PKIX|CERT|nssFailure", str(error)):
                raise AuthenticationError(f"{shown}: certificate not trusted ({error}); name its CA") from error
            raise UnreachableError(f"{shown}: {error}") from error

    def _evaluate(self, tab: str, expression: str) -> Any:
        answer = self._bidi.ask(
            "script.evaluate",
            expression=f"JSON.stringify({expression})",
            target={"context": tab, "sandbox": "signoff"},  # the page cannot meddle with what is asked there
            awaitPromise=True,
        )
        if answer["type"] != "success":
            raise CommandError(str(answer.get("exceptionDetails", {}).get("text", "the page cannot be asked")))
        return json.loads(answer["result"]["value"])

    def _hear(self, event: str, params: Mapping[str, Any]) -> None:
        if event == "network.beforeRequestSent" and params.get("isBlocked"):
            asked = params["request"]
            allowed = self._guard.allows(asked["method"], asked["url"])
            self._bidi.tell(f"network.{'continue' if allowed else 'fail'}Request", request=asked["request"])
        else:
            self._heard.hear(event, params)

    def _start(self, program: str, home: str, reach: Sequence[str]) -> str:
        profile = Path(home) / "profile"
        profile.mkdir()
        (profile / "user.js").write_text(_preferences(reach), encoding="utf-8")
        process = self._open.enter_context(
            subprocess.Popen(  # noqa: S603 - a browser of this machine, our own options
                [program, "--headless", "--no-remote", "--remote-debugging-port", "0", "--profile", str(profile)],
                env={**programs.surroundings(home), "MOZ_HEADLESS": "1", "MOZ_CRASHREPORTER_DISABLE": "1"},
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
        )
        self._open.callback(_end, process)
        watch = threading.Timer(_START_SECONDS, process.kill)
        watch.start()
        try:
            assert process.stderr is not None
            said = []
            for line in process.stderr:
                said.append(line.strip())
                if found := _READY.search(line):
                    # Whatever it says from now on is read and forgotten, so that it never has to wait for us.
                    threading.Thread(target=_drain, args=(process.stderr,), daemon=True).start()
                    return found[1]
        finally:
            watch.cancel()
        raise NotVerifiedError(f"{program} does not start: {' '.join(said[-3:])[:300] or 'it says nothing'}")


class _Heard:
    """What a tab says while it loads."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self._answers: list[Request] = []
        self._statuses: dict[str, int] = {}

    def hear(self, event: str, params: Mapping[str, Any]) -> None:
        """Keep what matters of an event."""
        if event == "log.entryAdded":
            if params.get("level") == "error":
                prefix = "not caught: " if params.get("type") == "javascript" else ""
                self.errors.append(f"{prefix}{params.get('text') or ''}"[:300])
            return
        asked = params.get("request", {})
        url, method = without_credentials(asked.get("url", "")), asked.get("method", "")
        if url.partition(":")[0] in LOCAL:
            return
        if event == "network.fetchError":
            self._answers.append(Request(method=method, url=url, said=str(params.get("errorText", "no answer"))))
        elif event == "network.responseCompleted":
            status = int(params["response"]["status"])
            self._statuses[url] = status
            if status >= 400:  # noqa: PLR2004 - HTTP
                self._answers.append(Request(method=method, url=url, said=f"status {status}"))

    def status(self, url: str) -> int:
        """Return the status of the page itself: of its address, else of the first answer (it was redirected)."""
        shown = without_credentials(url)
        return self._statuses.get(shown) or next(iter(self._statuses.values()), 0)

    def failed(self, guard: NetworkGuard) -> tuple[Request, ...]:
        """Return the requests that failed by themselves; Firefox asks for an icon that no page needs to have."""
        refused = {(one.method, one.url) for one in guard.blocked}
        return tuple(
            one
            for one in self._answers
            if (one.method, one.url) not in refused and not one.url.endswith("/favicon.ico")
        )


def _preferences(reach: Sequence[str]) -> str:
    values = {
        "browser.shell.checkDefaultBrowser": False,
        "browser.startup.page": 0,
        "datareporting.policy.dataSubmissionEnabled": False,
        "dom.serviceWorkers.enabled": False,
        "dom.security.https_only_mode": False,
        "media.peerconnection.enabled": False,
        "network.captive-portal-service.enabled": False,
        "network.connectivity-service.enabled": False,
        "network.dns.disablePrefetch": True,
        "network.http.http3.enable": False,
        "network.prefetch-next": False,
        "network.proxy.http": "127.0.0.1",
        "network.proxy.http_port": 9,
        "network.proxy.no_proxies_on": ",".join(hosts_of(reach)),
        "network.proxy.ssl": "127.0.0.1",
        "network.proxy.ssl_port": 9,
        "network.proxy.type": 1,
        "services.settings.server": "data:,",
        "toolkit.telemetry.enabled": False,
    }
    return "".join(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in values.items())


def _function(name: str) -> str:
    """Return the source without its leading remarks, so that it can stand in an expression."""
    return re.sub(r"\A(?://[^\n]*\n)+", "", scripts.source(name)).strip()


def _is_visible(selector: str) -> str:
    test = "(found) => found !== null && found.getClientRects().length > 0"
    return f"({test})(document.querySelector({json.dumps(selector)}))"


def _drain(stream: Any) -> None:
    with suppress(ValueError, OSError):
        for _ in stream:
            pass


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
