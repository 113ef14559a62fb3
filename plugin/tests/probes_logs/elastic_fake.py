"""Contract fakes of Elasticsearch with Kibana, and of OpenSearch with its Dashboards.

Held to the published references: https://www.elastic.co/docs/api/doc/elasticsearch (search with its body in `source`,
ILM, data streams, node statistics), https://www.elastic.co/docs/api/doc/kibana (alerting rules, saved objects), and
https://docs.opensearch.org/latest/im-plugin/ism/api/ and /observing-your-data/alerting/api/.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Reply = tuple[int, str]


@dataclass
class Elastic:
    """One cluster with the lines of one index, and what stands beside it."""

    index: str = "logs-shop"
    secret: str = "ApiKey encoded"
    documents: list[dict[str, Any]] = field(default_factory=list)
    disks: dict[str, float] = field(default_factory=lambda: {"es1": 0.5})
    watermark: str = "85%"
    blocked: bool = False
    failed_shards: int = 0
    managed: dict[str, str] = field(default_factory=dict)
    """Index to policy; empty: unmanaged."""
    policies: dict[str, Any] = field(default_factory=dict)
    streams: dict[str, Any] = field(default_factory=dict)
    """Data stream to its lifecycle."""
    rules: list[dict[str, Any]] = field(default_factory=list)
    monitors: list[dict[str, Any]] = field(default_factory=list)
    searches: list[str] = field(default_factory=list)

    def take(self, host: str, age: timedelta, lag: timedelta = timedelta(), **fields: Any) -> None:
        """Take a line in."""
        at = datetime.now(UTC) - age
        self.documents.append(
            {
                "@timestamp": at.isoformat(),
                "event": {"ingested": (at + lag).isoformat()},
                "host": {"name": host},
                "service": {"name": "shop"},
                **fields,
            }
        )

    def reply(self, path: str, query: dict[str, str], headers: dict[str, str]) -> Reply:
        """Answer one GET."""
        if headers.get("Authorization") != self.secret:
            return 401, json.dumps({"error": {"type": "security_exception"}, "status": 401})
        status, answer = self._answer(path, query)
        return status, json.dumps(answer)

    def _answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        index = self.index
        answers: dict[str, Any] = {
            "/_nodes/stats/fs": {"nodes": {name: self._node(name, used) for name, used in self.disks.items()}},
            "/_cluster/settings": {
                "defaults": {"cluster.routing.allocation.disk.watermark.low": self.watermark},
                "persistent": {},
                "transient": {},
            },
            f"/{index}/_settings/index.blocks.read_only_allow_delete": {
                name: {"settings": {"index.blocks.read_only_allow_delete": "true"} if self.blocked else {}}
                for name in self.managed
            },
            f"/_data_stream/{index}": {
                "data_streams": [{"name": name, "lifecycle": life} for name, life in self.streams.items()]
            },
            f"/{index}/_ilm/explain": {
                "indices": {
                    name: {"index": name, "managed": bool(policy), **({"policy": policy} if policy else {})}
                    for name, policy in self.managed.items()
                }
            },
            f"/_plugins/_ism/explain/{index}": {
                **{name: {"index": name, "policy_id": policy or None} for name, policy in self.managed.items()},
                "total_managed_indices": len(self.managed),
            },
            "/_plugins/_alerting/monitors/_search": {
                "hits": {"total": {"value": len(self.monitors)}, "hits": [{"_source": one} for one in self.monitors]}
            },
        }
        if path in answers:
            return 200, answers[path]
        if path == f"/{index}/_search":
            return self._search(query)
        for start in ("/_ilm/policy/", "/_plugins/_ism/policies/"):
            if path.startswith(start) and (name := path.removeprefix(start)) in self.policies:
                policy = self.policies[name]
                return 200, {name: {"policy": policy}} if "ilm" in start else {"_id": name, "policy": policy}
        if path.endswith("/api/alerting/rules/_find"):
            return 200, _page(self.rules, "data", query)
        if path.endswith("/api/saved_objects/_find") and query["type"] == "search":
            found = [{"type": "search", "attributes": {"title": one}} for one in self.searches]
            return 200, _page(found, "saved_objects", query)
        return 404, {"error": {"type": "index_not_found_exception"}, "status": 404}

    def _search(self, query: dict[str, str]) -> tuple[int, Any]:
        if query["source_content_type"] != "application/json":
            return 400, {"error": "source_content_type"}
        body = json.loads(query["source"])
        found = [one for one in self.documents if _meets(one, body["query"])]
        ((name, order),) = body["sort"][0].items()
        found.sort(key=lambda one: str(one[name]), reverse=order["order"] == "desc")
        hits = [{"_index": self.index, "_source": one} for one in found[: body["size"]]]
        shards = {"total": 2, "successful": 2 - self.failed_shards, "failed": self.failed_shards}
        return 200, {"timed_out": False, "_shards": shards, "hits": {"hits": hits}}

    @staticmethod
    def _node(name: str, used: float) -> dict[str, Any]:
        return {"name": name, "fs": {"total": {"total_in_bytes": 1000, "available_in_bytes": round(1000 * (1 - used))}}}


def _page(entries: list[Any], key: str, query: dict[str, str]) -> dict[str, Any]:
    size, page = int(query["per_page"]), int(query["page"])
    return {"page": page, "per_page": size, "total": len(entries), key: entries[(page - 1) * size : page * size]}


def _meets(document: dict[str, Any], query: dict[str, Any]) -> bool:
    if "term" in query:
        ((name, wanted),) = query["term"].items()
        value: Any = document
        for part in name.split("."):
            value = value.get(part, {})
        return bool(value == wanted["value"])
    if "multi_match" in query:
        return query["multi_match"]["query"] in json.dumps(document)
    return "match_all" in query
