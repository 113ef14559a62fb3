"""Metrics of what runs on a host: databases, cache and backups, under the names of their usual exporters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg
import redis
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from signoff.demo import cache, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.demo.layout import Layout

_REDIS_GAUGES = {
    "redis_memory_used_bytes": "used_memory",
    "redis_memory_max_bytes": "maxmemory",
    "redis_connected_clients": "connected_clients",
    "redis_config_maxclients": "maxclients",
}
_REDIS_COUNTERS = {
    "redis_evicted_keys": "evicted_keys",
    "redis_rejected_connections": "rejected_connections",
    "redis_commands_processed": "total_commands_processed",
}
_DATABASE = """
SELECT count(*) FILTER (WHERE backend_type = 'client backend'),
       current_setting('max_connections')::int,
       pg_is_in_recovery(),
       CASE WHEN pg_is_in_recovery() AND pg_last_wal_receive_lsn() <> pg_last_wal_replay_lsn()
            THEN extract(epoch FROM now() - pg_last_xact_replay_timestamp()) ELSE 0 END
FROM pg_stat_activity
"""
_ARCHIVER = "SELECT archived_count, failed_count FROM pg_stat_archiver"


def collect_component(layout: Layout, host: str) -> Iterator[Metric]:
    """Yield the families of the component on the host; a component that is down says so with `…_up 0`."""
    match host:
        case "cache1":
            yield from _cache(layout)
        case "db1" | "db2":
            yield from _database(layout, standby=host == "db2")
        case "backup1":
            yield from _backups(layout)
        case _:
            return


def _cache(layout: Layout) -> Iterator[Metric]:
    try:
        with cache.connect_admin(layout) as client:
            info: Any = client.info()
    except redis.RedisError:
        yield GaugeMetricFamily("redis_up", "Whether the cache answers.", 0)
        return
    yield GaugeMetricFamily("redis_up", "Whether the cache answers.", 1)
    for name, field in _REDIS_GAUGES.items():
        yield GaugeMetricFamily(name, f"{field} of INFO.", float(info[field]))
    for name, field in _REDIS_COUNTERS.items():
        yield CounterMetricFamily(name, f"{field} of INFO.", float(info[field]))


def _database(layout: Layout, *, standby: bool) -> Iterator[Metric]:
    try:
        with psycopg.connect(postgres.url(layout, "signoff", standby=standby), connect_timeout=2) as connection:
            row = connection.execute(_DATABASE).fetchone()
            archived = connection.execute(_ARCHIVER).fetchone()
    except psycopg.Error:
        yield GaugeMetricFamily("pg_up", "Whether the database answers.", 0)
        return
    yield GaugeMetricFamily("pg_up", "Whether the database answers.", 1)
    if row is None or archived is None:
        return
    connections, limit, is_standby, lag = row
    yield GaugeMetricFamily("pg_connections", "Client connections.", connections)
    yield GaugeMetricFamily("pg_settings_max_connections", "Limit of connections.", limit)
    yield GaugeMetricFamily("pg_replication_is_replica", "1 on a standby.", int(is_standby))
    yield GaugeMetricFamily("pg_replication_lag_seconds", "Seconds behind the primary.", float(lag or 0))
    yield CounterMetricFamily("pg_stat_archiver_archived", "Archived WAL files.", archived[0])
    yield CounterMetricFamily("pg_stat_archiver_failed", "Failed attempts to archive.", archived[1])


def _backups(layout: Layout) -> Iterator[Metric]:
    files = [file.stat() for file in (layout.host("backup1") / "backups").glob("shop-*.age")]
    yield GaugeMetricFamily("backup_files", "Backups kept.", len(files))
    if files:
        newest = max(files, key=lambda file: file.st_mtime)
        yield GaugeMetricFamily("backup_last_success_timestamp_seconds", "Newest backup.", newest.st_mtime)
        yield GaugeMetricFamily("backup_last_size_bytes", "Size of the newest backup.", newest.st_size)
