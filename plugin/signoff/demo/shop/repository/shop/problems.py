"""What callers are told when something goes wrong: RFC 9457 problem details, never a stack trace."""

from __future__ import annotations

import http
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request


class Problem(HTTPException):
    """Raised by an endpoint to answer with a problem."""


def response(request: Request, status: int, detail: str = "", headers: Mapping[str, str] | None = None) -> JSONResponse:
    """Return the problem; its correlation id finds the request in the central log."""
    request_id = request.scope["state"]["request_id"]
    body = {
        "type": "about:blank",
        "title": http.HTTPStatus(status).phrase,
        "status": status,
        "detail": detail or http.HTTPStatus(status).description or http.HTTPStatus(status).phrase,
        "instance": request.url.path,
        "correlation_id": request_id,
    }
    return JSONResponse(body, status, dict(headers or {}), media_type="application/problem+json")


async def on_http_exception(request: Request, error: Exception) -> JSONResponse:
    """Turn any HTTP error, ours or the framework's, into a problem."""
    if not isinstance(error, HTTPException):
        raise error
    headers = dict(error.headers or {})
    if error.status_code == http.HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Session realm="shop"'
    standard = http.HTTPStatus(error.status_code).phrase
    return response(request, error.status_code, "" if error.detail == standard else error.detail, headers)
