"""What checks of databases talk about: indexes, connections, statements and migrations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.postgresql import Pool
    from signoff.importers.drills.migration_proof import MigrationProof
    from signoff.probes.postgres.connections import Connections
    from signoff.probes.postgres.database import Database
    from signoff.probes.postgres.indexes import Indexes
    from signoff.probes.postgres.migrations import Applied
    from signoff.probes.postgres.statements import Statements
    from signoff.probes.repository.migrations import Migrations
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def indexes(database: Database) -> Indexes:
    """Return the indexes of the current database."""
    from signoff.probes.postgres.indexes import read

    return read(database)


@pytest.fixture
def pools(target: BoundTarget) -> tuple[Pool, ...]:
    """Return the connection pools of the applications that use the current database."""
    from signoff import not_verified

    pools: tuple[Pool, ...] = target.settings.connections.pools
    if not pools:
        not_verified(f"{target.name}: no pools named; write connections.pools for it in services.yaml")
    return pools


@pytest.fixture
def connections(database: Database) -> Connections:
    """Return the connections of the current database's server."""
    from signoff.probes.postgres.connections import read

    return read(database)


@pytest.fixture
def statements(target: BoundTarget, database: Database) -> Statements:
    """Return what the current database spent its time on, if it was watched for long enough."""
    from signoff.probes.postgres.statements import read

    limits = target.settings.statements
    statements = read(database, limits.roles)
    statements.require(limits.min_statistics_age, limits.max_evictions)
    return statements


@pytest.fixture
def migrations(target: BoundTarget, source_of: Callable[[str], Any]) -> Migrations:
    """Return the current database's migrations as they stand in the release."""
    from signoff import not_verified
    from signoff.probes.repository.migrations import read

    settings = target.settings.migrations
    if settings is None:
        not_verified(f"{target.name}: no migrations named; write migrations for it in services.yaml")
    origin = source_of(settings.repository)
    return read(origin.repository, origin.commit, settings.path, settings.tool)


@pytest.fixture
def applied(target: BoundTarget, migrations: Migrations, database: Database) -> Applied:  # noqa: ARG001 - says why not
    """Return what the current database recorded of its migrations."""
    from signoff.probes.postgres.migrations import read

    return read(database, target.settings.migrations.tool, target.settings.migrations.table)


@pytest.fixture
def migration_proof(
    target: BoundTarget,
    migrations: Migrations,  # noqa: ARG001 - says why not, if there are none
    inventory: Inventory,
    evaluated_at: datetime,
    workspace_path: Callable[[str], Path],
) -> MigrationProof:
    """Return the rehearsal of the current database's migrations, if it is recent and of this release."""
    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent, require_release
    from signoff.importers.drills.migration_proof import read

    settings = target.settings.migrations
    if not settings.proof:
        not_verified(f"{target.name}: no proof named; rehearse the migrations on a copy and name its record")
    proof = read(read_file(workspace_path(settings.proof)))
    require_release(f"{target.name}: the migration proof", proof.commit, inventory.policy.commit)
    require_recent(f"{target.name}: the migration proof", proof.finished, evaluated_at, settings.proof_max_age)
    return proof
