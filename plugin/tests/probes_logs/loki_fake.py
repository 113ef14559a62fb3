"""A contract fake of Grafana Loki and of the part of Grafana that keeps its views.

Held to the published API (https://grafana.com/docs/loki/latest/reference/loki-http-api/): paths, parameters, the form
of streams, the limit on the range of a query, the tenant's header, and `/config` in YAML.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import yaml

_MATCHER = re.compile(r'(\w+)(=~|=)"((?:[^"\\]|\\.)*)"')
_FILTER = re.compile(r'\|=\s*("(?:[^"\\]|\\.)*")')
Reply = tuple[int, str]


@dataclass
class Loki:
    """One tenant's lines, the configuration, the ruler's rules, and Grafana's dashboards."""

    tenant: str = "shop"
    lines: list[tuple[dict[str, str], datetime, str]] = field(default_factory=list)
    configuration: dict[str, Any] = field(default_factory=dict)
    rules: list[dict[str, Any]] = field(default_factory=list)
    dashboards: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    closed: frozenset[str] = frozenset()
    """Paths that the gateway does not let through."""

    def push(self, host: str, age: timedelta, line: str = "hello", **labels: str) -> None:
        """Take a line in."""
        given = {"job": "shop", "host": host, "service_name": "shop", **labels}
        self.lines.append((given, datetime.now(UTC) - age, line))

    def reply(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        """Answer one GET."""
        self.asked.append(path)
        if path in self.closed:
            return 403, "forbidden"
        groups = [{"name": "errors", "file": "shop", "interval": 60, "rules": self.rules}]
        open_to_all = {
            "/config": yaml.safe_dump({"limits_config": {}} | self.configuration),
            "/api/search": json.dumps([{"uid": str(n), "title": one} for n, one in enumerate(self.dashboards)]),
        }
        if path in open_to_all:
            return 200, open_to_all[path]
        if headers.get("X-Scope-OrgID") != self.tenant:
            return 401, "no org id"
        if path == "/prometheus/api/v1/rules":
            return 200, json.dumps({"status": "success", "data": {"groups": groups}})
        return self._range(query) if path == "/loki/api/v1/query_range" else (404, "404 page not found")

    def _range(self, query: dict[str, str]) -> Reply:
        start, end = (datetime.fromtimestamp(int(query[name]) / 1e9, UTC) for name in ("start", "end"))
        limit = self.configuration.get("limits_config", {}).get("max_query_length", "30d1h")
        if end - start > timedelta(days=int(limit.partition("d")[0]), hours=1):
            return 400, f"the query time range exceeds the limit (query length: {end - start}, limit: {limit})"
        matchers = _MATCHER.findall(query["query"].partition("}")[0])
        texts = [json.loads(one) for one in _FILTER.findall(query["query"])]
        found = [
            one
            for one in self.lines
            if start <= one[1] < end
            and all(map(one[2].__contains__, texts))
            and all(_meets(one[0], m) for m in matchers)
        ]
        found.sort(key=lambda one: one[1], reverse=query.get("direction", "backward") == "backward")
        streams: dict[str, Any] = {}
        for labels, at, line in found[: int(query.get("limit", "100"))]:
            stream = streams.setdefault(json.dumps(labels), {"stream": labels, "values": []})
            stream["values"].append([str(int(at.timestamp() * 1e9)), line])
        return 200, json.dumps({"status": "success", "data": {"resultType": "streams", "result": [*streams.values()]}})


def _meets(labels: dict[str, str], matcher: tuple[str, str, str]) -> bool:
    name, operator, value = matcher
    own = labels.get(name, "")
    return own == value if operator == "=" else re.fullmatch(value, own) is not None
