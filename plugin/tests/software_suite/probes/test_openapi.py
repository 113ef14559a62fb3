from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.web import openapi
from signoff.probes.web.openapi import Operation
from signoff.probes.web.openapi_calls import Call, call

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.software_suite.conftest import Answer, Site

SHOP: dict[str, Any] = {
    "openapi": "3.1.0",
    "info": {"title": "Shop", "version": "1.0.0"},
    "servers": [{"url": "/v1"}],
    "paths": {
        "/items/{id}": {
            "parameters": [{"$ref": "#/components/parameters/Id"}],
            "get": {
                "parameters": [
                    {"name": "lang", "in": "query", "required": True, "schema": {"type": "string"}, "example": "ko"},
                    {"name": "page", "in": "query", "schema": {"type": "integer"}, "example": 3},
                    {"name": "X-Tenant", "in": "header", "required": True, "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {"$ref": "#/components/responses/Item"},
                    "4XX": {"description": "wrong"},
                },
            },
            "post": {"responses": {"201": {"description": "made"}}},
        },
        "/ping": {"get": {"responses": {"204": {"description": "alive"}}}},
    },
    "components": {
        "parameters": {"Id": {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}},
        "responses": {
            "Item": {
                "description": "ok",
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}},
            }
        },
        "schemas": {
            "Item": {
                "type": "object",
                "required": ["id", "price"],
                "properties": {
                    "id": {"type": "string"},
                    "price": {"$ref": "#/components/schemas/Price"},
                    "note": {"type": ["string", "null"]},
                    "at": {"type": "string", "format": "date-time"},
                    "tags": {"type": "object", "additionalProperties": {"type": "integer"}},
                },
            },
            "Price": {"type": "integer", "minimum": 1},
        },
    },
}
ITEM = Operation(method="GET", path="/items/{id}")
SAMPLES = {"id": "a/b", "X-Tenant": "t"}
PATH = "/v1/items/a%2Fb"


def shop(**changes: Any) -> openapi.Document:
    return openapi.parse(json.dumps(SHOP | changes).encode(), "openapi.json")


def call_item(site: Site, answer: Answer, document: openapi.Document | None = None) -> Call:
    site.answers[PATH] = answer
    with site.session as session:
        return call(session, site.url, document or shop(), ITEM, SAMPLES)


def test_a_document_tells_its_operations_and_version() -> None:
    document = shop()

    assert [str(operation) for operation in document.operations] == [
        "GET /items/{id}",
        "POST /items/{id}",
        "GET /ping",
    ]
    assert (document.version, document.prefix, document.error()) == ("1.0.0", "/v1", "")


def test_neither_layout_nor_key_order_make_a_different_document() -> None:
    reordered = openapi.parse(json.dumps(dict(reversed(SHOP.items())), indent=4).encode(), "x")
    as_yaml = openapi.parse(b"openapi: 3.1.0\ninfo: {title: T, version: '1'}\npaths: {}\n", "openapi.yaml")

    assert reordered.sha256 == shop().sha256 != shop(info={"title": "Shop", "version": "1.0.1"}).sha256
    assert as_yaml.error() == ""


@pytest.mark.parametrize(
    "broken",
    [
        {"info": {"title": "no version"}},
        {"paths": {"/x": {"get": {"parameters": [{"name": "no place"}], "responses": {"200": {"description": ""}}}}}},
        {"paths": {"/x/{id}": {"get": {"responses": {"200": {"description": "undeclared path parameter"}}}}}},
        {"paths": {"/x": {"get": {"responses": {"200": {"$ref": "#/components/responses/Absent"}}}}}},
        {"paths": 7},
    ],
)
def test_whatever_the_validator_stumbles_over_is_an_invalid_document(broken: dict[str, Any]) -> None:
    assert shop(**broken).error()


@pytest.mark.parametrize("text", [b"", b"<html>", b"{}", b'{"swagger": "1.2"}', b"a: [", b"\xff\xfe"])
def test_what_is_no_openapi_document_cannot_be_judged(text: bytes) -> None:
    with pytest.raises(NotVerifiedError):
        openapi.parse(text, "openapi.json")


def test_an_application_without_a_document_cannot_be_judged(site: Site) -> None:
    with site.session as session, pytest.raises(NotVerifiedError, match="status 404; correct openapi_path"):
        openapi.fetch(session, f"{site.url}/openapi.json")


def test_an_operation_is_called_once_with_samples_in_their_places(site: Site, as_json: Callable[..., Answer]) -> None:
    seen = call_item(site, as_json({"id": "a", "price": 7, "note": None, "at": "2026-11-22T09:00:00Z"}))

    assert seen.problems == ()
    assert (seen.status, seen.content_type) == (200, "application/json")
    assert site.asked == [f"GET {PATH}?lang=ko"], "what is optional stays out"


def test_a_parameter_without_a_sample_is_named_and_nothing_is_called(site: Site) -> None:
    with site.session as session:
        seen = call(session, site.url, shop(), ITEM, {})

    assert (seen.was_made, seen.missing) == (False, ("id", "X-Tenant"))
    assert site.asked == []


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"id": "a"}, "$: breaks required"),
        ({"id": "a", "price": 0}, "$.price: breaks minimum 1"),
        ({"id": "a", "price": "free"}, "$.price: breaks type integer"),
        ({"id": "a", "price": 1, "at": "yesterday"}, "$.at: breaks format date-time"),
        ({"id": "a", "price": 1, "tags": {"bob@example.test": "x"}}, "$.tags.?: breaks type integer"),
    ],
)
def test_answers_are_compared_with_their_schema_and_never_quoted(
    site: Site, as_json: Callable[..., Answer], body: object, problem: str
) -> None:
    assert call_item(site, as_json(body)).problems == (problem,)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((500, {}, ""), "status 500"),
        ((404, {}, ""), "status 404"),
        ((202, {}, ""), "status 202 is not described"),
        ((200, {"Content-Type": "text/html"}, "<p>"), "content type text/html is not described"),
        ((200, {}, "{}"), "content type missing is not described"),
        ((200, {"Content-Type": "application/json; charset=utf-8"}, "{"), "the content is not JSON"),
    ],
)
def test_answers_that_are_not_described_are_problems(site: Site, answer: Answer, problem: str) -> None:
    assert call_item(site, answer).problems == (problem,)


def test_content_where_none_is_described_is_a_problem(site: Site) -> None:
    operation = Operation(method="GET", path="/ping")
    with site.session as session:
        site.answers["/v1/ping"] = (204, {}, "")
        assert call(session, site.url, shop(), operation, {}).problems == ()
        site.answers["/v1/ping"] = (204, {"Content-Length": "0"}, "")
        assert call(session, site.url, shop(), operation, {}).problems == ()


def test_openapi_3_0_has_its_own_dialect(site: Site, as_json: Callable[..., Answer]) -> None:
    components = copy.deepcopy(SHOP["components"])
    components["schemas"]["Item"]["properties"]["note"] = {"type": "string", "nullable": True}
    old = shop(openapi="3.0.3", components=components)
    assert old.error() == ""

    assert call_item(site, as_json({"id": "a", "price": 1, "note": None}), old).problems == ()
    assert call_item(site, as_json({"id": "a", "price": 1, "note": 7}), old).problems == ("$.note: breaks type string",)


def test_a_schema_outside_of_the_document_is_a_problem_and_is_not_fetched(
    site: Site, as_json: Callable[..., Answer]
) -> None:
    components = copy.deepcopy(SHOP["components"])
    components["schemas"]["Item"] = {"$ref": f"{site.url}/schema.json"}

    seen = call_item(site, as_json({}), shop(components=components))

    assert seen.problems == (f"the schema refers to {site.url}/schema.json, which is not in the document",)
    assert len(site.asked) == 1


def test_references_in_a_circle_cannot_be_judged() -> None:
    circle = {"/a": {"$ref": "#/paths/~1b"}, "/b": {"$ref": "#/paths/~1a"}}

    with pytest.raises(NotVerifiedError, match="in a circle"):
        _ = shop(paths=circle).operations


def test_a_reference_to_another_file_cannot_be_judged() -> None:
    with pytest.raises(NotVerifiedError, match=r"refers to other\.yaml"):
        _ = shop(paths={"/a": {"$ref": "other.yaml"}}).operations
