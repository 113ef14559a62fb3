"""What checks of databases talk about: indexes, connections, statements and migrations, whichever server it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.sql_database import KeyQuery, Pool
    from signoff.importers.drills.migration_proof import MigrationProof
    from signoff.probes.postgres.connections import Connections
    from signoff.probes.postgres.constraints import Constraints
    from signoff.probes.postgres.indexes import Indexes
    from signoff.probes.postgres.plans import Plan
    from signoff.probes.postgres.pooler import Pooler
    from signoff.probes.postgres.statements import Statements
    from signoff.probes.postgres.waste import Waste
    from signoff.probes.repository.applied import Applied
    from signoff.probes.repository.migrations import Migrations
    from signoff.probes.repository.sql_lint import Linted
    from signoff.pytest_plugin.fixtures import BoundTarget


@pytest.fixture
def server(target: BoundTarget) -> Any:
    """Return the probes of the current database's server, by what they ask for."""
    import importlib

    package = "mysql" if target.kind == "mysql" else "postgres"
    return lambda module: importlib.import_module(f"signoff.probes.{package}.{module}")


@pytest.fixture
def constraints(database: Any) -> Constraints:
    """Return the constraints of the current database."""
    from signoff.probes.postgres.constraints import read

    return read(database)


@pytest.fixture
def indexes(server: Any, database: Any) -> Indexes:
    """Return the indexes of the current database."""
    found: Indexes = server("indexes").read(database)
    return found


@pytest.fixture
def used_indexes(
    target: BoundTarget, indexes: Indexes, inventory: Inventory, open_database: Callable[..., Any]
) -> Indexes:
    """Return the same, with what its standbys read of them; not verified while nobody has watched for long enough."""
    from signoff import not_verified
    from signoff.probes.postgres.indexes import read

    standbys: Any = inventory.services_of("standby").values()
    for standby in standbys:
        if standby.primary == target.name:
            with open_database(target.name, standby) as copy:
                indexes = indexes.with_reads_of(read(copy))
    least = target.settings.indexes.unused_after
    if indexes.statistics_age < least:
        not_verified(
            f"{target.name}: use was counted for {indexes.statistics_age.days} days only, {least.days} are needed; "
            "check again later"
        )
    return indexes


@pytest.fixture
def pools(target: BoundTarget) -> tuple[Pool, ...]:
    """Return the connection pools of the applications that use the current database."""
    from signoff import not_verified

    pools: tuple[Pool, ...] = target.settings.connections.pools
    if not pools:
        not_verified(f"{target.name}: no pools named; write connections.pools for it in services.yaml")
    return pools


@pytest.fixture
def read_pooler(inventory: Inventory) -> Callable[[str], Pooler]:
    """Return a function from the name of a pgbouncer service to what its console shows."""
    from signoff import not_verified
    from signoff.probes.postgres.pooler import read

    def find(name: str) -> Pooler:
        if name not in inventory.services_of("pgbouncer"):
            not_verified(
                f"no pgbouncer service {name!r} in services.yaml; add it, or correct connections.pools.through"
            )
        return read(inventory.service(name))

    return find


@pytest.fixture
def poolers(pools: tuple[Pool, ...], read_pooler: Callable[[str], Pooler]) -> dict[str, Pooler]:
    """Return the PgBouncers between the pools and the current database, by name."""
    return {name: read_pooler(name) for name in sorted({pool.through for pool in pools if pool.through})}


@pytest.fixture
def pooler(target: BoundTarget, read_pooler: Callable[[str], Pooler]) -> Pooler:
    """Return the current PgBouncer."""
    return read_pooler(target.name)


@pytest.fixture
def connections(server: Any, database: Any) -> Connections:
    """Return the connections of the current database's server."""
    found: Connections = server("connections").read(database)
    return found


@pytest.fixture
def statements(target: BoundTarget, server: Any, database: Any) -> Statements:
    """Return what the current database spent its time on, if it was watched for long enough."""
    limits = target.settings.statements
    found: Statements = server("statements").read(database, limits.roles)
    found.require(limits.min_statistics_age, limits.max_evictions)
    return found


@pytest.fixture
def waste(target: BoundTarget, server: Any, database: Any) -> Waste:
    """Return what the current database lost since its statistics began, if that is long enough ago."""
    from signoff import not_verified

    found: Waste = server("waste").read(database)
    least = target.settings.statements.min_statistics_age
    if found.age < least:
        not_verified(f"{target.name}: its statistics began {found.age} ago, at least {least} are needed; check later")
    return found


@pytest.fixture
def plans(target: BoundTarget, server: Any, database: Any) -> list[tuple[KeyQuery, Plan]]:
    """Return each key query of the current database with the plan that the server makes of it."""
    from signoff import not_verified

    queries: tuple[KeyQuery, ...] = target.settings.key_queries
    if not queries:
        not_verified(f"{target.name}: no key_queries named; write those that must stay quick in services.yaml")
    return [(query, server("plans").explain(database, query.sql)) for query in queries]


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
def applied(target: BoundTarget, migrations: Migrations, server: Any, database: Any) -> Applied:  # noqa: ARG001 - says why not
    """Return what the current database recorded of its migrations."""
    settings = target.settings.migrations
    found: Applied = server("migrations").read(database, settings.tool, settings.table)
    return found


@pytest.fixture
def linted(target: BoundTarget, migrations: Migrations, source_of: Callable[[str], Any]) -> tuple[int, Linted]:  # noqa: ARG001 - says why not
    """Return how many scripts the linter read, and what it says of them."""
    from signoff import not_verified
    from signoff.probes.repository.migrations import is_at_least, sql_files, version_in
    from signoff.probes.repository.sql_lint import lint

    settings = target.settings.migrations
    origin = source_of(settings.repository)
    scripts = sql_files(origin.repository, origin.commit, settings.lint.path or settings.path)
    since = settings.lint.since
    judged = {
        path: text
        for path, text in scripts.items()
        if not since or not (version := version_in(path.rpartition("/")[2])) or is_at_least(version, since)
    }
    if not judged:
        not_verified(f"{target.name}: no script from version {since} on; correct migrations.lint.since")
    return len(judged), lint(judged, settings.lint.accepted)


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


@pytest.fixture
def differing_tables(
    target: BoundTarget, applied: Applied, request: pytest.FixtureRequest, open_database: Callable[..., Any]
) -> dict[str, bool] | None:
    """Return, by table, whether its structure differs from the proof's; None if recorded checksums tell instead."""
    from signoff import not_verified
    from signoff.probes.postgres.structure import digests

    if applied.checksums:
        return None
    tool = target.settings.migrations.tool
    if target.kind == "mysql":
        not_verified(f"{target.name}: {tool} recorded no checksums; let it record them (Flyway does), or waive this")
    proof: MigrationProof = request.getfixturevalue("migration_proof")
    if not proof.tables:
        not_verified(f"{target.name}: {tool} recorded no checksums, and the proof no tables; write tables into it")
    with open_database(target.name) as database:
        found = digests(database)
    return {table: found.get(table) != digest for table, digest in proof.tables.items()}
