"""Routes however a framework writes them, and schemathesis in the form that only reads."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.generated_requests import GeneratedRequestsService
from signoff.config.kinds.web import WebService
from signoff.errors import CouldNotCheckError, NotVerifiedError
from signoff.probes.web import schemathesis
from signoff.probes.web.openapi import parse
from signoff.probes.web.routes import compare, plain
from tests.suite_checks import SuiteChecks

if TYPE_CHECKING:
    from pathlib import Path

CHECK = "generated_requests_are_answered_as_documented"
OK = {"responses": {"200": {"description": "ok"}}}
PATHS = {"/items/{id}": {"get": OK, "delete": OK}, "/me": {"get": OK}}
DOCUMENT = parse(json.dumps({"openapi": "3.1.0", "servers": [{"url": "/v1"}], "paths": PATHS}).encode(), "document")


@pytest.mark.parametrize("route", ["/items/{id}", "/items/{itemId}", "/items/<int:id>", "/items/:id", "/items/{id}/"])
def test_a_parameter_is_a_parameter(route: str) -> None:
    assert plain(route) == "/items/{}"


@pytest.mark.parametrize(
    ("in_use", "undocumented", "unused"),
    [
        (["/v1/items/:id", "/v1/me"], (), []),
        (["GET /v1/items/{x}", "HEAD /v1/me"], (), ["DELETE /items/{id}", "GET /me"]),
        (["POST /v1/me", "/hidden"], ("/hidden", "POST /v1/me"), ["GET /items/{id}", "DELETE /items/{id}", "GET /me"]),
        (["/items/{id}"], ("/items/{id}",), ["GET /items/{id}", "DELETE /items/{id}", "GET /me"]),
    ],
)
def test_routes_both_ways(in_use: list[str], undocumented: tuple[str, ...], unused: list[str]) -> None:
    found = compare(in_use, DOCUMENT)
    assert (found.undocumented, [str(one) for one in found.unused]) == (undocumented, unused)


REPORT: dict[str, Any] = {
    "schemathesis_version": "4.32.5",
    "complete": True,
    "operations": {"total": 3, "selected": 2, "tested": 2},
    "test_cases": {"generated": 9},
    "failures": [],
    "errors": [],
}
BROKEN = {"failures": [{"title": "Server error", "operations": ["GET /bad"]}]}


def fake(folder: Path, report: dict[str, Any] | None, *, version: str = "4.32.5") -> str:
    """Put a program into the folder that takes schemathesis' options and writes its report (contract of version 4)."""
    program = folder / "st"
    write = (
        f"json.dump({report!r}, open(sys.argv[sys.argv.index('--report-json-path') + 1], 'w'))" if report else "pass"
    )
    program.write_text(
        "#!/usr/bin/env python3\nimport json, sys\n"
        f"if sys.argv[1:] == ['--version']:\n    print('schemathesis, version {version}'); raise SystemExit\n"
        "settings = open(sys.argv[sys.argv.index('--config-file') + 1]).read()\n"
        "assert 'unexpected-methods = []' in settings\n"
        f"{write}\n"
    )
    program.chmod(0o755)
    return str(program)


LINE = schemathesis.arguments(
    "http://127.0.0.1:1/openapi.json", per_second=2, examples=5, seconds=30, exclude=["GET /export"]
)


def test_the_form_is_the_one_that_was_proven_to_read_only() -> None:
    text = " ".join(LINE)
    assert "--include-method GET" in text
    assert "--mode positive --phases examples,coverage" in text
    assert "--exclude-name GET /export" in text
    assert "--rate-limit 120/m" in text
    assert "--max-redirects 0" in text


def test_findings_come_from_the_report(tmp_path: Path) -> None:
    good = schemathesis.run(fake(tmp_path, REPORT), LINE, seconds=30)
    assert (good.requests, good.tested, good.failures, good.complete) == (9, 2, (), True)
    assert schemathesis.run(fake(tmp_path, REPORT | BROKEN), LINE, seconds=30).failures == ("Server error: GET /bad",)


def test_no_report_and_no_answer_are_no_pass(tmp_path: Path) -> None:
    with pytest.raises(NotVerifiedError, match="is not installed"):
        schemathesis.run(str(tmp_path / "absent"), LINE, seconds=30)
    with pytest.raises(NotVerifiedError, match="install version 4"):
        schemathesis.run(fake(tmp_path, REPORT, version="3.39.1"), LINE, seconds=30)
    with pytest.raises(NotVerifiedError, match="no report"):
        schemathesis.run(fake(tmp_path, None), LINE, seconds=30)
    with pytest.raises(CouldNotCheckError, match="Network Error"):
        schemathesis.parse(json.dumps(REPORT | {"errors": [{"title": "Network Error"}]}).encode())
    for damaged in (b"", b"{}", json.dumps(REPORT).encode()[:40], b"[]"):
        with pytest.raises(NotVerifiedError):
            schemathesis.parse(damaged)


@pytest.mark.contract
@pytest.mark.parametrize(
    ("report", "state", "reason"),
    [
        ({}, "PASS", ""),
        (BROKEN, "FAIL", "generated: Server error: GET /bad"),
        ({"complete": False}, "NOT_VERIFIED", "2 of 2 operations tested; give it more seconds"),
        ({"operations": {"total": 3, "selected": 3, "tested": 2}}, "NOT_VERIFIED", "2 of 3 operations tested"),
        ({"test_cases": {"generated": 0}}, "NOT_VERIFIED", ""),
        ({"errors": [{"title": "Network Error"}]}, "ERROR", "Network Error"),
        (None, "NOT_VERIFIED", "no report"),
    ],
    ids=["well", "broken", "cut short", "one left out", "nothing asked", "unreachable", "no report"],
)
def test_the_check_judges_what_was_found(
    tmp_path: Path, report: dict[str, Any] | None, state: str, reason: str
) -> None:
    program = fake(tmp_path, None if report is None else REPORT | report)
    web = WebService(url="http://127.0.0.1:1")
    inventory = SimpleNamespace(service={"shop": web}.__getitem__)
    settings = GeneratedRequestsService(web="shop", program=program)

    found = SuiteChecks().one(CHECK, settings, name="generated", inventory=inventory)

    assert (found.state, reason in found.reason) == (state, True), found.reason
