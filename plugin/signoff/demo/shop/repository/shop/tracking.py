"""Reports errors to the error tracker, by the store endpoint of Sentry's protocol; never in a request's way."""

from __future__ import annotations

import asyncio
import json
import logging
import traceback
import urllib.request
import uuid
from datetime import UTC, datetime
from urllib.parse import urlsplit

from .build import release

SEND_SECONDS = 2

_log = logging.getLogger(__name__)


class ErrorTracking:
    """Sends events for one instance; the address has the form `http://PUBLIC_KEY@HOST:PORT/PROJECT`."""

    def __init__(self, dsn: str, *, instance: str) -> None:
        parts = urlsplit(dsn)
        self._url = f"{parts.scheme}://{parts.hostname}:{parts.port}/api{parts.path}/store/"
        self._key = parts.username or ""
        self._instance = instance
        self._sending: set[asyncio.Task[None]] = set()

    def started(self) -> None:
        """Say that the instance is there; it also proves, at every start, that events arrive."""
        self._send({"level": "info", "message": "instance started"})

    def failed(self, error: BaseException, *, request_id: str) -> None:
        """Report an exception that nobody handled."""
        frames = [
            {"filename": frame.filename, "function": frame.name, "lineno": frame.lineno}
            for frame in traceback.extract_tb(error.__traceback__)
        ]
        value = {"type": type(error).__name__, "value": str(error), "stacktrace": {"frames": frames}}
        self._send({"level": "error", "exception": {"values": [value]}, "tags": {"request_id": request_id}})

    def _send(self, event: dict[str, object]) -> None:
        event |= {
            "event_id": uuid.uuid4().hex,
            "timestamp": datetime.now(UTC).isoformat(),
            "platform": "python",
            "release": release(),
            "server_name": self._instance,
        }
        task = asyncio.create_task(asyncio.to_thread(self._post, event))
        self._sending.add(task)
        task.add_done_callback(self._sending.discard)

    def _post(self, event: dict[str, object]) -> None:
        headers = {
            "Content-Type": "application/json",
            "X-Sentry-Auth": f"Sentry sentry_version=7, sentry_key={self._key}, sentry_client=shop/1.0",
        }
        request = urllib.request.Request(self._url, json.dumps(event).encode(), headers)  # noqa: S310 - from settings
        try:
            urllib.request.urlopen(request, timeout=SEND_SECONDS).close()  # noqa: S310 - same
        except OSError as error:
            _log.warning("error tracking does not take events: %s", error)
