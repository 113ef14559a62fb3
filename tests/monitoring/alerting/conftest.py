"""What alerting checks talk about: an Alertmanager, and the alerts of Prometheus that must arrive through it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.alertmanager import AlertmanagerService
    from signoff.probes.metrics.prometheus import Rule
    from signoff.probes.products.alert_routing import Routing
    from signoff.probes.products.alertmanager import HeldAlert, Silence
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Alerting:
    """An Alertmanager as it runs, and the rules of the Prometheus before it."""

    name: str
    settings: AlertmanagerService
    routing: Routing
    silences: tuple[Silence, ...]
    held: tuple[HeldAlert, ...]
    alerts: dict[str, dict[str, str]]
    """Labels of each required alert that has a rule, by its name."""
    watchdog: dict[str, str]
    """Labels of the alert that always fires."""


@pytest.fixture
def alerting(target: BoundTarget, inventory: Inventory) -> Alerting:
    """Return the current Alertmanager: three GETs of its API, and one of Prometheus' rules."""
    from signoff import not_verified
    from signoff.probes.metrics.prometheus import open_service
    from signoff.probes.products.alertmanager import open_alertmanager

    settings: AlertmanagerService = target.settings
    known = inventory.services_of("prometheus")
    if settings.prometheus not in known:
        not_verified(f"{target.name}: there is no prometheus service {settings.prometheus}; name one")
    server: Any = known[settings.prometheus]
    with open_service(server) as prometheus:
        rules = {rule.name: rule for rule in prometheus.rules() if rule.type == "alerting"}
    with open_alertmanager(settings.url, ca_file=settings.ca_file or None, **_credentials(settings)) as api:
        return Alerting(
            name=target.name,
            settings=settings,
            routing=api.routing(),
            silences=api.silences(),
            held=api.alerts(),
            alerts={one.name: _labels(rules[one.name]) for one in server.alerts if one.name in rules},
            watchdog=_labels(rules[server.watchdog]) if server.watchdog in rules else {"alertname": server.watchdog},
        )


@pytest.fixture
def heartbeat(target: BoundTarget, evaluated_at: datetime) -> Callable[[], datetime | None]:
    """Return a function that asks when the watchdog last arrived at whoever waits for it; None: never.

    The time since the run began is taken off: an arrival in a long run is no arrival in the future.
    """
    from datetime import UTC, datetime

    from signoff import not_verified
    from signoff.probes.products.alertmanager import last_heartbeat
    from signoff.probes.web.http import Session

    noted = target.settings.heartbeat
    if noted is None:
        not_verified(f"{target.name}: nobody notes that the watchdog arrives; name a heartbeat in services.yaml")

    def ask() -> datetime | None:
        headers = {"X-Api-Key": noted.api_key.get_secret_value()} if noted.api_key else {}
        with Session(origins=[noted.url], ca_file=noted.ca_file or None, headers=headers, budget=2) as session:
            arrived = last_heartbeat(session, noted.url)
        return arrived and arrived - (datetime.now(UTC) - evaluated_at)

    return ask


def _labels(rule: Rule) -> dict[str, str]:
    return {**rule.labels, "alertname": rule.name}


def _credentials(settings: Any) -> dict[str, str]:
    return {
        "user": settings.user,
        "password": settings.password.get_secret_value() if settings.password else "",
    }
