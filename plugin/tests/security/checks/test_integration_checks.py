"""INT-*: reports of this release, edges that answer, figures that agree, documents that are current."""

from __future__ import annotations

import hashlib
import json
import socket
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOW = datetime.now(UTC)
PASSED = '<testcase name="test_order"/>'


def test_test_reports(environment: Any, states_of: Any, tmp_path: Path) -> None:
    def report(cases: str, *, commit: str = environment.commit, at: datetime = NOW) -> str:
        properties = f'<properties><property name="commit" value="{commit}"/></properties>'
        return f'<testsuite timestamp="{at.isoformat()}">{properties}{cases}</testsuite>'

    skipped = '<testcase name="test_refund"><skipped/></testcase>'
    reports = {
        "passed": report(PASSED),
        "failed": report(f'{PASSED}<testcase name="test_pay"><failure/></testcase>'),
        "broken": report(f'{PASSED}<testcase name="test_pay"><error/></testcase>'),
        "skipped": report(PASSED + skipped),
        "may-skip": report(PASSED + skipped),
        "only-skipped": report(skipped),
        "too-few": report(PASSED),
        "other-commit": report(PASSED, commit="0" * 40),
        "without-commit": report(PASSED, commit=""),
        "old": report(PASSED, at=NOW - timedelta(days=8)),
        "cut": report(PASSED)[:-5],
    }
    for name, text in reports.items():
        (tmp_path / f"{name}.xml").write_text(text)
        environment.services[name] = {"kind": "test_report", "path": str(tmp_path / f"{name}.xml")}
    environment.services["may-skip"]["may_skip"] = ["test_refund"]
    environment.services["only-skipped"]["may_skip"] = ["test_refund"]
    environment.services["too-few"]["min_tests"] = 2
    environment.services["absent"] = {"kind": "test_report", "path": "absent.xml"}

    states = environment.run("integration")

    names = ["only-skipped", "too-few", "other-commit", "without-commit", "old", "cut", "absent"]
    unclear = dict.fromkeys(names, "NOT_VERIFIED")
    assert states_of(states, "integration_tests_passed_for_this_release") == unclear | {
        "passed": "PASS",
        "failed": "FAIL",
        "broken": "FAIL",
        "skipped": "FAIL",
        "may-skip": "PASS",
    }


def test_edges(environment: Any, states_of: Any, serve: Callable[..., Any], tmp_path: Path) -> None:
    environment.host("app1", "app")
    environment.host("app2", "app")
    environment.unreachable_host("down", "app")

    def ready(request: Any) -> tuple[int, dict[str, str], str]:
        well = request.path != "/badz"
        more = {"queue": "ok"} if request.path == "/more" else {}
        status = 200 if well and request.path != "/refusing" else 503
        return status, {}, json.dumps({"dependencies": {"db": "ok" if well else "unreachable"} | more})

    with serve(ready) as url, socket.create_server(("127.0.0.1", 0)) as listening, socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        here = {"kind": "dependency", "host": "127.0.0.1", "sources": ["app1", "app2"]}
        environment.services |= {
            "answers": here | {"port": listening.getsockname()[1]},
            "refuses": here | {"port": closed.getsockname()[1]},
            "from-a-lost-host": here | {"port": listening.getsockname()[1], "sources": ["app1", "down"]},
            "silent": _web(url),
            "gone": _web("http://127.0.0.1:1"),
        }
        for name, path, key in (
            ("well", "/readyz", "db"),
            ("unwell", "/badz", "db"),
            ("unclear", "/readyz", "queue"),
        ):
            readiness = {"web": name, "path": path, "key": key}
            environment.services[name] = _web(url)
            environment.services[f"{name}-edge"] = environment.services["answers"] | {"readiness": readiness}
        for name, path in (("unlisted", "/more"), ("refusing", "/refusing")):
            environment.services[name] = _web(url)
            readiness = {"web": name, "path": path, "key": "db"}
            environment.services[f"{name}-edge"] = environment.services["answers"] | {"readiness": readiness}
        port = int(url.rpartition(":")[2])
        environment.services["plain"] = here | {"port": port, "sources": ["app1"], "tls": {"name": "localhost"}}
        for name, calls in (("traced", 7), ("untraced", 0)):
            environment.services[name] = _traced(tmp_path / f"{name}.json", calls, environment.commit)
        environment.services["traced-before"] = _traced(tmp_path / "before.json", 7, "0" * 40)
        environment.services["traced-by-nobody"] = environment.services["traced"] | {"path": str(tmp_path / "no.json")}
        readiness = {"web": "gone", "key": "db"}
        environment.services["gone-edge"] = environment.services["answers"] | {"readiness": readiness}

        states = environment.run("integration")

    edges = states_of(states, "service_answers_to_everybody_who_calls_it")
    assert (edges["answers"], edges["refuses"], edges["from-a-lost-host"]) == ("PASS", "FAIL", "ERROR")
    assert states_of(states, "application_confirms_its_dependencies") == {
        "well": "PASS",
        "unwell": "FAIL",
        "unclear": "NOT_VERIFIED",
        "silent": "NOT_VERIFIED",
        "gone": "ERROR",
        "unlisted": "NOT_VERIFIED",
        "refusing": "FAIL",
    }
    assert edges["plain"] == "FAIL"
    assert states_of(states, "traces_show_every_edge") == {
        "traced": "PASS",
        "untraced": "FAIL",
        "traced-before": "NOT_VERIFIED",
        "traced-by-nobody": "NOT_VERIFIED",
    }
    assert "app1 -> 127.0.0.1" in environment.reasons["service_answers_to_everybody_who_calls_it[refuses]"]


def _traced(path: Path, calls: int, commit: str) -> dict[str, Any]:
    """Write an export of a tracing system and the note beside it."""
    edges = [{"parent": "shop", "child": "db", "callCount": calls}]
    path.write_text(json.dumps({"data": [*edges, {"parent": "a", "child": "b", "callCount": 1}]}))
    note = {"report_sha256": hashlib.sha256(path.read_bytes()).hexdigest(), "tool": "jaeger", "commit": commit}
    note |= {"created": datetime.now(UTC).isoformat()}
    path.with_suffix(".note").write_text(json.dumps(note))
    files = {"path": str(path), "provenance": str(path.with_suffix(".note"))}
    return {"kind": "trace_graph", "edges": [{"caller": "shop", "called": "db"}], **files}


def _web(url: str) -> dict[str, Any]:
    return {"kind": "web", "url": url, "instances": [{"name": "app1", "url": url}]}


def test_figures(environment: Any, states_of: Any, postgres: Any) -> None:
    for name, port in (("db", postgres.port), ("copy", postgres.standby_port), ("gone", 1)):
        connection = {"host": "127.0.0.1", "port": port, "database": "postgres", "user": "reader"}
        environment.services[name] = {"kind": "postgresql", "sslmode": "disable"} | connection
    pairs: dict[str, tuple[str, str, dict[str, Any]]] = {
        "equal": ("SELECT 7", "SELECT 7", {}),
        "different": ("SELECT 7", "SELECT 8", {}),
        "tolerated": ("SELECT 7", "SELECT 8", {"tolerance": 1}),
        "both-empty": ("SELECT 0", "SELECT 0", {}),
        "no-orphans": ("SELECT 0", "SELECT 0", {"allow_zero": True}),
        "no-number": ("SELECT 7", "SELECT 7 WHERE false", {}),
        "no-table": ("SELECT 7", "SELECT count(*) FROM vanished", {}),
    }
    for name, (left, right, more) in pairs.items():
        sides = {"left": {"database": "db", "sql": left}, "right": {"database": "db", "sql": right}}
        environment.services[name] = {"kind": "reconciliation"} | sides | more
    one = {"kind": "reconciliation", "left": {"database": "db", "sql": "SELECT 7"}}
    environment.services["replica"] = one | {"right": {"database": "copy", "sql": "SELECT 7"}}
    environment.services["unreachable"] = one | {"right": {"database": "gone", "sql": "SELECT 7"}}

    states = environment.run("integration")

    assert states_of(states, "figures_of_both_sides_agree") == {
        "equal": "PASS",
        "different": "FAIL",
        "tolerated": "PASS",
        "both-empty": "NOT_VERIFIED",
        "no-orphans": "PASS",
        "no-number": "NOT_VERIFIED",
        "no-table": "NOT_VERIFIED",
        "replica": "PASS",
        "unreachable": "ERROR",
    }


def test_documents(environment: Any, states_of: Any, clone: Any, serve: Callable[..., Any], tmp_path: Path) -> None:
    def text(date: datetime, more: str = "", approver: str = "Kim (QA)") -> str:
        return f"# Handbook\n\nDate: {date.date()}\nApprover: {approver}\n\n## Logs\n\n{more}\n"

    month_ago, yesterday = NOW - timedelta(days=30), NOW - timedelta(days=1)
    pages = {"/alive": 200, "/moved": 301, "/login": 401, "/gone": 410, "/missing": 404}
    body = "<h2>Logs</h2><table><tr><th>Approver</th><td>Kim</td></tr></table><p><a href='{url}/alive'>here</a></p>"

    def wiki(request: Any) -> tuple[int, dict[str, str], str]:
        """Play Confluence Cloud, REST v2 (https://developer.atlassian.com/cloud/confluence/rest/v2/), and a site."""
        path, _, query = request.path.partition("?")
        number = path.rpartition("/")[2]
        if not path.startswith("/wiki/api/v2/pages/"):
            return pages[path], {}, ""
        if request.headers.get("Authorization") != "Bearer token-of-the-wiki" or query != "body-format=storage":
            return 403, {}, ""
        made = yesterday if number == "1" else NOW - timedelta(days=200)
        version = {"number": 7, "createdAt": made.isoformat()}
        page = {"id": number, "status": "trashed" if number == "3" else "current", "title": "Handbook"}
        return 200, {}, json.dumps(page | {"version": version, "body": {"storage": {"value": body.format(url=site)}}})

    with serve(wiki) as site:
        outside = {
            "links": f"[a]({site}/alive) [b]({site}/moved#part) <{site}/alive> ![picture](none.png) `[x](none.md)`",
            "dead-link": f"[a]({site}/gone)",
            "unknown-link": f"[a]({site}/login)",
            "relative": "[a](deploy/run.sh) [b](/deploy) [c](#logs)",
            "dead-path": "[a](deploy/other.sh)",
            "unfollowed": f"[a]({site}/missing)",
        }
        clone.commit(
            month_ago.isoformat(),
            current_dot_md=text(yesterday),
            before_dot_md=text(month_ago - timedelta(days=2)),
            old_dot_md=text(NOW - timedelta(days=181)),
            undated_dot_md="# Handbook\n\n## Logs\n",
            **{f"{name}_dot_md": text(yesterday, more) for name, more in outside.items()},
            unapproved_dot_md=text(yesterday, approver=""),
        )
        environment.commit = clone.commit((NOW - timedelta(days=9)).isoformat(), deploy__run_dot_sh="exit 0\n")
        environment.services["source"] = {"kind": "repository", "path": str(clone.path)}
        for name in ("current", "before", "old", "undated", "absent", "unapproved", *outside):
            document = {"kind": "document", "repository": "source", "path": f"{name}.md", "headings": ["Logs"]}
            environment.services[name] = document | {"describes": ["deploy"], "owner": "Kim", "approvers": ["Kim"]}
        environment.services["gap"] = environment.services["current"] | {"headings": ["Contacts"]}
        environment.services["describes-nothing"] = environment.services["before"] | {"describes": []}
        environment.services["ownerless"] = environment.services["current"] | {"owner": ""}
        environment.services["stranger"] = environment.services["current"] | {"approvers": ["Lee"]}
        environment.services["unfollowed"]["links_unfollowed"] = {site: "needs an account"}
        (tmp_path / "guide.md").write_text(text(yesterday, "[a](guide.md) [b](lost.md)"))
        environment.services["file"] = {"kind": "document", "path": str(tmp_path / "guide.md"), "owner": "Kim"}
        for number, name in enumerate(("page", "old-page", "binned-page"), 1):
            page = {"url": site, "page": str(number), "token": "token-of-the-wiki"}
            environment.services[name] = {"kind": "document", "confluence": page, "owner": "Kim", "headings": ["Logs"]}
        secret = {"url": site, "page": "1", "token": "another-token"}
        environment.services["closed-page"] = {"kind": "document", "confluence": secret, "owner": "Kim"}

        states = environment.run("integration")

    current = states_of(states, "document_is_current")
    assert {name: state for name, state in current.items() if state != "PASS"} == {
        "before": "FAIL",
        "old": "FAIL",
        "gap": "FAIL",
        "old-page": "FAIL",
        "undated": "NOT_VERIFIED",
        "absent": "NOT_VERIFIED",
        "binned-page": "NOT_VERIFIED",
        "closed-page": "ERROR",
    }
    approved = states_of(states, "document_has_owner_and_approver")
    assert {name: approved[name] for name in ("current", "file", "page", "unapproved", "stranger", "ownerless")} == {
        "current": "PASS",
        "file": "PASS",
        "page": "PASS",
        "unapproved": "FAIL",
        "stranger": "FAIL",
        "ownerless": "NOT_VERIFIED",
    }
    led = states_of(states, "links_of_the_document_lead_somewhere")
    assert {name: led[name] for name in (*outside, "current", "file", "page")} == {
        "links": "PASS",
        "dead-link": "FAIL",
        "unknown-link": "NOT_VERIFIED",
        "relative": "PASS",
        "dead-path": "FAIL",
        "unfollowed": "PASS",
        "current": "PASS",
        "file": "FAIL",
        "page": "PASS",
    }


def test_journeys(environment: Any, states_of: Any, serve: Callable[..., Any], tmp_path: Path) -> None:
    passed, failed = '<testcase classname="shop.buyer" name="pays"/>', '<testcase classname="shop.guest" name="looks">'
    skipped = '<testcase classname="shop.clerk" name="packs"><skipped/></testcase>'
    properties = f'<properties><property name="commit" value="{environment.commit}"/></properties>'
    broken = f"{failed}<failure/></testcase>"
    text = f'<testsuite timestamp="{NOW.isoformat()}">{properties}{passed}{broken}{skipped}</testsuite>'
    (tmp_path / "e2e.xml").write_text(text)
    environment.services["e2e"] = {"kind": "test_report", "path": str(tmp_path / "e2e.xml")}
    pages = {"/": (200, {}, "<li>pen</li>"), "/broken": (500, {}, ""), "/login": (200, {"Set-Cookie": "s=1"}, "{}")}
    with serve(lambda request: pages.get(request.path, (404, {}, ""))) as url:
        account = {"user": "kim@example.test", "password": "password-of-kim"}
        environment.services["shop"] = _web(url) | {"login": {"path": "/login"}, "identities": {"kim": account}}
        environment.services["gone-shop"] = _web("http://127.0.0.1:1")
        for name, step, tests, more in (
            ("whole", {"path": "/", "contains": "<li>"}, ["shop.buyer"], {"identity": "kim"}),
            ("incomplete", {"path": "/", "contains": "<table>"}, ["shop.guest"], {}),
            ("broken", {"path": "/broken"}, ["shop.buyer", "shop.clerk"], {}),
            ("missing", {"path": "/nowhere"}, ["shop.nobody"], {}),
            ("nobody", {"path": "/"}, ["shop.buyer"], {"identity": "stranger"}),
            ("gone", {"path": "/"}, ["shop.buyer"], {"web": "gone-shop"}),
        ):
            coverage = {"report": "e2e", "tests": tests}
            journey = {"kind": "journey", "web": "shop", "steps": [step], "coverage": coverage}
            environment.services[name] = journey | more

        states = environment.run("integration")

    assert states_of(states, "user_can_walk_the_journey") == {
        "whole": "PASS",
        "incomplete": "FAIL",
        "broken": "FAIL",
        "missing": "FAIL",
        "nobody": "NOT_VERIFIED",
        "gone": "ERROR",
    }
    tested = states_of(states, "journey_was_tested_with_its_changes")
    assert (tested["whole"], tested["incomplete"]) == ("PASS", "FAIL")
    assert (tested["broken"], tested["missing"]) == ("NOT_VERIFIED", "NOT_VERIFIED")
