"""The HTTP API that Elasticsearch and OpenSearch share: lines by field, disks against their watermarks."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from signoff.errors import CouldNotCheckError, NotVerifiedError
from signoff.probes.logs.model import Found, NewestLine, OldestLine, Volume, wait_for
from signoff.probes.products.answers import get_json, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.probes.logs.elastic_rules import Rules
    from signoff.probes.logs.model import Keeping, LogAlert
    from signoff.probes.web.http import Session

_RIGHT = "read, view_index_metadata and monitor on the index and the cluster"
_MAX_FOUND = 5
_WATERMARK = "cluster.routing.allocation.disk.watermark.low"


class ElasticLog:
    """One index, data stream, alias or pattern.

    Args:
        session: Carries the account.
        url: Of Elasticsearch or OpenSearch.
        index: What holds the lines.
        rules: What the product says of retention, alerts and views.
        time_field: Field with the instant of a line.
        received_field: Field with the instant at which the store took it; empty: not kept.
        host_field: Field with the host's name.
        service_field: Field with the service's name.
    """

    def __init__(  # noqa: PLR0913 - one log, described once
        self,
        session: Session,
        url: str,
        index: str,
        rules: Rules,
        *,
        time_field: str = "@timestamp",
        received_field: str = "event.ingested",
        host_field: str = "host.name",
        service_field: str = "service.name",
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._index = index
        self._rules = rules
        self._time_field = time_field
        self._received_field = received_field
        self._fields = (host_field, service_field)

    def newest(self, hosts: Sequence[str], services: Sequence[str] = ()) -> tuple[NewestLine, ...]:
        """Return the newest line of each, by one query each."""
        host, service = self._fields
        wanted = [*((name, host, name) for name in hosts), *((f"service {name}", service, name) for name in services)]
        return tuple(self._newest(source, field, value) for source, field, value in wanted)

    def search(self, text: str, *, within: float) -> Found:
        """Look for a text as a phrase in every field until it is there."""
        query = {"multi_match": {"query": text, "type": "phrase", "fields": ["*"], "lenient": True}}

        def ask() -> list[Mapping[str, Any]]:
            return [_flat(hit["_source"]) for hit in self._search(query, size=_MAX_FOUND, order="desc")]

        return wait_for(ask, within=within)

    def keeping(self) -> tuple[Keeping, ...]:
        """Return what the policy of each index says."""
        return self._rules.keeping(self._index)

    def oldest(self) -> tuple[OldestLine, ...]:
        """Return the oldest line of all indices together."""
        now = datetime.now(UTC)
        hits = self._search({"match_all": {}}, size=1, order="asc")
        first = self._instant(_flat(hits[0]["_source"]), self._time_field) if hits else None
        return (OldestLine(what=self._index, age=now - first if first else None),)

    def volumes(self) -> tuple[Volume, ...]:
        """Return each data node's disk against the low watermark, and whether the indices may be written.

        Raises:
            NotVerifiedError: no node tells of its disk.
        """
        nodes = mapping(mapping(self._ask("_nodes/stats/fs"), "nodes").get("nodes"), "nodes")
        limit = self._watermark()
        blocked = self._blocked()
        volumes = [
            Volume(name=str(node.get("name", key)), used=_used(node, total), limit=limit, takes_lines=not blocked)
            for key, node in nodes.items()
            if (total := node.get("fs", {}).get("total", {}).get("total_in_bytes", 0))
        ]
        if not volumes:
            raise NotVerifiedError(f"{self._url}: no node tells of its disk; the account needs the monitor privilege")
        return tuple(volumes)

    def alerts(self) -> tuple[LogAlert, ...]:
        """Return the product's own rules."""
        return self._rules.alerts()

    def views(self) -> frozenset[str]:
        """Return the titles of saved searches."""
        return self._rules.views()

    def _newest(self, source: str, field: str, value: str) -> NewestLine:
        hits = self._search({"term": {field: {"value": value}}}, size=1, order="desc")
        now = datetime.now(UTC)
        record = _flat(hits[0]["_source"]) if hits else {}
        at = self._instant(record, self._time_field)
        if at is None:
            return NewestLine(source=source, at=None, age=None)
        received = self._instant(record, self._received_field) if self._received_field else None
        return NewestLine(source=source, at=at, age=now - at, lag=received - at if received else None)

    def _search(self, query: Mapping[str, Any], *, size: int, order: str) -> list[Any]:
        body = {"size": size, "query": query, "sort": [{self._time_field: {"order": order, "unmapped_type": "date"}}]}
        params = {
            # A GET carries no body through every proxy, so the body is told in the address, as the reference allows.
            "source": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
            "source_content_type": "application/json",
            "ignore_unavailable": "false",
            "allow_no_indices": "false",
        }
        found = mapping(self._ask(f"{quote(self._index, safe=',*')}/_search", params), "_search")
        failed = mapping(found.get("_shards", {}), "_shards").get("failed")
        if found.get("timed_out") or failed:
            raise CouldNotCheckError(f"{self._url}: the search saw only a part: {failed} shards failed or time ran out")
        try:
            return list(found["hits"]["hits"])
        except (KeyError, TypeError) as error:
            raise NotVerifiedError(f"{self._url}: a search without {error}; which version is this?") from error

    def _watermark(self) -> float | None:
        params = {"include_defaults": "true", "flat_settings": "true"}
        found = mapping(self._ask("_cluster/settings", params), "settings")
        values = [found.get(level, {}).get(_WATERMARK) for level in ("transient", "persistent", "defaults")]
        text = str(next((value for value in values if value), ""))
        return float(text.rstrip("%")) / 100 if text.endswith("%") else None

    def _blocked(self) -> bool:
        name = "index.blocks.read_only_allow_delete"
        found = mapping(
            self._ask(f"{quote(self._index, safe=',*')}/_settings/{name}", {"flat_settings": "true"}), "_settings"
        )
        return any(str(one.get("settings", {}).get(name, "false")) == "true" for one in found.values())

    def _ask(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        return get_json(self._session, f"{self._url}/{path}", params, needs=_RIGHT)

    def _instant(self, record: Mapping[str, Any], field: str) -> datetime | None:
        value = record.get(field)
        if isinstance(value, int | float):
            return datetime.fromtimestamp(value / 1000, UTC)
        try:
            at = datetime.fromisoformat(str(value))
        except ValueError:
            return None
        return (
            at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
        )  # the store's dates without an offset are UTC


def _used(node: Mapping[str, Any], total: int) -> float:
    available = node["fs"]["total"].get("available_in_bytes")
    if not isinstance(available, int):
        raise NotVerifiedError("a node does not tell what is free on its disk; which version is this?")
    return 1 - available / total


def _flat(source: Any, prefix: str = "") -> dict[str, Any]:
    """Return the fields by their whole names, however they were nested."""
    found: dict[str, Any] = {}
    for name, value in mapping(source, "_source").items():
        if isinstance(value, dict):
            found |= _flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found
