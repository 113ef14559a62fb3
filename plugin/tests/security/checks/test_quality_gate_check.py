"""SEC-VUL-2 against a server that answers as SonarQube does: green, red, and nothing that may be concluded."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime.now(UTC)
CASES: dict[str, tuple[dict[str, Any], str]] = {
    "green": ({}, "PASS"),
    "red": ({"status": "ERROR"}, "FAIL"),
    "hotspots": ({"hotspots": 1}, "FAIL"),
    "no-gate": ({"status": "NONE", "conditions": 0}, "NOT_VERIFIED"),
    "no-conditions": ({"conditions": 0}, "NOT_VERIFIED"),
    "other-revision": ({"revision": "0" * 40}, "NOT_VERIFIED"),
    "no-revision": ({"revision": ""}, "NOT_VERIFIED"),
    "old": ({"at": NOW - timedelta(days=8)}, "NOT_VERIFIED"),
    "broken": ({"code": 503}, "ERROR"),
}


def _answer(case: dict[str, Any], path: str) -> tuple[int, dict[str, str], str]:
    at = case.get("at", NOW)
    answers: dict[str, Any] = {
        "search": {"analyses": [{"key": "A", "date": f"{at:%Y-%m-%dT%H:%M:%S}+0000", "revision": case["revision"]}]},
        "project_status": {
            "projectStatus": {
                "status": case.get("status", "OK"),
                "conditions": [{"status": case.get("status", "OK"), "metricKey": "m"}] * case.get("conditions", 1),
            }
        },
    }
    found = [{"component": "shop:a.py", "line": 1}] * case.get("hotspots", 0)
    hotspots = {"paging": {"total": len(found)}, "hotspots": found}
    name = path.rpartition("/")[2]
    return case.get("code", 200), {}, json.dumps(hotspots if "hotspots" in path else answers[name])


def test_quality_gate(environment: Any, states_of: Any, serve: Callable[..., Any]) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        _, name, path = urlsplit(request.path).path.split("/", 2)
        return _answer({"revision": environment.commit} | CASES[name][0], path)

    with serve(answer) as url:
        for name in CASES:
            service = {"kind": "sonarqube", "url": f"{url}/{name}", "project": "shop", "token": "squ_token"}
            environment.services[name] = service
        states = environment.run("security/vulnerabilities")

    assert states_of(states, "quality_gate_is_green") == {name: state for name, (_, state) in CASES.items()}
    assert "make it for this release" in environment.reasons["quality_gate_is_green[other-revision]"]
