"""Applications with an OpenAPI document below one web server, and a Prometheus that knows their requests."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

if TYPE_CHECKING:
    from http.server import BaseHTTPRequestHandler
    from pathlib import Path

    from tests.software_suite.checks.conftest import Environment
    from tests.software_suite.conftest import PlainAnswer, Site

ITEM = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
OK = {"description": "ok", "content": {"application/json": {"schema": ITEM}}}
DOCUMENT: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1.0.0"},
    "paths": {
        "/items/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}],
            "get": {"responses": {"200": OK}},
        },
        "/me": {"get": {"responses": {"200": OK}}},
        "/items": {"post": {"responses": {"201": OK}}},
    },
}

SAMPLES = {"GET /items/{id}": {"id": "7"}}
JSON = {"Content-Type": "application/json"}


@dataclass(slots=True)
class World:
    """Applications below one web server, one path each, and a Prometheus whose answers depend on the job."""

    environment: Environment
    site: Site
    folder: Path
    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    """By job: `requests`, `errors`, `p95`, and any other name is a route with its requests."""

    def application(self, name: str, document: object = None, **settings: Any) -> None:
        """Add an application whose answers are those of the document."""
        base = f"/{name}"
        text = document if isinstance(document, str) else json.dumps(document or DOCUMENT)
        self.site.answers |= {
            f"{base}/openapi.json": (200, JSON, text),
            f"{base}/items/7": (200, JSON, '{"id": 7}'),
            f"{base}/me": self._me,
            f"{base}/login": self._login,
        }
        accounts = {"bob": {"user": "bob@example.test", "password": "throw-away-for-bob"}}
        self.environment.services[name] = {
            "kind": "web",
            "url": self.site.url + base,
            "login": {"path": "/login"},
            "identities": accounts,
            "api": {"samples": SAMPLES, "identities": {"GET /me": "bob"}},
            "sample": {"per_second": 50},
            **settings,
        }

    def watched(self, name: str, **settings: Any) -> None:
        """Add an application that has metrics under its own name as the job."""
        self.application(name, metrics={"prometheus": "prometheus", "selector": f'job="{name}"', **settings})

    def prometheus(self) -> None:
        """Add the Prometheus."""
        self.site.answers["/api/v1/query"] = self._query
        self.environment.services["prometheus"] = {"kind": "prometheus", "url": self.site.url, "jobs": ["shop"]}

    @staticmethod
    def _login(handler: BaseHTTPRequestHandler) -> PlainAnswer:
        body = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        if handler.command == "POST" and body == {"email": "bob@example.test", "password": "throw-away-for-bob"}:
            return 200, {"Set-Cookie": "session=s; HttpOnly"}, ""
        return 401, {}, ""

    @staticmethod
    def _me(handler: BaseHTTPRequestHandler) -> PlainAnswer:
        signed_in = "session=s" in handler.headers.get("Cookie", "")
        return (200, JSON, '{"id": 1}') if signed_in else (401, {}, "")

    def _query(self, handler: BaseHTTPRequestHandler) -> PlainAnswer:
        query = parse_qs(urlsplit(handler.path).query)["query"][0]
        seen = next((values for job, values in self.metrics.items() if f'job="{job}"' in query), {})
        if "sum by (route)" in query:
            rows = [({"route": route}, value) for route, value in seen.items() if route.startswith("/")]
        elif "sum by (method, route)" in query:
            split = {tuple(key.split(" ")): value for key, value in seen.items() if " /" in key}
            rows = [({"method": method, "route": route}, value) for (method, route), value in split.items()]
        else:
            signs = {"0.99": "p99", "0.95": "p95", '=~"5.."': "errors", '="500"': "unhandled"}
            name = next((name for sign, name in signs.items() if sign in query), "requests")
            seen = ({"p99": seen["p95"]} if "p95" in seen else {}) | seen
            rows = [({}, seen[name])] if name in seen else []
        result = [{"metric": labels, "value": [0, str(value)]} for labels, value in rows]
        answer = {"status": "success", "data": {"resultType": "vector", "result": result}}
        return 200, JSON, json.dumps(answer)


@pytest.fixture
def world(environment: Environment, site: Site, tmp_path: Path) -> World:
    return World(environment, site, tmp_path)
