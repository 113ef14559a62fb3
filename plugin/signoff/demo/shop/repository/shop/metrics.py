"""What Prometheus reads from one instance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

if TYPE_CHECKING:
    from .database import Database

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Traffic, the process and its connection pool. Scrapes are not traffic and are not counted."""

    def __init__(self, database: Database) -> None:
        self._registry = CollectorRegistry()
        labels = ("method", "route", "status")
        self._requests = Counter("http_requests_total", "Answers sent.", labels, registry=self._registry)
        self._seconds = Histogram(
            "http_request_duration_seconds",
            "Time from a request's arrival to the end of its answer.",
            ("method", "route"),
            buckets=_BUCKETS,
            registry=self._registry,
        )
        process = psutil.Process()
        self._gauge("process_resident_memory_bytes", "Memory in RAM.", lambda: process.memory_info().rss)
        self._gauge("process_start_time_seconds", "Start, as Unix time.", process.create_time)
        self._gauge("process_open_fds", "Open files and sockets.", process.num_fds)
        self._gauge("database_pool_size", "Connections that the pool may open.", lambda: database.size)
        self._gauge("database_pool_in_use", "Connections lent out.", lambda: database.in_use)

    def answered(self, *, method: str, route: str, status: int, seconds: float) -> None:
        """Count one answer."""
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)

    def render(self) -> bytes:
        """Return everything in Prometheus' text format."""
        return generate_latest(self._registry)

    def _gauge(self, name: str, text: str, read: object) -> None:
        Gauge(name, text, registry=self._registry).set_function(read)  # type: ignore[arg-type]
