"""Stateful fakes of Confluence (both flavours), Jira and Slack."""

from __future__ import annotations

import itertools
import re
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

from tests.publish.vendor_server import Answer, Seen, Vendor, dispatch

EARLIER, LATER = datetime(2000, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
NAMESPACES = '<x xmlns:ac="http://atlassian.com/content" xmlns:ri="http://atlassian.com/resource/identifier">{}</x>'
NAMED = "".join(f'<!ENTITY {n} "&#{c};">' for n, c in (("nbsp", 160),))


def storage(body: str) -> ET.Element:
    """Return the body as Confluence parses it: XML with two namespaces."""
    return ET.fromstring(f"<!DOCTYPE x [{NAMED}]>{NAMESPACES.format(body)}")


class Wiki(Vendor):
    """One space with pages, versions, attachments and properties."""

    def __init__(self, space: str = "OPS") -> None:
        super().__init__()
        self.space = space
        self.pages: dict[str, dict[str, Any]] = {}
        self.operations: list[dict[str, str]] = [{"operation": "create", "targetType": "page"}]
        self._ids = itertools.count(1000)
        self.largest = 10_000_000

    def page(self, title: str) -> dict[str, Any]:
        (found,) = [page for page in self.pages.values() if page["title"] == title]
        return found

    def add(self, title: str, body: str, parent: str = "") -> dict[str, Any] | None:
        if any(page["title"] == title for page in self.pages.values()):
            return None
        storage(body)
        key = str(next(self._ids))
        page: dict[str, Any] = {"id": key, "title": title, "bodies": [body], "parent": parent, "status": "current"}
        self.pages[key] = page | {"files": {}, "property": None}
        return self.pages[key]

    def shown(self, page: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": page["id"],
            "title": page["title"],
            "status": page["status"],
            "version": {"number": len(page["bodies"])},
            "_links": {"base": "https://wiki.example.com/wiki", "webui": f"/spaces/{self.space}/pages/{page['id']}"},
        }

    def change(self, page_id: str, title: str, body: str, number: int) -> Answer:
        page = self.pages.get(page_id)
        if page is None:
            return Answer(status=404, json={"message": "no such page"})
        if number != len(page["bodies"]) + 1:
            return Answer(status=409, json={"message": "Version must be incremented on update"})
        storage(body)
        page["title"] = title
        page["bodies"].append(body)
        return Answer(json=self.shown(page))

    def keep(self, page_id: str, seen: Seen) -> Answer:
        name, content = seen.form["file"]
        if len(content) > self.largest:
            return Answer(status=413, json={"message": "too large"})
        self.pages[page_id]["files"].setdefault(name, []).append(content)
        return Answer(json={"results": [{"id": f"att{name}", "title": name}]})

    def set_property(self, page_id: str, seen: Seen) -> Answer:
        page, data = self.pages[page_id], seen.json
        before = page["property"]
        if (before is None) != ("version" not in data):
            return Answer(status=409, json={"message": "property"})
        number = 1 if before is None else before["version"]["number"] + 1
        if before is not None and data["version"]["number"] != number:
            return Answer(status=409, json={"message": "property version"})
        page["property"] = {"id": "77", "key": data["key"], "value": data["value"], "version": {"number": number}}
        return Answer(json=page["property"])

    def account(self, _: Seen) -> Answer:
        return Answer(json={"displayName": "Sign-off Bot"})

    def about_space(self, _: Seen, key: str) -> Answer:
        if key != self.space:
            return Answer(status=404, json={"message": "no such space"})
        return Answer(json={"key": key, "operations": self.operations})


class CloudWiki(Wiki):
    contract = "confluence_cloud"

    def answer(self, seen: Seen) -> Answer:
        v1, v2 = "/wiki/rest/api", "/wiki/api/v2"
        return dispatch(
            [
                ("GET", f"{v1}/user/current", self.account),
                ("GET", f"{v1}/space/(\\w+)", self.about_space),
                ("GET", f"{v2}/spaces", self.spaces),
                ("GET", f"{v2}/pages", self.find),
                ("POST", f"{v2}/pages", self.create),
                ("GET", f"{v2}/pages/(\\d+)", self.get),
                ("PUT", f"{v2}/pages/(\\d+)", self.put),
                ("GET", f"{v2}/pages/(\\d+)/properties", self.properties),
                ("POST", f"{v2}/pages/(\\d+)/properties", lambda s, i: self.set_property(i, s)),
                ("PUT", f"{v2}/pages/(\\d+)/properties/77", lambda s, i: self.set_property(i, s)),
                ("PUT", f"{v1}/content/(\\d+)/child/attachment", lambda s, i: self.keep(i, s)),
            ],
            seen,
        )

    def spaces(self, seen: Seen) -> Answer:
        return Answer(json={"results": [{"id": "42", "key": self.space}] if seen.query["keys"] == self.space else []})

    def find(self, seen: Seen) -> Answer:
        found = [p for p in self.pages.values() if p["title"] == seen.query["title"] and p["status"] == "current"]
        return Answer(json={"results": [self.shown(page) for page in found]})

    def get(self, _: Seen, page_id: str) -> Answer:
        page = self.pages.get(page_id)
        return Answer(status=404, json={}) if page is None else Answer(json=self.shown(page))

    def create(self, seen: Seen) -> Answer:
        page = self.add(seen.json["title"], seen.json["body"]["value"], seen.json.get("parentId", ""))
        if page is None:
            return Answer(status=400, json={"errors": [{"title": "A page with this title already exists"}]})
        return Answer(json=self.shown(page))

    def put(self, seen: Seen, page_id: str) -> Answer:
        data = seen.json
        return self.change(page_id, data["title"], data["body"]["value"], data["version"]["number"])

    def properties(self, seen: Seen, page_id: str) -> Answer:
        found = self.pages[page_id]["property"]
        return Answer(json={"results": [found] if found and found["key"] == seen.query["key"] else []})


class DataCenterWiki(Wiki):
    """Built from the public reference and from public reports of how attachments behave; no vendor contract exists."""

    contract = "confluence_data_center"

    def answer(self, seen: Seen) -> Answer:
        api = "/rest/api"
        return dispatch(
            [
                ("GET", f"{api}/user/current", self.account),
                ("GET", f"{api}/space/(\\w+)", self.about_space),
                ("GET", f"{api}/content", self.find),
                ("POST", f"{api}/content", self.create),
                ("GET", f"{api}/content/(\\d+)", self.get),
                ("PUT", f"{api}/content/(\\d+)", self.put),
                ("GET", f"{api}/content/(\\d+)/property/signoff", self.get_property),
                ("POST", f"{api}/content/(\\d+)/property", lambda s, i: self.set_property(i, s)),
                ("PUT", f"{api}/content/(\\d+)/property/signoff", lambda s, i: self.set_property(i, s)),
                ("GET", f"{api}/content/(\\d+)/child/attachment", self.attachments),
                ("POST", f"{api}/content/(\\d+)/child/attachment", self.first),
                ("POST", f"{api}/content/(\\d+)/child/attachment/att[^/]+/data", lambda s, i: self.keep(i, s)),
            ],
            seen,
        )

    def find(self, seen: Seen) -> Answer:
        return Answer(
            json={"results": [self.shown(p) for p in self.pages.values() if p["title"] == seen.query["title"]]}
        )

    def get(self, _: Seen, page_id: str) -> Answer:
        page = self.pages.get(page_id)
        return Answer(status=404, json={}) if page is None else Answer(json=self.shown(page))

    def create(self, seen: Seen) -> Answer:
        data = seen.json
        parent = data.get("ancestors", [{"id": ""}])[0]["id"]
        page = self.add(data["title"], data["body"]["storage"]["value"], parent)
        if page is None:
            return Answer(status=400, json={"message": "A page with this title already exists"})
        return Answer(json=self.shown(page))

    def put(self, seen: Seen, page_id: str) -> Answer:
        data = seen.json
        return self.change(page_id, data["title"], data["body"]["storage"]["value"], data["version"]["number"])

    def get_property(self, _: Seen, page_id: str) -> Answer:
        found = self.pages[page_id]["property"]
        return Answer(status=404, json={}) if found is None else Answer(json=found)

    def attachments(self, seen: Seen, page_id: str) -> Answer:
        names = [name for name in self.pages[page_id]["files"] if name == seen.query["filename"]]
        return Answer(json={"results": [{"id": f"att{name}", "title": name} for name in names]})

    def first(self, seen: Seen, page_id: str) -> Answer:
        if seen.form["file"][0] in self.pages[page_id]["files"]:
            return Answer(status=400, json={"message": "Cannot add a new attachment with same file name"})
        return self.keep(page_id, seen)


class Jira(Vendor):
    """A project with a workflow in Korean, and a search that lags behind."""

    contract = "jira"

    def __init__(self) -> None:
        super().__init__()
        self.issues: dict[str, dict[str, Any]] = {}
        self.now = LATER
        self.lag = timedelta(0)
        self.unknown_fields: set[str] = set()
        self.can_close = True
        self.lacking: set[str] = set()

    def answer(self, seen: Seen) -> Answer:
        one = "/rest/api/2/issue/([A-Z]+-\\d+)"
        return dispatch(
            [
                ("GET", "/rest/api/2/myself", lambda _: Answer(json={"displayName": "Sign-off Bot"})),
                ("GET", "/rest/api/2/mypermissions", self.permissions),
                ("GET", "/rest/api/2/project/OPS", lambda _: Answer(json={"issueTypes": [{"name": "Bug"}]})),
                ("POST", "/rest/api/3/search/jql", self.search),
                ("POST", "/rest/api/2/search", self.search),
                ("POST", "/rest/api/2/issue", self.create),
                ("GET", one, self.get),
                ("PUT", one, self.put),
                ("GET", f"{one}/comment", lambda _, key: Answer(json={"comments": self.bodies(key)})),
                ("POST", f"{one}/comment", self.comment),
                ("GET", f"{one}/transitions", lambda _, key: Answer(json={"transitions": self.offered(key)})),
                ("POST", f"{one}/transitions", self.move),
            ],
            seen,
        )

    def permissions(self, seen: Seen) -> Answer:
        names = seen.query["permissions"].split(",")
        return Answer(json={"permissions": {n: {"havePermission": n not in self.lacking} for n in names}})

    def search(self, seen: Seen) -> Answer:
        label = re.search(r'labels = "([^"]+)"', seen.json["jql"])[1]  # type: ignore[index]
        found = [i for i in self.issues.values() if label in i["labels"] and i["created"] + self.lag <= self.now]
        return Answer(json={"issues": [self.shown(issue) for issue in found]})

    def shown(self, issue: dict[str, Any]) -> dict[str, Any]:
        names = {"new": "할 일", "indeterminate": "진행 중", "done": "완료"}
        status = {"name": names[issue["kind"]], "statusCategory": {"key": issue["kind"]}}
        return {"id": "1", "key": issue["key"], "fields": {"status": status}}

    def create(self, seen: Seen) -> Answer:
        fields = seen.json["fields"]
        wrong = {name: f"Field '{name}' cannot be set" for name in fields if name in self.unknown_fields}
        if wrong:
            return Answer(status=400, json={"errorMessages": [], "errors": wrong})
        key = f"OPS-{len(self.issues) + 1}"
        created = EARLIER if self.now == LATER else self.now
        self.issues[key] = {**fields, "key": key, "kind": "new", "comments": [], "created": created, "moves": []}
        return Answer(status=201, json={"id": "1", "key": key})

    def get(self, _: Seen, key: str) -> Answer:
        if key not in self.issues:
            return Answer(status=404, json={"errorMessages": ["Issue does not exist or you do not have permission"]})
        return Answer(json=self.shown(self.issues[key]))

    def put(self, seen: Seen, key: str) -> Answer:
        self.issues[key].update(seen.json["fields"])
        return Answer(status=204, text="")

    def bodies(self, key: str) -> list[dict[str, str]]:
        return [{"body": text} for text in self.issues[key]["comments"]]

    def comment(self, seen: Seen, key: str) -> Answer:
        self.issues[key]["comments"].append(seen.json["body"])
        return Answer(status=201, json={"id": "9"})

    def offered(self, key: str) -> list[dict[str, Any]]:
        kinds = ["indeterminate", "new", "done"] if self.can_close else ["indeterminate"]
        here = self.issues[key]["kind"]
        return [
            {"id": f"{number}", "name": "작업", "to": {"statusCategory": {"key": kind}}}
            for number, kind in enumerate(kinds, 11)
            if kind != here
        ]

    def move(self, seen: Seen, key: str) -> Answer:
        (chosen,) = [t for t in self.offered(key) if t["id"] == seen.json["transition"]["id"]]
        kind = chosen["to"]["statusCategory"]["key"]
        self.issues[key]["kind"] = kind
        self.issues[key]["moves"].append(kind)
        return Answer(status=204, text="")


class Slack(Vendor):
    """A channel, by webhook and by bot."""

    contract = "slack"

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.error = ""

    def answer(self, seen: Seen) -> Answer:
        if seen.path.startswith("/services/"):
            self.messages.append(seen.json)
            return Answer(text="ok")
        if self.error:
            return Answer(json={"ok": False, "error": self.error})
        if seen.path == "/api/auth.test":
            return Answer(json={"ok": True, "user": "signoff", "team": "Example"})
        self.messages.append(seen.json)
        return Answer(json={"ok": True, "ts": f"17000000{len(self.messages)}.000100"})


class Service(Vendor):
    """A service of one's own, which has no contract but ours."""

    contract = "slack"

    def handle(self, seen: Seen) -> Answer | None:
        self.seen.append(seen)
        fault = next((fault for fault in self.faults if fault.takes(seen)), None)
        return Answer(status=202, json={}) if fault is None else fault.answer
