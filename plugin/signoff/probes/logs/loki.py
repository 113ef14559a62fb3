"""Grafana Loki's HTTP API: lines by stream, limits from its configuration, and the rules of its ruler."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.probes.logs.durations import parse
from signoff.probes.logs.model import Found, Keeping, LogAlert, NewestLine, OldestLine, Volume, wait_for
from signoff.probes.products.answers import get_json, mapping

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from signoff.probes.web.http import Session

_RIGHT = "to read this tenant's logs"
_MAX_FOUND = 5
_LOOK_BACK = timedelta(days=1)
"""How far back a silent host's newest line is looked for."""
_SERVER_ERROR = 500


class LokiLog:
    """One tenant's streams.

    Args:
        session: Carries the tenant's header.
        url: Of Loki.
        selector: Streams that are this log.
        host_label: Label with the host's name.
        service_label: Label with the service's name.
        window: Longest range of one query.
        horizon: How far back the oldest line is looked for.
        grafana: URL of Grafana, where views are; empty: unknown.
    """

    def __init__(  # noqa: PLR0913 - one log, described once
        self,
        session: Session,
        url: str,
        *,
        selector: str,
        host_label: str = "host",
        service_label: str = "service_name",
        window: timedelta = timedelta(days=30),
        horizon: timedelta = timedelta(days=60),
        grafana: tuple[Session, str] | None = None,
    ) -> None:
        self._session = session
        self._url = url.rstrip("/")
        self._selector = selector
        self._labels = (host_label, service_label)
        self._window = window
        self._horizon = horizon
        self._grafana = grafana

    def newest(self, hosts: Sequence[str], services: Sequence[str] = ()) -> tuple[NewestLine, ...]:
        """Return the newest line of each, by one query each; Loki does not keep when it took a line.

        The age of a line is the most that its way can have taken, so it stands for the lag too.
        """
        host, service = self._labels
        wanted = [*((name, host, name) for name in hosts), *((f"service {name}", service, name) for name in services)]
        return tuple(self._newest(source, label, value) for source, label, value in wanted)

    def search(self, text: str, *, within: float) -> Found:
        """Look for a text until it is there, in the lines of the last hour."""
        query = f"{self._selector} |= {json.dumps(text, ensure_ascii=False)}"

        def ask() -> list[Mapping[str, Any]]:
            now = datetime.now(UTC)
            found = self._lines(query, now - timedelta(hours=1), now + timedelta(minutes=5), limit=_MAX_FOUND)
            return [_fields(labels, line) for labels, _, line in found]

        return wait_for(ask, within=within)

    def keeping(self) -> tuple[Keeping, ...]:
        """Return what the limits say, for all streams and for those with a period of their own.

        Raises:
            NotVerifiedError: the configuration is not shown; or nothing removes old lines in a way that is known.
        """
        configuration = self._configuration()
        limits = mapping(configuration.get("limits_config", {}), "limits_config")
        compactor = mapping(configuration.get("compactor", {}) or {}, "compactor")
        tables = mapping(configuration.get("table_manager", {}) or {}, "table_manager")
        if tables.get("retention_deletes_enabled"):
            general = parse(str(tables.get("retention_period", "0s")))
        elif compactor.get("retention_enabled"):
            general = parse(str(limits.get("retention_period", "0s")))
        else:
            # Without a compactor that deletes, every period is a wish.
            return (Keeping(what=self._selector, keeps=None, source="compactor.retention_enabled is false"),)
        kept = [Keeping(what=self._selector, keeps=general or None, source="limits_config.retention_period")]
        for one in limits.get("retention_stream") or ():
            stream = mapping(one, "retention_stream")
            keeps = parse(str(stream.get("period", "0s"))) or None
            kept.append(Keeping(what=str(stream.get("selector")), keeps=keeps, source="limits_config.retention_stream"))
        return tuple(kept)

    def oldest(self) -> tuple[OldestLine, ...]:
        """Return the oldest line of all streams, looked for from the far end in ranges that Loki allows."""
        now = datetime.now(UTC)
        start = now - self._horizon
        while start < now:
            end = min(start + self._window, now)
            if found := self._lines(self._selector, start, end, limit=1, direction="forward"):
                return (OldestLine(what=self._selector, age=now - found[0][1]),)
            start = end
        return (OldestLine(what=self._selector, age=None),)

    def volumes(self) -> tuple[Volume, ...]:
        """Return nothing where chunks lie in object storage.

        Raises:
            NotVerifiedError: they lie in a file system, about which Loki does not tell.
        """
        common = mapping(self._configuration().get("common", {}) or {}, "common")
        storage = mapping(common.get("storage", {}) or {}, "common.storage")
        if any(_is_set(storage.get(name)) for name in ("s3", "gcs", "azure", "swift", "cos", "bos", "oss")):
            return ()
        raise NotVerifiedError(f"{self._url}: chunks lie in a file system; let a disk check look at its host")

    def alerts(self) -> tuple[LogAlert, ...]:
        """Return the alert rules of the ruler; its Alertmanager is their receiver."""
        data = mapping(self._ask("/prometheus/api/v1/rules"), "rules").get("data")
        groups = mapping(data, "rules").get("groups") or ()
        ruler = mapping(self._configuration().get("ruler", {}) or {}, "ruler")
        receivers = tuple(one.strip() for one in str(ruler.get("alertmanager_url") or "").split(",") if one.strip())
        return tuple(
            LogAlert(
                name=str(rule.get("name")),
                is_active=True,
                receivers=receivers,
                problem=str(rule.get("lastError") or "") if rule.get("health") == "err" else "",
            )
            for group in groups
            for rule in group.get("rules") or ()
            if rule.get("type") == "alerting"
        )

    def views(self) -> frozenset[str]:
        """Return the titles of Grafana's dashboards.

        Raises:
            NotVerifiedError: no Grafana is named.
        """
        if self._grafana is None:
            raise NotVerifiedError(f"{self._url}: Loki keeps no views; name the Grafana that does in `store.grafana`")
        session, url = self._grafana
        found = get_json(session, f"{url.rstrip('/')}/api/search", {"type": "dash-db", "limit": "5000"}, needs="Viewer")
        if not isinstance(found, list):
            raise NotVerifiedError(f"{url}: the dashboards are no list; which version is this?")
        return frozenset(str(one.get("title")) for one in found)

    def _newest(self, source: str, label: str, value: str) -> NewestLine:
        now = datetime.now(UTC)
        query = f"{self._selector.rstrip()[:-1]}, {label}={json.dumps(value)}}}"
        found = self._lines(query, now - _LOOK_BACK, now + timedelta(hours=1), limit=1)
        if not found:
            return NewestLine(source=source, at=None, age=None)
        age = now - found[0][1]
        return NewestLine(source=source, at=found[0][1], age=age, lag=max(age, timedelta()), lag_at_most=True)

    def _lines(
        self, query: str, start: datetime, end: datetime, *, limit: int, direction: str = "backward"
    ) -> list[tuple[Mapping[str, str], datetime, str]]:
        """Return labels, instant and text of lines, in the order of the direction."""
        params = {
            "query": query,
            "start": _nanoseconds(start),
            "end": _nanoseconds(end),
            "limit": str(limit),
            "direction": direction,
        }
        data = mapping(mapping(self._ask("/loki/api/v1/query_range", params), "query_range").get("data"), "query_range")
        if data.get("resultType") != "streams":
            raise NotVerifiedError(f"{self._url}: {data.get('resultType')} instead of streams; which version is this?")
        try:
            found = [
                (stream["stream"], datetime.fromtimestamp(int(value[0]) / 1e9, UTC), str(value[1]))
                for stream in data["result"]
                for value in stream["values"]
            ]
        except (KeyError, TypeError, ValueError, IndexError) as error:
            raise NotVerifiedError(f"{self._url}: a stream without {error}; which version is this?") from error
        return sorted(found, key=lambda one: one[1], reverse=direction == "backward")

    def _configuration(self) -> Mapping[str, Any]:
        url = f"{self._url}/config"
        response = self._session.get(url)
        if response.status_code in {401, 403}:
            raise AuthenticationError(f"{url}: status {response.status_code}; the account needs to read /config")
        if response.status_code >= _SERVER_ERROR:
            raise UnreachableError(f"{url}: status {response.status_code}")
        if not response.ok:
            raise NotVerifiedError(f"{url}: status {response.status_code}; let the gateway pass GET /config")
        try:
            configuration = mapping(yaml.safe_load(response.text), url)
        except yaml.YAMLError:
            raise NotVerifiedError(f"{url}: no YAML; check the URL in the inventory") from None
        if "limits_config" not in configuration:  # Loki writes out every section, defaults included
            raise NotVerifiedError(f"{url}: no configuration of Loki's: without limits_config; check the URL")
        return configuration

    def _ask(self, path: str, params: Mapping[str, str] | None = None) -> Any:
        found = mapping(get_json(self._session, f"{self._url}{path}", params, needs=_RIGHT), path)
        if found.get("status") != "success":
            raise NotVerifiedError(f"{self._url}{path}: status {found.get('status')!r}")
        return found


def _nanoseconds(at: datetime) -> str:
    return str(int(at.timestamp() * 1_000_000_000))


def _fields(labels: Mapping[str, str], line: str) -> Mapping[str, Any]:
    """Return a line's own fields, and the stream's labels where the line says nothing itself."""
    try:
        fields = json.loads(line)
    except ValueError:
        fields = dict(part.partition("=")[::2] for part in line.split() if "=" in part)
    return {**labels, **(fields if isinstance(fields, dict) else {})}


def _is_set(section: Any) -> bool:
    """Whether a storage section names a place: Loki shows all of them, most of them empty."""
    return isinstance(section, dict) and any(
        section.get(key) for key in ("bucket_name", "bucketnames", "container_name", "bucket", "s3")
    )
