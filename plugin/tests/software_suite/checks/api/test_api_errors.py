"""Wrong requests are answered as problems, and errors that nobody expected are rare."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.software_suite.checks.api.conftest import JSON

if TYPE_CHECKING:
    from tests.software_suite.checks.api.conftest import World
    from tests.software_suite.conftest import PlainAnswer

PROBLEM = {"title": "Not Found", "status": 404}


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
