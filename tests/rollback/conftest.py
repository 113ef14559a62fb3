"""What rollback checks talk about: criteria and their metrics, and down scripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.importers.drills.migration_proof import MigrationProof
    from signoff.model import RollbackRule
    from signoff.probes.repository.migrations import Migrations
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def rollback_rule(inventory: Inventory) -> RollbackRule | None:
    """Return the policy's criteria for an automatic rollback; None if it defines none."""
    return inventory.policy.rollback


@pytest.fixture
def rollback_series(target: BoundTarget, inventory: Inventory) -> dict[str, int]:
    """Return, for each metric that the criteria are judged by, how many series have a sample that is fresh."""
    from signoff import not_verified
    from signoff.probes.metrics.prometheus import open_service

    metrics = target.settings.metrics
    if metrics is None:
        not_verified(f"{target.name}: no metrics named; write metrics for it in services.yaml")
    selectors = [f"{name}{{{metrics.selector}}}" for name in (metrics.requests, f"{metrics.durations}_bucket")]
    # Fresh as the guard of a release understands it: a series that ended lives on in queries for minutes.
    rule = inventory.policy.rollback
    fresh = f"{int(rule.stale_after.total_seconds())}s" if rule else "2m"
    with open_service(inventory.service(metrics.prometheus)) as api:
        return {
            selector: int(api.scalar(f"count(count_over_time({selector}[{fresh}]))") or 0) for selector in selectors
        }


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
