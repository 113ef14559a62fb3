"""The HTTP interface, as `openapi.json` describes it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.endpoints import HTTPEndpoint
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from . import metrics, page, requests
from .accounts import TooManyFailuresError
from .build import COMMIT, release
from .orders import OrderRefusedError
from .problems import Problem

if TYPE_CHECKING:
    from starlette.requests import Request

ROOT = Path(__file__).resolve().parent.parent
_PUBLIC = {"Cache-Control": "public, max-age=60"}


async def home(request: Request) -> Response:
    """Return the page that people see."""
    products = await requests.services(request).catalogue.page(after=0, limit=page.PRODUCTS)
    return HTMLResponse(page.render(products), headers=_PUBLIC)


async def style(_: Request) -> Response:
    """Return the page's style sheet."""
    return Response(page.style(), media_type="text/css", headers=_PUBLIC)


async def healthz(_: Request) -> Response:
    """Say that the process answers; nothing more."""
    return JSONResponse({"status": "ok"})


async def readyz(request: Request) -> Response:
    """Say whether everything is there that an answer may depend on; 503 takes the instance out of the balancer."""
    dependencies = await requests.services(request).dependencies()
    ready = set(dependencies.values()) == {"ok"}
    answer = {"status": "ok" if ready else "unavailable", "dependencies": dependencies}
    return JSONResponse(answer, 200 if ready else 503)


async def version(request: Request) -> Response:
    """Say which build this is."""
    instance = requests.services(request).settings.instance
    return JSONResponse({"version": release(), "commit": COMMIT, "instance": instance})


async def openapi(_: Request) -> Response:
    """Return the API document of the release, byte for byte."""
    return FileResponse(ROOT / "openapi.json", media_type="application/json", headers=_PUBLIC)


async def prometheus(request: Request) -> Response:
    """Return the instance's metrics; the balancer does not pass this path on."""
    return Response(requests.services(request).metrics.render(), headers={"Content-Type": metrics.CONTENT_TYPE})


async def products(request: Request) -> Response:
    """Return a page of products."""
    after = requests.number(request, "after", default=0, low=0, high=2**53)
    limit = requests.number(request, "limit", default=20, low=1, high=100)
    found = await requests.services(request).catalogue.page(after=after, limit=limit)
    return JSONResponse({"products": found}, headers=_PUBLIC)


async def product(request: Request) -> Response:
    """Return one product."""
    found = await requests.services(request).catalogue.product(_id(request))
    if found is None:
        raise Problem(404, "no such product")
    return JSONResponse(found, headers=_PUBLIC)


async def login(request: Request) -> Response:
    """Open a session."""
    data = await requests.body(request)
    email = requests.text(data, "email", longest=254).lower()
    password = requests.text(data, "password", longest=200)
    accounts = requests.services(request).accounts
    try:
        session = await accounts.log_in(email, password)
    except TooManyFailuresError:
        raise Problem(429, "too many wrong passwords; wait 15 minutes", {"Retry-After": "900"}) from None
    if session is None:
        raise Problem(401, "address or password is wrong")
    token, customer = session
    response = JSONResponse({"email": customer.email, "name": customer.name, "role": customer.role})
    response.set_cookie(
        requests.COOKIE, token, max_age=accounts.lifetime_seconds, secure=True, httponly=True, samesite="strict"
    )
    return response


async def logout(request: Request) -> Response:
    """Close the session, if there is one."""
    token = request.cookies.get(requests.COOKIE)
    if token:
        await requests.services(request).accounts.log_out(token)
    response = Response(status_code=204)
    response.delete_cookie(requests.COOKIE, secure=True, httponly=True, samesite="strict")
    return response


async def me(request: Request) -> Response:
    """Return who is logged in."""
    customer = await requests.customer(request)
    return JSONResponse({"email": customer.email, "name": customer.name, "role": customer.role})


class Orders(HTTPEndpoint):
    """The orders of whoever is logged in."""

    async def get(self, request: Request) -> Response:
        """Return the newest."""
        customer = await requests.customer(request)
        limit = requests.number(request, "limit", default=20, low=1, high=100)
        found = await requests.services(request).orders.of_customer(customer.id, limit=limit)
        return JSONResponse({"orders": found})

    async def post(self, request: Request) -> Response:
        """Place an order and pay it."""
        customer = await requests.customer(request)
        lines = requests.lines(await requests.body(request))
        orders = requests.services(request).orders
        try:
            order_id = await orders.place(customer.id, lines)
        except OrderRefusedError as error:
            raise Problem(409, str(error)) from None
        return JSONResponse(_visible(await orders.order(order_id)), 201, {"Location": f"/api/orders/{order_id}"})


async def order(request: Request) -> Response:
    """Return one order, to its customer and to administrators."""
    customer = await requests.customer(request)
    found = await requests.services(request).orders.order(_id(request))
    if found is None:
        raise Problem(404, "no such order")
    if found["customer_id"] != customer.id and customer.role != "admin":
        raise Problem(403, "this is somebody else's order")
    return JSONResponse(_visible(found))


async def report(request: Request) -> Response:
    """Return how much was sold."""
    await requests.administrator(request)
    return JSONResponse(await requests.services(request).orders.report())


def _id(request: Request) -> int:
    value = int(request.path_params["id"])
    if value >= 2**63:
        raise Problem(404, "no such id")
    return value


def _visible(order: dict[str, object] | None) -> dict[str, object]:
    return {name: value for name, value in (order or {}).items() if name != "customer_id"}
