"""INT-SYS-1 and INT-SYS-3: reports of several suites, smoke requests, and journeys in a real Chromium."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime.now(UTC)
STAGING = "https://staging.example.test"
HTML = {"Content-Type": "text/html"}


def _mochawesome(folder: Path, name: str, commit: str, *, fails: bool = False, target: str = STAGING) -> dict[str, Any]:
    test = {"fullTitle": "buyer pays", "pass": not fails, "fail": fails, "pending": False}
    stats = {"tests": 1, "failures": int(fails), "start": NOW.isoformat()}
    text = json.dumps({"stats": stats, "results": [{"tests": [test]}]})
    note = {"tool": "Cypress", "commit": commit, "created": NOW.isoformat(), "target": target}
    (folder / f"{name}.json").write_text(text)
    digest = hashlib.sha256(text.encode()).hexdigest()
    (folder / f"{name}.note").write_text(json.dumps(note | {"report_sha256": digest}))
    paths = {"path": str(folder / f"{name}.json"), "provenance": str(folder / f"{name}.note")}
    return {"kind": "test_report", "format": "mochawesome", "target": STAGING} | paths


def _junit(folder: Path, name: str, commit: str) -> None:
    properties = f'<properties><property name="commit" value="{commit}"/></properties>'
    case = '<testcase classname="shop" name="pays"/>'
    (folder / name).write_text(f'<testsuite timestamp="{NOW.isoformat()}">{properties}{case}</testsuite>')


def test_suites_smoke_and_journeys(environment: Any, states_of: Any, serve: Callable[..., Any], tmp_path: Path) -> None:
    if shutil.which("chromium") is None:
        pytest.skip("needs a real Chromium (apt-get install chromium)")
    pytest.importorskip("playwright", reason="needs playwright (pip install 'pytest-signoff[web]')")
    commit = environment.commit
    for name, other, more in (
        ("cypress", commit, {}),
        ("cypress-failed", commit, {"fails": True}),
        ("cypress-elsewhere", commit, {"target": "https://other.example.test"}),
        ("cypress-other-commit", "0" * 40, {}),
    ):
        environment.services[name] = _mochawesome(tmp_path, name, other, **more)
    for name, second in (("selenium", commit), ("selenium-mixed", "0" * 40)):
        (tmp_path / name).mkdir()
        _junit(tmp_path / name, "a.xml", commit)
        _junit(tmp_path / name, "b.xml", second)
        environment.services[name] = {"kind": "test_report", "path": f"{tmp_path / name}/*.xml", "min_tests": 2}
    environment.services["selenium-lost"] = {"kind": "test_report", "path": f"{tmp_path}/lost/*.xml"}
    posts: list[str] = []

    def shop(request: Any) -> tuple[int, dict[str, str], str]:
        known = "session=of-kim" in request.headers.get("Cookie", "")
        if request.command == "POST" and request.path != "/login":
            posts.append(request.path)
        pages: dict[str, tuple[int, dict[str, str], str]] = {
            "/": (200, HTML, '<h1>Shop</h1><a href="/orders">Orders</a>'),
            "/orders": (200, HTML, "<h1>Orders</h1><p id=total>7</p>" if known else "<h1>Sign in</h1>"),
            "/pay": (200, HTML, "<script>fetch('/payments', {method: 'POST'})</script><h1>Pay</h1>"),
            "/login": (200, {"Set-Cookie": "session=of-kim"}, "{}"),
        }
        return pages.get(request.path, (404, {}, ""))

    with serve(shop) as url:
        account = {"user": "kim@example.test", "password": "password-of-kim"}
        web = {"kind": "web", "url": url, "login": {"path": "/login"}, "identities": {"kim": account}}
        environment.services |= {
            "shop": web | {"smoke": [{"path": "/", "contains": "Shop"}]},
            "broken": web | {"smoke": [{"path": "/"}, {"path": "/nothing"}]},
            "unasked": web,
            "gone": {"kind": "web", "url": "http://127.0.0.1:2", "smoke": [{"path": "/"}]},
        }
        start, orders = {"path": "/", "selector": "h1"}, {"click": "a", "contains": "Orders", "selector": "#total"}
        journeys: dict[str, dict[str, Any]] = {
            "buyer": {"steps": [start, orders], "identity": "kim"},
            "stranger": {"steps": [start, orders | {"selector": ""}, {"path": "/orders", "selector": "#total"}]},
            "payer": {"steps": [{"path": "/pay", "contains": "Pay"}]},
            "lost": {"steps": [start], "web": "gone"},
        }
        for name, journey in journeys.items():
            coverage = {"report": "cypress", "tests": ["buyer"] if name == "buyer" else ["nobody"]}
            environment.services[name] = {
                "kind": "journey",
                "web": "shop",
                "browser": True,
                "coverage": coverage,
            } | journey

        states = environment.run("integration")

    assert states_of(states, "integration_tests_passed_for_this_release") == {
        "cypress": "PASS",
        "cypress-failed": "FAIL",
        "cypress-elsewhere": "NOT_VERIFIED",
        "cypress-other-commit": "NOT_VERIFIED",
        "selenium": "PASS",
        "selenium-mixed": "NOT_VERIFIED",
        "selenium-lost": "NOT_VERIFIED",
    }
    assert states_of(states, "application_is_alive_as_a_whole") == {
        "shop": "PASS",
        "broken": "FAIL",
        "unasked": "NOT_VERIFIED",
        "gone": "ERROR",
    }
    walked = states_of(states, "user_can_walk_the_journey")
    assert walked == {"buyer": "PASS", "stranger": "FAIL", "payer": "PASS", "lost": "ERROR"}
    assert not posts
    tested = states_of(states, "journey_was_tested_with_its_changes")
    assert tested == {"buyer": "PASS"} | dict.fromkeys(("stranger", "payer", "lost"), "NOT_VERIFIED")
    assert len(list(environment.folder.glob("reports/*/files/*/buyer-*.png"))) == 2
