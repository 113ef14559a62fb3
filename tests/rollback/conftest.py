"""What rollback checks talk about: criteria and their metrics, blue and green, down scripts, rehearsals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.blue_green import BlueGreenService
    from signoff.config.kinds.drill_report import DrillReportService
    from signoff.importers.drills.drill import Drill
    from signoff.importers.drills.migration_proof import MigrationProof
    from signoff.model import RollbackRule
    from signoff.probes.front.balancer import Backend
    from signoff.probes.repository.migrations import Migrations
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def rollback_rule(inventory: Inventory) -> RollbackRule | None:
    """Return the policy's criteria for an automatic rollback; None if it defines none."""
    return inventory.policy.rollback


@pytest.fixture
def rollback_series(target: BoundTarget, inventory: Inventory) -> dict[str, int]:
    """Return, for each metric that the criteria are judged by, how many fresh series Prometheus has."""
    from signoff import not_verified
    from signoff.probes.metrics.prometheus import open_prometheus

    metrics = target.settings.metrics
    if metrics is None:
        not_verified(f"{target.name}: no metrics named; write metrics for it in services.yaml")
    server: Any = inventory.service(metrics.prometheus)
    password = server.password.get_secret_value() if server.password else ""
    selectors = [f"{name}{{{metrics.selector}}}" for name in (metrics.requests, f"{metrics.durations}_bucket")]
    with open_prometheus(server.url, user=server.user, password=password, ca_file=server.ca_file or None) as api:
        return {selector: int(api.scalar(f"count({selector})") or 0) for selector in selectors}


@dataclass(frozen=True, kw_only=True)
class Colours:
    """Both environments, as the load balancer sees them; None for one that it does not know."""

    name: str
    settings: BlueGreenService
    backends: dict[str, Backend | None]


@pytest.fixture
def colours(target: BoundTarget, inventory: Inventory) -> Colours:
    """Return the two colours of the current pair."""
    from signoff import not_verified
    from signoff.probes.front.haproxy import read_haproxy
    from signoff.probes.web.http import Session

    settings: BlueGreenService = target.settings
    balancer: Any = inventory.service(settings.load_balancer)
    if not balancer.stats_url:
        not_verified(f"{settings.load_balancer}: only HAProxy with a statistics page (stats_url) switches colours")
    credentials = (balancer.user, balancer.password.get_secret_value() if balancer.password else "")
    with Session(origins=[balancer.stats_url], ca_file=balancer.ca_file or None) as session:
        facts = read_haproxy(session, balancer.stats_url, auth=credentials if balancer.user else None)
    backends = {name: facts.backends.get(name) for name in (settings.blue, settings.green)}
    return Colours(name=target.name, settings=settings, backends=backends)


@pytest.fixture
def migrations(target: BoundTarget, inventory: Inventory, workspace_path: Callable[[str], Path]) -> Migrations:
    """Return the current database's migrations as they stand in the release."""
    from signoff import not_verified
    from signoff.probes.repository.git import Repository
    from signoff.probes.repository.migrations import read

    settings = target.settings.migrations
    if settings is None:
        not_verified(f"{target.name}: no migrations named; write migrations for it in services.yaml")
    clone: Any = inventory.service(settings.repository)
    return read(Repository(path=workspace_path(clone.path)), inventory.policy.commit, settings.path, settings.tool)


@pytest.fixture
def migration_proof(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> MigrationProof:
    """Return the record of the current database's migrations on a copy, if it is recent and of this release."""
    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.importers.drills.migration_proof import read

    settings = target.settings.migrations
    if settings is None or not settings.proof:
        not_verified(f"{target.name}: no proof named; try the migrations on a copy and name the record")
    proof = read(read_file(workspace_path(settings.proof)))
    require_release(f"{target.name}: the proof", proof.commit, inventory.policy.commit)
    require_recent(f"{target.name}: the proof", proof.finished, evaluated_at, settings.proof_max_age)
    return proof


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """The record of a rollback that was carried out, and the limits that it had to keep."""

    name: str
    limits: DrillReportService
    record: Drill


@pytest.fixture
def rehearsal(inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]) -> Rehearsal:
    """Return the newest rehearsal of a rollback of this release."""
    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.importers.drills.drill import read

    named: Any = inventory.services_of("drill_report")
    found = {name: limits for name, limits in named.items() if limits.purpose == "rollback"}
    if not found:
        not_verified("no rehearsal of a rollback named; add a drill_report with purpose rollback to services.yaml")
    rehearsals = [
        Rehearsal(name=name, limits=limits, record=read(read_file(workspace_path(limits.path))))
        for name, limits in found.items()
    ]
    newest = max(rehearsals, key=lambda one: one.record.performed_at)
    require_release(newest.name, newest.record.commit, inventory.policy.commit)
    require_recent(newest.name, newest.record.performed_at, evaluated_at, newest.limits.max_age)
    return newest
