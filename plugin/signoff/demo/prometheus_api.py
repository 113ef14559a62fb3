"""Prometheus' HTTP API over our store and rules, answer for answer in its format."""

from __future__ import annotations

import datetime as dt
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from prombed import parse_duration
from prombed.errors import PrombedError
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from starlette.applications import Starlette
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from signoff.demo.prometheus_rules import alerts_to_api, instant

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from starlette.requests import Request

    from signoff.demo.prometheus_rules import RuleFile
    from signoff.demo.prometheus_server import Job
    from signoff.demo.promql import Store

    Data = Callable[[Any], Any]

_VERSION = "2.53.0"
"""The version whose answers these are shaped after."""
_BAD_DATA = {"invalid_query", "invalid_exposition"}


class BadParameterError(ValueError):
    """A request's parameter is missing or cannot be read."""


@dataclass(kw_only=True, slots=True)
class Api:
    """What the endpoints need."""

    store: Store
    rules: RuleFile
    jobs: Sequence[Job]
    configuration: str
    interval: float
    retention: int
    """Seconds for which samples are kept."""
    alertmanagers: Sequence[str] = ()
    started: float = field(default_factory=time.time)

    def application(self) -> Starlette:
        """Return the ASGI application."""
        answers: dict[str, Data] = {
            "query": self._query,
            "query_range": self._query_range,
            "series": self._series,
            "labels": self._labels,
            "label/{name}/values": self._label_values,
            "targets": self._targets,
            "rules": lambda _: {"groups": self._current_rules().to_api(self.interval)},
            "alerts": lambda _: {"alerts": alerts_to_api(self._current_rules().rules())},
            "alertmanagers": lambda _: {
                "activeAlertmanagers": [{"url": url} for url in self.alertmanagers],
                "droppedAlertmanagers": [],
            },
            "status/config": lambda _: {"yaml": self.configuration},
            "status/flags": lambda _: self._flags(),
            "status/runtimeinfo": lambda _: self._runtime(),
            "status/buildinfo": lambda _: {"version": _VERSION, "revision": "embedded", "branch": "embedded"},
        }
        routes = [
            Route(f"/api/v1/{path}", _endpoint(answer), methods=["GET", "POST"]) for path, answer in answers.items()
        ]
        routes += [
            Route("/-/healthy", _plain("Prometheus Server is Healthy.\n")),
            Route("/-/ready", _plain("Prometheus Server is Ready.\n")),
            Route("/metrics", self._own_metrics),
        ]
        return Starlette(routes=routes)

    def _query(self, values: Any) -> Any:
        at = _time(values["time"]) if "time" in values else None
        return self.store.query(_required(values, "query"), at)["data"]

    def _query_range(self, values: Any) -> Any:
        start, end = (_time(_required(values, name)) for name in ("start", "end"))
        return self.store.query_range(_required(values, "query"), start, end, _step(_required(values, "step")))["data"]

    def _series(self, values: Any) -> Any:
        found = [self.store.query(selector)["data"]["result"] for selector in values.getlist("match[]")]
        return [one["metric"] for result in found for one in result]

    def _labels(self, _values: Any) -> Any:
        return sorted({name for labels in self.store.labels() for name in labels})

    def _label_values(self, values: Any) -> Any:
        return sorted({labels[values["name"]] for labels in self.store.labels() if values["name"] in labels})

    def _targets(self, _values: Any) -> Any:
        statuses = {status.target.url: status for status in self.store.targets()}
        return {
            "activeTargets": [_target(job, statuses[job.target.url]) for job in self.jobs],
            "droppedTargets": [],
            "droppedTargetCounts": {job.name: 0 for job in self.jobs},
        }

    def _flags(self) -> dict[str, str]:
        return {
            "storage.tsdb.retention.time": f"{self.retention}s",
            "web.enable-admin-api": "false",
            "web.enable-lifecycle": "false",
            "query.lookback-delta": "1m",
        }

    def _current_rules(self) -> RuleFile:
        """Return the rules as the file has them now: an edit counts at once, not with the next evaluation."""
        self.rules.refresh()
        return self.rules

    def _runtime(self) -> dict[str, Any]:
        self.rules.refresh()
        return {
            "startTime": instant(self.started),
            "CWD": str(self.rules.path.parent),
            "reloadConfigSuccess": not self.rules.error,
            "lastConfigTime": instant(self.rules.path.stat().st_mtime),
            "timeSeriesCount": self.store.storage.series_count,
            "corruptionCount": 0,
            "goroutineCount": 1,
            "GOMAXPROCS": os.cpu_count(),
            "storageRetention": f"{self.retention}s",
        }

    async def _own_metrics(self, _request: Request) -> Response:
        registry = CollectorRegistry()
        values = {
            "prometheus_config_last_reload_successful": float(not self.rules.error),
            "prometheus_rule_evaluation_failures_total": float(sum(bool(one.error) for one in self.rules.rules())),
            "prometheus_tsdb_head_series": self.store.storage.series_count,
            "process_start_time_seconds": self.started,
        }
        for name, value in values.items():
            Gauge(name, name.replace("_", " "), registry=registry).set(value)
        return Response(generate_latest(registry), media_type="text/plain; version=0.0.4")


def _endpoint(answer: Data) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        values = request.query_params
        if request.method == "POST":
            values = values.__class__([*values.multi_items(), *_form(await request.body())])
        try:
            data = answer(_WithPath(values, request.path_params))
        except BadParameterError as error:
            return _error(400, "bad_data", str(error))
        except PrombedError as error:
            bad = error.code in _BAD_DATA
            return _error(400 if bad else 422, "bad_data" if bad else "execution", str(error))
        return JSONResponse({"status": "success", "data": data})

    return respond


class _WithPath:
    """Query parameters and path parameters in one mapping."""

    def __init__(self, query: Any, path: dict[str, str]) -> None:
        self._query, self._path = query, path

    def __contains__(self, name: str) -> bool:
        return name in self._path or name in self._query

    def __getitem__(self, name: str) -> str:
        return str(self._path[name] if name in self._path else self._query[name])

    def getlist(self, name: str) -> list[str]:
        return list(self._query.getlist(name))


def _form(body: bytes) -> list[tuple[str, str]]:
    return parse_qsl(body.decode("utf-8", "replace"))


def _error(status: int, kind: str, message: str) -> Response:
    return JSONResponse({"status": "error", "errorType": kind, "error": message}, status_code=status)


def _plain(text: str) -> Callable[[Request], Awaitable[Response]]:
    async def respond(_request: Request) -> Response:
        return PlainTextResponse(text)

    return respond


def _required(values: Any, name: str) -> str:
    if name not in values:
        raise BadParameterError(f'invalid parameter "{name}": missing')
    return str(values[name])


def _time(text: str) -> int:
    """Return Unix milliseconds of Unix seconds or an RFC 3339 instant."""
    try:
        return int(float(text) * 1_000)
    except ValueError:
        pass
    try:
        return int(dt.datetime.fromisoformat(text).timestamp() * 1_000)
    except ValueError:
        raise BadParameterError(f'cannot parse "{text}" to a valid timestamp') from None


def _step(text: str) -> int:
    """Return milliseconds of seconds or a duration such as `15s`."""
    try:
        return int(float(text) * 1_000)
    except ValueError:
        try:
            return int(parse_duration(text))
        except PrombedError:
            raise BadParameterError(f'cannot parse "{text}" to a valid duration') from None


def _target(job: Job, status: Any) -> dict[str, Any]:
    return {
        "discoveredLabels": {
            "__address__": job.address,
            "__metrics_path__": "/metrics",
            "__scheme__": "http",
            "__scrape_interval__": f"{job.interval:g}s",
            "job": job.name,
        },
        "labels": dict(job.target.labels),
        "scrapePool": job.name,
        "scrapeUrl": job.target.url,
        "globalUrl": job.target.url,
        "lastError": status.last_error or "",
        "lastScrape": instant((status.last_scrape or 0) / 1_000),
        "lastScrapeDuration": (status.last_scrape_duration_ms or 0) / 1_000,
        "health": status.health,
        "scrapeInterval": f"{job.interval:g}s",
        "scrapeTimeout": f"{(job.target.timeout_ms or 0) / 1_000:g}s",
    }
