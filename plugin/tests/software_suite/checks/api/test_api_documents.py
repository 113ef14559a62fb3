"""The document of an API is valid and that of the release."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.software_suite.checks.api.conftest import DOCUMENT, OK

if TYPE_CHECKING:
    from tests.software_suite.checks.api.conftest import World
    from tests.software_suite.conftest import Clone

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
