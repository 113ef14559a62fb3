"""A connection to a browser by WebDriver BiDi (W3C): commands with answers, and events in between."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from signoff.errors import NotVerifiedError, TimedOutError, UnreachableError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class CommandError(Exception):
    """The browser refused a command; its words are the message."""


class Bidi:
    """One session over a WebSocket. Used by one thread.

    Args:
        url: The WebSocket's address, as the browser writes it when it starts.
        hear: Called with name and parameters of each event that arrives while a command is waited for.

    Raises:
        NotVerifiedError: the WebSocket client is not installed.
        UnreachableError, TimedOutError (every method): the browser is gone, or does not answer.
    """

    def __init__(self, url: str, hear: Callable[[str, Mapping[str, Any]], None], *, timeout: float = 20.0) -> None:
        try:
            import websocket  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise NotVerifiedError("no WebSocket client: run pip install 'pytest-signoff[web]'") from error
        self._errors = (websocket.WebSocketException, OSError)
        self._hear = hear
        self._timeout = timeout
        self._last = 0
        try:
            self._socket = websocket.create_connection(url, timeout=timeout, suppress_origin=True)
        except self._errors as error:
            raise UnreachableError(f"the browser does not accept commands: {error}") from error

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def tell(self, method: str, **params: Any) -> int:
        """Send a command without waiting for its answer, and return its number."""
        self._last += 1
        try:
            self._socket.send(json.dumps({"id": self._last, "method": method, "params": params}))
        except self._errors as error:
            raise UnreachableError(f"{method}: the browser is gone: {error}") from error
        return self._last

    def ask(self, method: str, **params: Any) -> dict[str, Any]:
        """Send a command and return its answer.

        Raises:
            CommandError: it was refused.
        """
        number, deadline = self.tell(method, **params), time.monotonic() + self._timeout
        while True:
            message = self._receive(method, deadline)
            if message.get("id") == number:
                if message["type"] == "error":
                    raise CommandError(f"{message['error']}: {message.get('message', '')}".partition("\n")[0][:300])
                answer: dict[str, Any] = message["result"]
                return answer
            if message.get("type") == "event":
                self._hear(message["method"], message["params"])

    def listen(self, seconds: float) -> None:
        """Hear events for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                message = self._receive("waiting", end)
            except TimedOutError:
                return
            if message.get("type") == "event":
                self._hear(message["method"], message["params"])

    def _receive(self, what: str, deadline: float) -> dict[str, Any]:
        left = deadline - time.monotonic()
        try:
            self._socket.settimeout(max(0.001, left))
            message: dict[str, Any] = json.loads(self._socket.recv())
        except TimeoutError as error:
            raise TimedOutError(f"{what}: no answer of the browser in time") from error
        except self._errors as error:
            if "timed out" in str(error):
                raise TimedOutError(f"{what}: no answer of the browser in time") from error
            raise UnreachableError(f"{what}: the browser is gone: {error}") from error
        return message
