"""What the operators of the shop set up: dashboards, routes of alerts, who is on call, and the public status page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from signoff.demo.layout import load

if TYPE_CHECKING:
    from datetime import datetime

    from signoff.demo.layout import Layout

PROMETHEUS, DATABASE = "shop-prometheus", "shop-database"
"""Uids of the data sources."""
_POSTGRES = "grafana-postgresql-datasource"
SCHEDULE = "PSHOP01"
_PEOPLE = {
    "PCHOI01": ("Choi Infra", ("phone", "push", "email")),
    "PHAN001": ("Han Operations", ("phone", "sms", "email")),
    "PKIM001": ("Kim Tech", ("phone", "email")),
    "POH0001": ("Oh Trainee", ("phone", "email")),
}
_ON_CALL = ("PCHOI01", "PKIM001")
_METHODS = {
    "phone": "phone_contact_method",
    "sms": "sms_contact_method",
    "push": "push_notification_contact_method",
    "email": "email_contact_method",
}


def _panel(number: int, title: str, expression: str) -> dict[str, Any]:
    return {
        "id": number,
        "title": title,
        "type": "timeseries",
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "targets": [{"refId": "A", "expr": expression}],
    }


_SOURCE = {"name": "source", "type": "datasource", "query": "prometheus", "current": {"value": PROMETHEUS}}
DASHBOARDS: dict[str, dict[str, Any]] = {
    "shop-overview": {
        "uid": "shop-overview",
        "title": "Shop",
        "templating": {
            "list": [_SOURCE, {"name": "job", "type": "custom", "query": "shop", "current": {"value": "shop"}}]
        },
        "panels": [
            {"id": 1, "title": "Read me", "type": "text"},
            _panel(2, "Requests", 'sum(rate(http_requests_total{job="$job"}[$__rate_interval]))'),
            {
                "id": 3,
                "title": "Latency",
                "type": "row",
                "collapsed": True,
                "panels": [
                    _panel(
                        4,
                        "Response time",
                        'histogram_quantile(0.95, sum by (le) (rate(http_request_duration_seconds_bucket{job="$job"}'
                        "[$__rate_interval])))",
                    )
                ],
            },
            {"id": 5, "title": "Orders", "libraryPanel": {"uid": "orders", "name": "Orders"}},
        ],
    },
    "hosts": {
        "uid": "hosts",
        "title": "Hosts",
        "templating": {
            "list": [
                _SOURCE,
                {"name": "host", "type": "query", "includeAll": True, "multi": True, "current": {"value": ["$__all"]}},
            ]
        },
        "panels": [
            _panel(1, "Memory", 'node_memory_MemAvailable_bytes{instance=~"$host"}'),
            _panel(2, "Disk", 'node_filesystem_avail_bytes{instance=~"$host"}'),
        ],
    },
}
LIBRARY = {
    "orders": {
        "uid": "orders",
        "name": "Orders",
        "model": {
            "title": "Orders",
            "type": "stat",
            "datasource": {"type": _POSTGRES, "uid": DATABASE},
            "targets": [{"refId": "A", "format": "table", "rawSql": "SELECT count(*) AS orders FROM orders"}],
        },
    }
}
"""Panels that dashboards share."""


def data_sources(layout: Layout) -> list[dict[str, Any]]:
    """Return Grafana's data sources; Grafana hides their passwords."""
    ports = load(layout).ports
    return [
        {
            "id": 1,
            "uid": PROMETHEUS,
            "name": "Prometheus",
            "type": "prometheus",
            "url": f"http://127.0.0.1:{ports['prometheus']}",
            "isDefault": True,
        },
        {
            "id": 2,
            "uid": DATABASE,
            "name": "Shop database",
            "type": _POSTGRES,
            "url": f"127.0.0.1:{ports['pg']}",
            "user": "signoff",
            "database": "shop",
            "isDefault": False,
        },
    ]


def alertmanager_configuration(heartbeat: str, pager: str) -> dict[str, Any]:
    """Return who is told about what."""
    return {
        "route": {
            "receiver": "chat",
            "group_by": ["alertname"],
            "routes": [
                {"receiver": "heartbeat", "matchers": ['alertname="Watchdog"']},
                {"receiver": "pager", "matchers": ['severity="critical"'], "continue": True},
                {"receiver": "pager", "matchers": ['alertname="CacheMemoryHigh"']},
            ],
        },
        "inhibit_rules": [
            {
                "source_matchers": ['severity="critical"'],
                "target_matchers": ['severity="warning"'],
                "equal": ["instance"],
            }
        ],
        "receivers": [
            {"name": "chat", "webhook_configs": [{"url": f"{pager}/chat"}]},
            {"name": "pager", "webhook_configs": [{"url": f"{pager}/integration"}]},
            {"name": "heartbeat", "webhook_configs": [{"url": f"{heartbeat}/ping/watchdog"}]},
        ],
    }


def roster(now: datetime) -> dict[str, Any]:
    """Return people with their contact methods, and one schedule with its shifts."""
    shifts = [
        {
            "user": _ON_CALL[week % len(_ON_CALL)],
            "start": (now + timedelta(weeks=week, days=-1)).isoformat(),
            "end": (now + timedelta(weeks=week + 1, days=-1)).isoformat(),
        }
        for week in range(6)
    ]
    return {
        "users": [
            {
                "id": number,
                "name": name,
                "type": "user",
                "contact_methods": [{"type": _METHODS[way], "address": "hidden"} for way in ways],
            }
            for number, (name, ways) in _PEOPLE.items()
        ],
        "schedules": {SCHEDULE: {"name": "Shop", "shifts": shifts}},
    }


def trainings(at: datetime) -> dict[str, Any]:
    """Return the record of who was trained, in the form that the product imports."""
    return {
        "schema_version": 1,
        "trainings": [
            {
                "person": _PEOPLE[number][0],
                "at": at.isoformat(),
                "by": "Han Operations",
                "subject": "Operations handbook, alerts, rollback",
            }
            for number in _ON_CALL
        ],
    }


def status_summary(now: datetime) -> dict[str, Any]:
    """Return the status page's summary."""
    names = ("Shop", "Payments")
    return {
        "page": {"id": "demo", "name": "Christmas", "url": "https://status.demo.test", "updated_at": now.isoformat()},
        "status": {"indicator": "none", "description": "All Systems Operational"},
        "components": [
            {"id": "group", "name": "Christmas", "status": "operational", "group": True, "group_id": None},
            *(
                {"id": name.lower(), "name": name, "status": "operational", "group": False, "group_id": "group"}
                for name in names
            ),
        ],
        "incidents": [],
        "scheduled_maintenances": [],
    }
