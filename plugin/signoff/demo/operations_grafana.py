"""A contract fake of Grafana's HTTP API, with real queries behind it.

After https://grafana.com/docs/grafana/latest/developers/http_api/: health, search, dashboards by uid, library elements,
data sources, their health, the proxy to Prometheus and `/api/ds/query` for the database.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import psycopg

from signoff.demo import operations
from signoff.demo.layout import load
from signoff.demo.operations_answers import first

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.demo.layout import Layout
    from signoff.demo.operations_answers import Answer


class GrafanaFake:
    """One Grafana server."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._folder = operations.grafana(layout)
        self._passwords = load(layout).passwords

    def answer(self, method: str, path: str, query: Mapping[str, list[str]], auth: str, body: bytes) -> Answer:
        """Answer one request."""
        settings = operations.read(self._folder / "settings.json")
        if path == "api/health":
            return 200, {"database": settings["database"], "version": "11.2.0"}
        if auth != f"Bearer {self._passwords['grafana_token']}" and not (settings["anonymous"] and not auth):
            return 401, {"message": "Unauthorized"}
        if path == "api/ds/query":
            return self._query(json.loads(body)) if method == "POST" else (405, {"message": "Method not allowed"})
        if path.startswith("api/datasources"):
            return self._of_source(path.split("/")[2:], query)
        return self._kept(path.split("/")[1:])

    def _kept(self, path: list[str]) -> Answer:
        """Return what somebody saved: dashboards, and panels that they share."""
        match path:
            case ["search"]:
                return 200, [{"uid": file.stem} for file in sorted((self._folder / "dashboards").glob("*.json"))]
            case ["dashboards", "uid", uid] if operations.dashboard(self._layout, uid).exists():
                return 200, {"dashboard": operations.read(operations.dashboard(self._layout, uid)), "meta": {}}
            case ["library-elements", uid]:
                element = operations.read(self._folder / "library.json").get(uid)
                return (200, {"result": element}) if element else (404, {"message": "library element not found"})
            case _:
                return 404, {"message": "Not found"}

    def _of_source(self, path: list[str], query: Mapping[str, list[str]]) -> Answer:
        match path:
            case []:
                return 200, [{**one, "secureJsonFields": {}} for one in self._sources()]
            case ["uid", uid, "health"]:
                return self._health(self._source(uid))
            case ["proxy", "uid", uid, *rest]:
                return self._proxy(self._source(uid), "/".join(rest), query)
            case _:
                return 404, {"message": "Not found"}

    def _sources(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = operations.read(self._folder / "datasources.json")
        return found

    def _source(self, uid: str) -> dict[str, Any] | None:
        return next((one for one in self._sources() if one["uid"] == uid), None)

    def _health(self, source: dict[str, Any] | None) -> Answer:
        if source is None:
            return 404, {"message": "Data source not found"}
        if source["type"] == "prometheus":
            status, _ = self._proxy(source, "api/v1/query", {"query": ["1+1"]})
        else:
            status, _ = self._query({"queries": [{"refId": "A", "datasource": source, "rawSql": "SELECT 1"}]})
        if status == 200:  # noqa: PLR2004 - OK
            return 200, {"status": "OK", "message": "Successfully queried the data source."}
        return 400, {"status": "ERROR", "message": "the data source does not answer"}

    def _proxy(self, source: dict[str, Any] | None, path: str, query: Mapping[str, list[str]]) -> Answer:
        if source is None:
            return 404, {"message": "Data source not found"}
        url = f"{source['url']}/{path}?{urlencode({name: first(query, name) for name in query})}"
        try:
            with urllib.request.urlopen(url, timeout=30) as answer:  # noqa: S310 - a data source of this copy
                return 200, json.load(answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, json.load(refusal)
        except OSError:
            return 502, {"message": "Bad Gateway"}

    def _query(self, asked: dict[str, Any]) -> Answer:
        results: dict[str, Any] = {}
        for query in asked["queries"]:
            source = self._source(query["datasource"]["uid"])
            if source is None:
                return 404, {"message": "Data source not found"}
            try:
                results[query["refId"]] = {"status": 200, "frames": [self._frame(source, query["rawSql"])]}
            except psycopg.Error as error:
                results[query["refId"]] = {"status": 400, "error": str(error).partition("\n")[0]}
        failed = any("error" in result for result in results.values())
        return 400 if failed else 200, {"results": results}

    def _frame(self, source: dict[str, Any], sql: str) -> dict[str, Any]:
        host, _, port = source["url"].partition(":")
        with psycopg.connect(
            host=host,
            port=int(port),
            user=source["user"],
            dbname=source["database"],
            password=self._passwords["pg_signoff"],
            connect_timeout=30,
            options="-c default_transaction_read_only=on",
        ) as connection:
            cursor = connection.execute(sql.encode())
            names = [column.name for column in cursor.description or ()]
            columns = [[str(value) for value in column] for column in zip(*cursor.fetchall(), strict=True)]
        return {"schema": {"fields": [{"name": name} for name in names]}, "data": {"values": columns}}
