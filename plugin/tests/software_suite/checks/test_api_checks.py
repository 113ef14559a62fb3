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
    from tests.software_suite.conftest import Clone, PlainAnswer, Site

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
SWAGGER: dict[str, Any] = {
    "swagger": "2.0",
    "info": {"title": "Shop", "version": "1.0.0"},
    "produces": ["application/json"],
    "definitions": {"Item": ITEM},
    "paths": {
        "/items/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": True, "type": "integer"}],
            "get": {"responses": {"200": {"description": "ok", "schema": {"$ref": "#/definitions/Item"}}}},
        },
        "/me": {"get": {"responses": {"200": {"description": "ok", "schema": {"$ref": "#/definitions/Item"}}}}},
        "/items": {"post": {"responses": {"201": {"description": "made"}}}},
    },
}
SAMPLES = {"GET /items/{id}": {"id": "7"}}
PROBLEM = {"title": "Not Found", "status": 404}
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


def test_operations_that_read(world: World) -> None:
    broken = DOCUMENT | {"paths": DOCUMENT["paths"] | {"/gone": {"get": {"responses": {"200": OK}}}}}
    world.application("good")
    world.application("missing-answer", broken)
    world.application("left-out", broken, api=api(exclude=["GET /gone"]))
    world.application("wrong-schema")
    world.site.answers["/wrong-schema/items/7"] = (200, JSON, '{"id": "seven"}')
    world.application("unsampled", api=api(samples={}))
    world.application("stale-exclude", api=api(exclude=["GET /was-removed"]))
    world.application("stranger", api=api(identities={"GET /me": "eve"}))
    world.application("locked-out", identities={"bob": {"user": "bob@example.test", "password": "not-the-one-of-bob"}})
    world.application("no-document", document="<html>")
    world.application("down", url="http://127.0.0.1:1")
    for name in ("swagger", "swagger-broken"):
        world.application(name, SWAGGER | {"basePath": f"/{name}"}, url=world.site.url, openapi_path=f"/{name}/doc")
        world.site.answers[f"/{name}/doc"] = world.site.answers[f"/{name}/openapi.json"]
    world.site.answers["/login"] = world.site.answers["/swagger/login"]
    world.site.answers["/swagger-broken/items/7"] = (200, JSON, '{"id": "seven"}')

    seen = world.environment.run("tests/software/api", "-k", "get_operation")

    assert not seen.differences(
        "every_get_operation_answers_as_documented",
        {
            "good": "PASS",
            "missing-answer": "FAIL: GET /gone: status 404",
            "left-out": "PASS",
            "wrong-schema": r"FAIL: GET /items/\{id\}: \$\.id: breaks type integer",
            "unsampled": r"NOT_VERIFIED: GET /items/\{id\} \(no sample for id\)",
            "stale-exclude": r"NOT_VERIFIED: GET /was-removed \(excluded, but not in the document\)",
            "stranger": "NOT_VERIFIED: identity eve: no account",
            "locked-out": "ERROR: bob was refused with 401",
            "no-document": "NOT_VERIFIED: not an OpenAPI 3 or Swagger 2.0 document",
            "swagger": "PASS",
            "swagger-broken": r"FAIL: GET /items/\{id\}: \$\.id: breaks type integer",
            "down": "ERROR: refused",
        },
    )


def api(
    samples: dict[str, Any] | None = None, identities: dict[str, str] | None = None, exclude: list[str] | None = None
) -> dict[str, Any]:
    return {
        "samples": SAMPLES if samples is None else samples,
        "identities": {"GET /me": "bob"} if identities is None else identities,
        "exclude": [{"operation": one, "reason": "Answers only in the mornings."} for one in exclude or ()],
    }


def test_operations_that_change_something(world: World) -> None:
    def reported(name: str, *cases: str, commit: str = world.environment.commit, exclude: tuple[str, ...] = ()) -> None:
        path = world.folder / f"{name}.xml"
        tests = "".join(cases)
        properties = f'<properties><property name="commit" value="{commit}"/></properties>'
        path.write_text(f'<testsuite tests="{len(cases)}">{properties}{tests}</testsuite>')
        excluded = [{"operation": one, "reason": "Nobody may call it here."} for one in exclude]
        world.application(name, api={"test_report": str(path), "exclude": excluded})

    passed = '<testcase classname="shop" name="POST /items makes an item"/>'
    failed = '<testcase classname="shop" name="POST /items makes an item"><failure message="500"/></testcase>'
    skipped = '<testcase classname="shop" name="POST /items makes an item"><skipped/></testcase>'
    longer = '<testcase classname="shop" name="POST /items/{id} makes an item"/>'
    reported("good", passed)
    reported("failed", passed, failed)
    reported("skipped", skipped)
    reported("another", longer)
    reported("left-out", longer, exclude=("POST /items",))
    reported("other-commit", passed, commit="f" * 40)
    world.application("unreported")
    world.application("absent", api={"test_report": str(world.folder / "absent.xml")})

    seen = world.environment.run("tests/software/api", "-k", "changing")

    assert not seen.differences(
        "changing_operations_are_tested",
        {
            "good": "PASS",
            "failed": "FAIL: tests fail for POST /items",
            "skipped": "NOT_VERIFIED: POST /items",
            "another": "NOT_VERIFIED: POST /items",
            "left-out": "PASS",
            "other-commit": "NOT_VERIFIED: is about commit ffffffffffff",
            "unreported": "NOT_VERIFIED: POST /items",
            "absent": r"NOT_VERIFIED: absent\.xml: No such file",
        },
    )


def test_objectives_and_routes(world: World) -> None:
    world.prometheus()
    world.metrics = {
        "good": {"requests": 500, "errors": 5, "p95": 1.0, "/items/{id}": 7, "unknown": 3},
        "slow": {"requests": 500, "p95": 1.01, "/items/{id}": 7, "/hidden": 1, "/unused": 0},
        "failing": {"requests": 500, "errors": 6, "p95": 0.1, "unlabelled": 7},
        "quiet": {"requests": 99, "p95": 0.1},
        "quiet-sampled": {"requests": 99, "p95": 9.0, "/items/{id}": 7},
        "tail": {"requests": 500, "p95": 0.5, "p99": 3.5, "/items/:id": 7},
        "by-method": {"requests": 500, "p95": 0.5, "GET /items/{id}": 7, "DELETE /items/{id}": 1},
        "no-times": {"requests": 500},
    }
    for name in world.metrics:
        world.watched(name)
    world.environment.services["tail"]["objectives"] = {"p99_seconds": 3}
    world.environment.services["quiet-sampled"]["journeys"] = [{"name": "item", "path": "/items/7"}]
    world.environment.services["by-method"]["metrics"]["method_label"] = "method"
    for name in ("logged", "logged-hidden", "logged-odd"):
        log = world.folder / f"{name}.log"
        asked = "/items/7?secret=1" if name == "logged" else "/hidden"
        line = f'127.0.0.1 - - [23/Nov/2026:10:00:00 +0000] "GET /{name}{asked} HTTP/1.1" 200 7 "-" "-"'
        log.write_text("nothing of the kind\n" if name == "logged-odd" else f"{line}\n")
        document = DOCUMENT | {"servers": [{"url": f"/{name}"}]}
        world.application(name, document, url=world.site.url, openapi_path=f"/{name}/openapi.json")
        world.environment.services[name]["access_log"] = {"host": "web1", "path": str(log)}
    world.environment.host("web1")
    gone = DOCUMENT | {"paths": DOCUMENT["paths"] | {"/gone": {"get": {"responses": {"200": OK}}}}}
    world.application("gone", gone, metrics={"prometheus": "prometheus", "selector": 'job="good"'})
    for name in (*world.metrics, "gone"):
        world.site.answers |= {f"OPTIONS /{name}/{path}": (204, {}, "") for path in ("me", "items")}
    for name in ("logged", "logged-hidden"):
        world.site.answers |= {f"OPTIONS /{name}/{path}": (405, {}, "") for path in ("me", "items")}
    world.application("sampled", journeys=[{"name": "item", "path": "/items/7"}])
    world.application("broken-sample", journeys=[{"name": "gone", "path": "/gone"}])
    world.application("unnamed")
    world.environment.services["lost"] = {
        "kind": "web",
        "url": world.site.url,
        "metrics": {"prometheus": "closed", "selector": 'job="lost"'},
    }
    world.environment.services["closed"] = {"kind": "prometheus", "url": "http://127.0.0.1:1", "jobs": ["shop"]}
    world.site.answers["/openapi.json"] = (200, JSON, json.dumps(DOCUMENT))

    seen = world.environment.run("tests/software/api", "-k", "objectives or route")

    assert not seen.differences(
        "api_keeps_its_objectives",
        {
            "good": "PASS",
            "slow": r"FAIL: p95 is 1\.010 s, limit is 1 s",
            "failing": r"FAIL: 1\.20% of requests failed, limit is 1\.00%",
            "quiet": "NOT_VERIFIED: 99 requests in 7 days.*at least 100.*no journeys named",
            "quiet-sampled": "PASS",
            "tail": r"FAIL: p99 is 3\.500 s, limit is 3 s",
            "by-method": "PASS",
            "gone": "PASS",
            **dict.fromkeys(("logged", "logged-hidden", "logged-odd"), "NOT_VERIFIED: neither metrics nor journeys"),
            "no-times": "NOT_VERIFIED: no histogram.*no journeys named",
            "sampled": "PASS",
            "broken-sample": r"FAIL: 100\.00% of requests failed",
            "unnamed": "NOT_VERIFIED: neither metrics nor journeys named",
            "lost": "ERROR: refused",
        },
    )
    assert not seen.differences(
        "every_route_in_use_is_documented",
        {
            "good": "PASS",
            "slow": "FAIL: not in the document: /hidden",
            "failing": "NOT_VERIFIED: no route label",
            "quiet": "NOT_VERIFIED: no route label",
            "quiet-sampled": "PASS",
            "tail": "PASS",
            "by-method": r"FAIL: not in the document: DELETE /items/\{id\}",
            "gone": "FAIL: in the document, but not there: GET /gone",
            "logged": "PASS",
            "logged-hidden": "FAIL: not in the document: GET /logged-hidden/hidden",
            "logged-odd": "NOT_VERIFIED: no line of the common or combined format",
            "no-times": "NOT_VERIFIED: no route label",
            "sampled": "NOT_VERIFIED: no metrics named",
            "broken-sample": "NOT_VERIFIED: no metrics named",
            "unnamed": "NOT_VERIFIED: no metrics named",
            "lost": "ERROR: refused",
        },
    )


MALFORMED = DOCUMENT | {"paths": {"/x": {"get": {"parameters": [{"name": "id"}], "responses": {"200": OK}}}}}


def test_the_document_and_its_source(world: World, clone: Clone) -> None:
    invalid = DOCUMENT | {"paths": {"/x": {"get": {"responses": {"200": {}}}}}}
    older = DOCUMENT | {"info": {"title": "Shop", "version": "0.9.0"}}
    files = {"good": DOCUMENT, "invalid": invalid, "older": older}
    world.environment.commit = clone.commit({f"{name}.json": json.dumps(file) for name, file in files.items()})
    for name in (*files, "absent"):
        world.environment.services[f"source-{name}"] = {
            "kind": "repository",
            "path": str(clone.path),
            "openapi": f"{name}.json",
        }
    world.application("good", json.dumps(DOCUMENT, indent=7), repository="source-good")
    world.application("invalid", invalid, repository="source-invalid")
    world.application("older", older, repository="source-older")
    world.application("differs", older, repository="source-good")
    world.application("absent", repository="source-absent")
    world.application("cut", document=json.dumps(DOCUMENT)[:40], repository="source-good")
    world.application("malformed", MALFORMED, repository="source-good")
    world.application("unnamed")

    seen = world.environment.run("tests/software/api", "-k", "document_is_valid")

    assert not seen.differences(
        "api_document_is_valid_and_of_this_release",
        {
            "good": "PASS",
            "invalid": "FAIL: the document is invalid",
            "cut": "FAIL: the document is invalid",
            "malformed": "FAIL: the document is invalid",
            "older": r"FAIL: says version 0\.9\.0, the release is 1\.0\.0",
            "differs": "FAIL: the document that is served differs",
            "absent": r"NOT_VERIFIED: no file absent\.json",
            "unnamed": "NOT_VERIFIED: no OpenAPI document in a repository named",
        },
    )


def test_wrong_requests(world: World) -> None:
    headers = {"Content-Type": "application/problem+json", "X-Request-ID": "7"}
    answers: dict[str, PlainAnswer] = {
        "good": (404, headers, json.dumps(PROBLEM)),
        "ok": (200, headers, json.dumps(PROBLEM)),
        "broken": (500, headers, json.dumps(PROBLEM | {"status": 500})),
        "plain": (404, headers | {"Content-Type": "text/html"}, "Not Found"),
        "untraceable": (404, {"Content-Type": "application/problem+json"}, json.dumps(PROBLEM)),
        "leaking": (404, headers, json.dumps(PROBLEM | {"detail": "Traceback (most recent call last):"})),
    }
    missing = {"name": "no such page", "path": "/nothing", "status": 404}
    for name, answer in answers.items():
        world.application(name, errors={"cases": [missing], "statuses": [404]})
        world.site.answers[f"/{name}/nothing"] = answer
    refused = {"name": "no such method", "path": "/refused", "status": 405}
    for name, more in (("unoffered", {}), ("offered", {"Allow": "POST"}), ("one-id", {"Allow": "POST"})):
        world.application(name, errors={"cases": [missing, refused], "statuses": [404, 405]})
        body = json.dumps(PROBLEM | {"status": 405})
        identified = headers | {"X-Request-ID": "7" if name == "one-id" else "8"} | more
        world.site.answers |= {f"/{name}/refused": (405, identified, body), f"/{name}/nothing": answers["good"]}
    world.application("half-tried", errors={"cases": [missing]})
    world.site.answers["/half-tried/nothing"] = answers["good"]
    world.application("unnamed")

    seen = world.environment.run("tests/software/api", "-k", "wrong_requests")

    assert not seen.differences(
        "wrong_requests_are_answered_as_problems",
        {
            "good": "PASS",
            "ok": "FAIL: no such page: status 200, expected 404",
            "broken": "FAIL: status 500, expected 404",
            "plain": "FAIL: text/html is no problem detail",
            "untraceable": "FAIL: no X-Request-ID in the answer",
            "leaking": "FAIL: the answer shows Python traceback",
            "unoffered": "FAIL: no such method: status 405 without the header Allow",
            "offered": "PASS",
            "one-id": "FAIL: several answers have one X-Request-ID",
            "half-tried": "NOT_VERIFIED: answered by 400, 401, 405, 406",
            "unnamed": "NOT_VERIFIED: no wrong requests named",
        },
    )
    assert all(asked.startswith("GET ") for asked in world.site.asked)


def test_errors_that_nobody_expected(world: World) -> None:
    world.prometheus()
    world.metrics = {"calm": {"requests": 9}, "broken": {"requests": 9, "unhandled": 3}, "unasked": {}}
    for name in world.metrics:
        world.watched(name)
    world.watched("tolerated", selector='job="broken"')
    world.environment.services["tolerated"]["errors"] = {"unhandled": {"max": 3}}
    world.application("unwatched")
    token = "throw-away-token-of-sentry"
    for name, rows in (("few", [{"count()": 0}]), ("many", [{"count()": 4}]), ("odd", [])):
        site = {"kind": "error_tracking", "url": world.site.url, "organization": name, "project": "shop"}
        world.environment.services[f"sentry-{name}"] = site | {"token": token}
        world.site.answers |= {
            f"/api/0/projects/{name}/shop/": (200, JSON, '{"id": "1", "slug": "shop", "status": "active"}'),
            f"/api/0/organizations/{name}/events/": (200, JSON, json.dumps({"data": rows})),
        }
        world.application(f"tracked-{name}", errors={"unhandled": {"tracking": f"sentry-{name}"}})

    seen = world.environment.run("tests/software/api", "-k", "unhandled")

    assert not seen.differences(
        "unhandled_errors_are_rare",
        {
            "calm": "PASS",
            "broken": "FAIL: 3 unhandled errors within 7 days, 0:00:00, limit is 0",
            "tolerated": "PASS",
            "unasked": "NOT_VERIFIED: no request in",
            "unwatched": "NOT_VERIFIED: neither error tracking nor metrics named",
            "tracked-few": "PASS",
            "tracked-many": "FAIL: 4 unhandled errors",
            "tracked-odd": "NOT_VERIFIED: 0 rows instead of one",
        },
    )
