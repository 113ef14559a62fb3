"""Monitoring: Prometheus asks every host and service, Alertmanager takes its alerts, blackbox looks from outside."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import yaml

from estate.companions import pager
from estate.layout import EstateError
from estate.roles.balancer import STATISTICS_PORT
from estate.roles.model import Role
from estate.roles.templates import put
from signoff.demo import prometheus

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host

CONFIGURATION = "/etc/prometheus/prometheus.yml"
RULES = "/etc/prometheus/rules.yml"
ROUTES = "/etc/prometheus/alertmanager.yml"
UNIT = "prometheus"
ALERTMANAGER = "prometheus-alertmanager"
_UNITS = (UNIT, ALERTMANAGER, "prometheus-blackbox-exporter")


def _configure(host: Host, estate: Estate) -> None:
    groups = {role: estate.with_role(role) for role in ("node_exporter", "app", "database", "cache", "balancer")}
    put(host, estate, "monitoring", groups=groups, statistics_port=STATISTICS_PORT, rules=RULES, pager=pager.URL)
    host.write(RULES, yaml.safe_dump(prometheus.alert_rules(), sort_keys=False, width=200))
    host.enable(*_UNITS)


def ask(estate: Estate, path: str) -> str:
    """Return what Prometheus' HTTP API answers below /api/v1/."""
    host = estate.with_role("monitoring")[0]
    # While it starts it says 503.
    patience = ("--fail", "--retry", "5", "--retry-delay", "1", "--retry-connrefused", "--max-time", "30")
    return host.run("curl", "--silent", "--show-error", *patience, f"http://{host.address}:9090/api/v1/{path}")


def query(estate: Estate, text: str) -> list[Any]:
    """Return the series of an instant query, as Prometheus writes them."""
    found: list[Any] = json.loads(ask(estate, f"query?{urlencode({'query': text})}"))["data"]["result"]
    return found


def _ready(_host: Host, estate: Estate) -> bool:
    try:
        down = query(estate, "up == 0")
        measured = query(estate, 'count by (instance) (rate(node_cpu_seconds_total{mode="idle"}[15s]))')
    except EstateError:
        return False
    arrives = pager.heartbeat_age(estate) < math.inf
    return arrives and not down and len(measured) == len(estate.with_role("node_exporter"))


ROLE = Role(
    name="monitoring",
    packages=("prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter"),
    configure=_configure,
    ready=_ready,
)
