"""Puts the application together."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.routing import Route

from . import endpoints, problems
from .middleware import Produces, Telemetry

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from .services import Services

JSON = "application/json"


def routes() -> list[Route]:
    """Return every route of the application."""
    return [
        _route("/", endpoints.home, produces="text/html"),
        _route("/static/style.css", endpoints.style, produces="text/css"),
        _route("/healthz", endpoints.healthz),
        _route("/readyz", endpoints.readyz),
        _route("/version", endpoints.version),
        _route("/openapi.json", endpoints.openapi),
        Route("/metrics", endpoints.prometheus),  # scrapers send all sorts of Accept headers
        _route("/api/products", endpoints.products),
        _route("/api/products/{id:int}", endpoints.product),
        _route("/api/login", endpoints.login, methods=["POST"]),
        _route("/api/logout", endpoints.logout, methods=["POST"]),
        _route("/api/me", endpoints.me),
        _route("/api/orders", endpoints.Orders),
        _route("/api/orders/{id:int}", endpoints.order),
        _route("/api/admin/report", endpoints.report),
    ]


def build(services: Services) -> Starlette:
    """Return the ASGI application."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        services.tracking.started()
        yield
        await services.close()

    served = routes()
    names = {route.endpoint: route.path_format for route in served}
    telemetry = Middleware(Telemetry, metrics=services.metrics, tracking=services.tracking, routes=names)
    app = Starlette(
        routes=served,
        middleware=[telemetry],
        exception_handlers={HTTPException: problems.on_http_exception},
        lifespan=lifespan,
    )
    app.state.services = services
    return app


def _route(path: str, endpoint: Callable[..., Any], *, produces: str = JSON, methods: list[str] | None = None) -> Route:
    return Route(path, endpoint, methods=methods, middleware=[Middleware(Produces, produces)])
