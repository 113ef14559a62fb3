"""Prometheus of the embedded environment: its configuration in Prometheus' own format, on mon1.

The server behind it is ours (`prometheus_server`): it reads these two files, scrapes for real, evaluates PromQL by
prombed and answers Prometheus' HTTP API. Both files are read again when they change.
"""

from __future__ import annotations

import json
import urllib.request
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import yaml

from signoff.demo.layout import HOSTS, Program, load, write_atomically
from signoff.demo.supervision import python_module

if TYPE_CHECKING:
    from pathlib import Path

    from signoff.demo.layout import Layout

_REQUESTS = 'http_requests_total{job="shop"'
_MEASURED = (
    # What dashboards and checks ask of the shop and of hosts: a rate takes two scrapes, and some traffic in between.
    f'count(rate(http_request_duration_seconds_bucket{{job="shop"}}[1m])) and sum(increase({_REQUESTS}}}[1h])) >= 30',
    "min(count_over_time(node_boot_time_seconds[1m])) >= 2",
)
_RULES: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "HighErrorRate",
        # Of what succeeds, because a shop that never failed has no series of failures.
        f'1 - sum(rate({_REQUESTS},status!~"5.."}}[1m])) / sum(rate({_REQUESTS}}}[1m])) > 0.05',
        "10s",
        "critical",
        "More than 5 % of the requests fail",
    ),
    (
        "SlowResponses",
        'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{job="shop"}[1m]))) > 1',
        "10s",
        "critical",
        "The 95th percentile of the response time is above 1 second",
    ),
    ("InstanceDown", "up == 0", "5s", "critical", "A scrape target does not answer"),
    ("DatabaseDown", "pg_up == 0", "5s", "critical", "A database does not answer"),
    ("ReplicationLag", "pg_replication_lag_seconds > 30", "30s", "warning", "The standby is behind the primary"),
    ("CacheDown", "redis_up == 0", "5s", "critical", "The cache does not answer"),
    (
        "CacheMemoryHigh",
        "redis_memory_used_bytes / redis_memory_max_bytes > 0.8",
        "10s",
        "warning",
        "The cache uses more than 80 % of its memory limit",
    ),
    (
        "DiskSpaceLow",
        "node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.1",
        "1m",
        "warning",
        "Less than 10 % of the disk is free",
    ),
    (
        "BackupTooOld",
        "time() - backup_last_success_timestamp_seconds > 93600",
        "1m",
        "critical",
        "The newest backup is older than 26 hours",
    ),
    (
        "LoadBalancerServerDown",
        'haproxy_backend_active_servers{proxy="shop_blue"} < 2',
        "10s",
        "warning",
        "A shop instance gets no traffic",
    ),
    (
        "ErrorLogBurst",
        'sum(rate(central_log_lines_total{level="error"}[1m])) > 5',
        "30s",
        "warning",
        "More than 5 errors a second are logged",
    ),
    ("Watchdog", "vector(1)", "0s", "none", "Always fires: shows that alerting works"),
)


def configuration(layout: Layout) -> Path:
    """Return `prometheus.yml`."""
    return layout.host("mon1") / "etc" / "prometheus" / "prometheus.yml"


def rules_file(layout: Layout) -> Path:
    """Return the alert rules."""
    return layout.host("mon1") / "etc" / "prometheus" / "rules.yml"


def prepare(layout: Layout) -> None:
    """Write both files."""
    configuration(layout).parent.mkdir(parents=True, exist_ok=True)
    document = {
        "global": {"scrape_interval": "5s", "scrape_timeout": "4s", "evaluation_interval": "2s"},
        "rule_files": [rules_file(layout).name],
        "alerting": {
            "alertmanagers": [
                {
                    "path_prefix": "/alertmanager",
                    "static_configs": [{"targets": [f"127.0.0.1:{layout.port('operations')}"]}],
                }
            ]
        },
        "scrape_configs": _jobs(layout),
    }
    write_atomically(configuration(layout), yaml.safe_dump(document, sort_keys=False), mode=0o644)
    write_atomically(rules_file(layout), yaml.safe_dump(alert_rules(), sort_keys=False, width=200), mode=0o644)


def alert_rules() -> dict[str, Any]:
    """Return the shop's alert rules, as a rule file of Prometheus holds them."""
    rules = [
        {
            "alert": name,
            "expr": expression,
            "for": duration,
            "labels": {"severity": severity},
            "annotations": {"summary": summary, "runbook": "docs/operations.md"},
        }
        for name, expression, duration, severity, summary in _RULES
    ]
    return {"groups": [{"name": "shop", "rules": rules}]}


def program(layout: Layout) -> Program:
    """Return the server."""
    argv, env = python_module(layout, "signoff.demo.prometheus_server")
    address = f"http://127.0.0.1:{layout.port('prometheus')}"

    def ready() -> bool:
        try:
            if any(target["health"] != "up" for target in _ask(layout, "targets")["activeTargets"]):
                return False
            return all(_ask(layout, f"query?query={quote(expression)}")["result"] for expression in _MEASURED)
        except OSError:
            return False

    return Program(
        name="prometheus", argv=argv, cwd=layout.host("mon1"), env=env, host="mon1", ready=ready, address=address
    )


def has_scraped(layout: Layout, job: str, host: str, *, since: datetime) -> bool:
    """Return whether the last scrape of the host's target in the job, good or bad, began after the instant."""
    try:
        targets = _ask(layout, "targets")["activeTargets"]
    except OSError:
        return False
    (target,) = (one for one in targets if (one["labels"]["job"], one["labels"]["host"]) == (job, host))
    return datetime.fromisoformat(target["lastScrape"]) >= since


def _ask(layout: Layout, path: str) -> dict[str, Any]:
    address = f"http://127.0.0.1:{layout.port('prometheus')}/api/v1/{path}"
    with urllib.request.urlopen(address, timeout=10) as answer:
        data: dict[str, Any] = json.load(answer)["data"]
    return data


def _jobs(layout: Layout) -> list[dict[str, Any]]:
    ports = load(layout).ports
    return [
        _job("node", {host: ports[f"node_{host}"] for host in HOSTS}),
        _job("shop", {host: ports[host] for host in ("app1", "app2")}, scrape_interval="2s", scrape_timeout="2s"),
        _job("haproxy", {"lb1": ports["stats"]}, params={"scope": ["frontend", "backend", "server"]}),
        _job("prometheus", {"mon1": ports["prometheus"]}),
    ]


def _job(name: str, targets: dict[str, int], **options: Any) -> dict[str, Any]:
    return {
        "job_name": name,
        **options,
        "static_configs": [
            {"targets": [f"127.0.0.1:{port}"], "labels": {"host": host, "instance": host}}
            for host, port in targets.items()
        ],
    }
