"""An API keeps its objectives, and every route in use is documented."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.software_suite.checks.api.conftest import DOCUMENT, JSON, OK

if TYPE_CHECKING:
    from tests.software_suite.checks.api.conftest import World


def test_objectives_and_routes(world: World) -> None:
    world.prometheus()
    world.metrics = {
        "good": {"requests": 500, "errors": 5, "p95": 1.0, "/items/{id}": 7, "unknown": 3},
        "slow": {"requests": 500, "p95": 1.01, "/items/{id}": 7, "/hidden": 1, "/unused": 0},
        "failing": {"requests": 500, "errors": 6, "p95": 0.1, "unlabelled": 7},
        "quiet": {"requests": 99, "p95": 0.1},
        "quiet-sampled": {"requests": 99, "p95": 99.0, "/items/{id}": 7},
        "tail": {"requests": 500, "p95": 0.5, "p99": 3.5, "/items/:id": 7},
        "by-method": {"requests": 500, "p95": 0.5, "GET /items/{id}": 7, "DELETE /items/{id}": 1},
        "no-times": {"requests": 500},
    }
    for name in world.metrics:
        world.watched(name)
    world.environment.services["tail"]["objectives"] = {"p99_seconds": 3}
    world.environment.services["quiet-sampled"]["journeys"] = [{"name": "item", "path": "/items/7"}]
    patient = {"p95_seconds": 30}  # what is sampled here is fast enough on a busy machine, too
    world.environment.services["quiet-sampled"]["objectives"] = patient
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
    world.application("sampled", journeys=[{"name": "item", "path": "/items/7"}], objectives=patient)
    world.application("broken-sample", journeys=[{"name": "gone", "path": "/gone"}], objectives=patient)
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
