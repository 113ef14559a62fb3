"""What endpoints ask of a request: who sends it, and input in the form that the API document promises."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .orders import Line
from .problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

    from .accounts import Customer
    from .services import Services

COOKIE = "session"
MAX_BODY_BYTES = 16_384
MAX_DIGITS = 18
MAX_LINES = 50
MAX_QUANTITY = 99


def services(request: Request) -> Services:
    """Return what the endpoints share."""
    found: Services = request.app.state.services
    return found


async def customer(request: Request) -> Customer:
    """Return who is logged in, or answer 401."""
    token = request.cookies.get(COOKIE)
    found = await services(request).accounts.customer(token) if token else None
    if found is None:
        raise Problem(401, "log in first")
    return found


async def administrator(request: Request) -> Customer:
    """Return the administrator who is logged in, or answer 401 or 403."""
    found = await customer(request)
    if found.role != "admin":
        raise Problem(403, "only administrators may see this")
    return found


def number(request: Request, name: str, *, default: int, low: int, high: int) -> int:
    """Return a query parameter, or answer 400."""
    text = request.query_params.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= MAX_DIGITS and low <= int(text) <= high):
        raise Problem(400, f"{name} must be a whole number from {low} to {high}")
    return int(text)


async def body(request: Request) -> dict[str, Any]:
    """Return the JSON object in the body, or answer 400, 413 or 415."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise Problem(415, "send application/json")
    content = b""
    async for chunk in request.stream():
        content += chunk
        if len(content) > MAX_BODY_BYTES:
            raise Problem(413, f"send at most {MAX_BODY_BYTES} bytes")
    try:
        data = json.loads(content)
    except ValueError:
        raise Problem(400, "the body is not JSON") from None
    if not isinstance(data, dict):
        raise Problem(400, "the body must be an object")
    return data


def text(data: dict[str, Any], name: str, *, longest: int) -> str:
    """Return a field that must be a text, or answer 400."""
    value = data.get(name)
    if not isinstance(value, str) or not 0 < len(value) <= longest or "\0" in value:
        raise Problem(400, f"{name} must be a text of 1 to {longest} characters")
    return value


def lines(data: dict[str, Any]) -> list[Line]:
    """Return the order's lines, or answer 400."""
    values = data.get("lines")
    if not isinstance(values, list) or not 0 < len(values) <= MAX_LINES:
        raise Problem(400, f"lines must be a list of 1 to {MAX_LINES} products")
    return [_line(value) for value in values]


def _line(value: object) -> Line:
    product_id, quantity = (value.get("product_id"), value.get("quantity")) if isinstance(value, dict) else (None, None)
    if not isinstance(product_id, int) or not isinstance(quantity, int) or not 0 < quantity <= MAX_QUANTITY:
        raise Problem(400, f"a line needs a product_id and a quantity from 1 to {MAX_QUANTITY}")
    if not 0 < product_id < 2**63:
        raise Problem(400, "product_id is out of range")
    return Line(product_id=product_id, quantity=quantity)
