"""What every request passes through: an id, security headers, a log line, a metric, and a safety net."""

from __future__ import annotations

import http
import logging
import re
import time
import uuid
from typing import TYPE_CHECKING

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request

from . import problems

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from .metrics import Metrics
    from .tracking import ErrorTracking

SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
UNKNOWN_ROUTE = "unknown"
"""Route label of paths that do not exist: a label per guessed path would let anybody fill the metrics store."""

_NOT_TRAFFIC = frozenset({"/metrics"})
_PROBES = frozenset({"/healthz", "/readyz"})
"""Asked every second by the load balancer: logged only when they fail."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{8,64}")
_log = logging.getLogger(__name__)


class Telemetry:
    """ASGI middleware around the whole application."""

    def __init__(
        self, app: ASGIApp, *, metrics: Metrics, tracking: ErrorTracking, routes: Mapping[Callable[..., object], str]
    ) -> None:
        self._app = app
        self._metrics = metrics
        self._tracking = tracking
        self._routes = routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = time.perf_counter()
        request_id = _request_id(Headers(scope=scope))
        scope.setdefault("state", {})["request_id"] = request_id
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["X-Request-ID"] = request_id
                headers.setdefault("Cache-Control", "no-store")
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:  # noqa: BLE001 - the last net: whoever asks is always answered
            _log.exception("unhandled error", extra={"request_id": request_id})
            self._tracking.failed(error, request_id=request_id)
            if not status:
                await problems.response(Request(scope), 500)(scope, receive, send_with_headers)
        self._account(scope, request_id, status, time.perf_counter() - started)

    def _account(self, scope: Scope, request_id: str, status: int, seconds: float) -> None:
        route = self._routes.get(scope.get("endpoint", None), UNKNOWN_ROUTE)
        if route in _NOT_TRAFFIC:
            return
        method = scope["method"]
        self._metrics.answered(method=method, route=route, status=status, seconds=seconds)
        if route in _PROBES and status == http.HTTPStatus.OK:
            return
        _log.info(
            "request",
            extra={
                "request_id": request_id,
                "method": method,
                "route": route,
                "status": status,
                "ms": round(seconds * 1000, 1),
            },
        )


class Produces:
    """ASGI middleware of one route: 406 for callers who do not accept what it has to offer."""

    def __init__(self, app: ASGIApp, media_type: str) -> None:
        self._app = app
        self._media_type = media_type

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if not _accepts(Headers(scope=scope).get("accept", "*/*"), self._media_type):
            raise problems.Problem(406, f"only {self._media_type} is available")
        await self._app(scope, receive, send)


def _accepts(accept: str, media_type: str) -> bool:
    main_type = media_type.partition("/")[0]
    for entry in accept.split(","):
        name, *parameters = (part.strip().lower() for part in entry.split(";"))
        refused = any(re.fullmatch(r"q=0(\.0*)?", parameter) for parameter in parameters)
        if name in {media_type, f"{main_type}/*", "*/*"} and not refused:
            return True
    return False


def _request_id(headers: Headers) -> str:
    given = headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else str(uuid.uuid4())
