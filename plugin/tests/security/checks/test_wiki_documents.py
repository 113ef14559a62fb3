"""Documents that are kept in Confluence, of both editions, and the checks that read them.

Contracts: https://developer.atlassian.com/cloud/confluence/rest/v2/api-group-page/ of Cloud, and
https://docs.atlassian.com/atlassian-confluence/REST/6.6.0/ (`/rest/api/content/{id}`) of Data Center and Server.
"""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from signoff.errors import AuthenticationError, NotVerifiedError
from signoff.probes.products.confluence import read_page
from signoff.probes.web.http import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.probes.products.confluence import WikiPage

pytestmark = pytest.mark.contract

NOW = datetime.now(UTC)
TOKEN, ACCOUNT = "token-of-the-wiki", ("kim@example.com", "token-of-kim")
Reply = tuple[int, dict[str, str], str]


@dataclass
class Version:
    body: str
    at: datetime


class Wiki:
    """One site with pages that keep their versions; those in the bin and those that are closed answer as they do."""

    def __init__(self, edition: str, context: str = "") -> None:
        self.edition, self.context = edition, context
        self.pages: dict[str, list[Version]] = {}
        self.titles: dict[str, str] = {}
        self.binned: set[str] = set()
        self.closed: set[str] = set()

    def write(self, page: str, body: str, *, age: timedelta = timedelta(days=1), title: str = "Handbook") -> Wiki:
        """Write a page anew, as its next version."""
        self.titles[page] = title
        self.pages.setdefault(page, []).append(Version(body, NOW - age))
        return self

    def reply(self, request: Any) -> Reply:
        """Answer one GET."""
        parts = urlsplit(request.path)
        base = f"{self.context}/wiki/api/v2/pages/" if self.edition == "cloud" else f"{self.context}/rest/api/content/"
        number = parts.path.removeprefix(base)
        basic = base64.b64encode(":".join(ACCOUNT).encode()).decode()
        if request.headers.get("Authorization") not in {f"Bearer {TOKEN}", f"Basic {basic}"}:
            return 401, {}, ""
        # Who may not see a page is told, in both editions, that there is none.
        if not parts.path.startswith(base) or number not in self.pages or number in self.closed:
            return 404, {"Content-Type": "application/json"}, "{}"
        page = self._cloud if self.edition == "cloud" else self._data_center
        status, shown = page(number, parse_qs(parts.query))
        return status, {"Content-Type": "application/json"}, json.dumps(shown)

    def _cloud(self, number: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        newest = self.pages[number][-1]
        shown = {
            "id": number,
            "status": "trashed" if number in self.binned else "current",
            "title": self.titles[number],
            "version": {"number": len(self.pages[number]), "createdAt": f"{newest.at:%Y-%m-%dT%H:%M:%S.000Z}"},
            "body": {},
        }
        if query.get("body-format") == ["storage"]:
            shown["body"] = {"storage": {"representation": "storage", "value": newest.body}}
        return 200, shown

    def _data_center(self, number: str, query: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        if number in self.binned:  # shown only to who asks for status=trashed
            return 404, {}
        newest, wanted = self.pages[number][-1], ",".join(query.get("expand", [])).split(",")
        shown: dict[str, Any] = {
            "id": number,
            "type": "page",
            "status": "current",
            "title": self.titles[number],
            "_expandable": {"version": "", "body": ""},
        }
        if "version" in wanted:
            shown["version"] = {"number": len(self.pages[number]), "when": f"{newest.at:%Y-%m-%dT%H:%M:%S.000+00:00}"}
        if "body.storage" in wanted:
            shown["body"] = {"storage": {"representation": "storage", "value": newest.body}}
        return 200, shown


def read(serve: Callable[..., Any], wiki: Wiki, number: str = "1", edition: str = "", token: str = TOKEN) -> WikiPage:
    headers = {"Authorization": f"Bearer {token}"}
    with serve(wiki.reply) as site, Session(origins=[site], headers=headers, budget=5) as session:
        return read_page(session, f"{site}{wiki.context}", number, edition or wiki.edition)


@pytest.mark.parametrize(("edition", "context"), [("cloud", ""), ("data_center", ""), ("data_center", "/confluence")])
def test_the_newest_version_of_a_page_is_read(serve: Callable[..., Any], edition: str, context: str) -> None:
    wiki = Wiki(edition, context).write("1", "<h2>Old</h2>", age=timedelta(days=200)).write("1", "<h2>Logs</h2>")

    page = read(serve, wiki)

    assert (page.title, page.version) == ("Handbook", 2)
    assert (page.text.split(), page.changed.date()) == (
        ["#", "Handbook", "##", "Logs"],
        (NOW - timedelta(days=1)).date(),
    )


@pytest.mark.parametrize("edition", ["cloud", "data_center"])
def test_a_page_that_cannot_be_read_is_no_verdict(serve: Callable[..., Any], edition: str) -> None:
    wiki = Wiki(edition).write("1", "<p>x</p>").write("2", "<p>x</p>").write("3", "<p>x</p>")
    wiki.binned.add("2")
    wiki.closed.add("3")
    other = {"cloud": "data_center", "data_center": "cloud"}[edition]

    for number in ("2", "3", "4"):
        with pytest.raises(NotVerifiedError):
            read(serve, wiki, number)
    with pytest.raises(NotVerifiedError):
        read(serve, wiki, edition=other)
    with pytest.raises(AuthenticationError):
        read(serve, wiki, token="another")


PLAN = "<h2>Manual decision</h2><table><tr><th>Approver</th><td>Kim</td></tr></table>"
DOCUMENT, PROCESS, PLANNED = (
    "document_is_current",
    "manual_rollback_decision_is_written_down",
    "recovery_plan_is_complete_and_approved",
)


def test_checks_read_pages_of_data_center(
    environment: Any, states_of: Any, serve: Callable[..., Any], tmp_path: Any
) -> None:
    wiki = Wiki("data_center", "/confluence").write("1", PLAN)
    wiki.write("2", PLAN, age=timedelta(days=200)).write("3", "<h2>Other</h2>").write("4", PLAN)
    wiki.binned.add("4")
    with serve(wiki.reply) as site:
        place = {"url": f"{site}/confluence", "edition": "data_center"}
        pages: dict[str, dict[str, Any]] = {
            "current": {"page": "1", "token": TOKEN},
            "of-an-account": {"page": "1", "token": ACCOUNT[1], "user": ACCOUNT[0]},
            "old": {"page": "2", "token": TOKEN},
            "other": {"page": "3", "token": TOKEN},
            "binned": {"page": "4", "token": TOKEN},
            "closed": {"page": "1", "token": "another-token"},
            "of-cloud": {"page": "1", "token": TOKEN, "edition": "cloud"},
        }
        heading = {"headings": ["Manual decision"], "owner": "Kim"}
        for name, page in pages.items():
            environment.services[name] = {"kind": "document", "confluence": place | page} | heading
            environment.services[f"decision-{name}"] = _authority(name)
        for name in ("current", "old", "closed"):
            environment.services[f"backup-{name}"] = _backup(tmp_path, name)
        _local(environment, tmp_path)

        states = environment.run("")

    unread = {"binned": "NOT_VERIFIED", "closed": "ERROR", "of-cloud": "NOT_VERIFIED"}
    wanted = {"current": "PASS", "of-an-account": "PASS", "old": "FAIL", "other": "FAIL"} | unread
    assert {name: states_of(states, DOCUMENT)[name] for name in pages} == wanted
    planned = {"backup-current": "PASS", "backup-old": "FAIL", "backup-closed": "ERROR"}
    assert states_of(states, PLANNED) == planned
    # The process may be old: INF-FIN-3 looks at the age of documents.
    decided = states_of(states, PROCESS)
    assert {name: decided[f"decision-{name}"] for name in pages} == wanted | {"old": "PASS"}
    assert {name: state for name, state in decided.items() if not name.startswith("decision-")} == {
        "written": "PASS",
        "unapproved": "FAIL",
        "without-heading": "FAIL",
        "nowhere": "NOT_VERIFIED",
        "no-document": "NOT_VERIFIED",
    }
    assert "names no approver" in environment.reasons[f"{PROCESS}[unapproved]"]
    assert "there is no document service missing; add one" in environment.reasons[f"{PROCESS}[no-document]"]


def _authority(document: str) -> dict[str, Any]:
    return {"kind": "rollback_authority", "on_call": "rota", "document": document}


def _backup(folder: Any, plan: str) -> dict[str, Any]:
    return {
        "kind": "backup",
        "host": "backup1",
        "folder": str(folder),
        "pattern": "db-*.age",
        "database": "shop-db",
        "schedule": {"crontab": str(folder / "crontab"), "job": "bin/backup"},
        "restore": {"record": str(folder / "restore.json")},
        "objectives": {"rto": "10m", "rpo": "15m"},
        "plan": plan,
    }


def _local(environment: Any, folder: Any) -> None:
    """Add documents in files, who decides by them, and what backups need to be named."""
    day = f"{NOW - timedelta(days=1):%Y-%m-%d}"
    texts = {
        "written": f"# Rollback\n\nDate: {day}\nApprover: Kim\n\n## Manual decision\n",
        "unapproved": f"# Rollback\n\nDate: {day}\n\n## Manual decision\n",
        "without-heading": f"# Rollback\n\nDate: {day}\nApprover: Kim\n",
    }
    for name, text in texts.items():
        (folder / f"{name}.md").write_text(text)
    for name in (*texts, "nowhere"):
        environment.services[f"{name}-document"] = {"kind": "document", "path": str(folder / f"{name}.md")}
        environment.services[name] = _authority(f"{name}-document")
    environment.services["no-document"] = _authority("missing")
    environment.unreachable_host("backup1", "backup")
    environment.services["shop-db"] = {
        "kind": "postgresql",
        "host": "127.0.0.1",
        "port": 1,
        "database": "shop",
        "user": "reader",
    }
