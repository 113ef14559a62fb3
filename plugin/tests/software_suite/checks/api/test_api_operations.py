"""Every operation of an API answers as its document says, or is tested elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.software_suite.checks.api.conftest import DOCUMENT, ITEM, JSON, OK, SAMPLES

if TYPE_CHECKING:
    from tests.software_suite.checks.api.conftest import World

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
