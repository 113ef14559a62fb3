"""Rollback procedure: traffic can be switched at once, and the schema has a way back."""

import pytest


@pytest.mark.checklist(id="RBK-PRC-1")
def test_both_colours_can_take_the_traffic(colours, evidence):
    healthy = {name: len(backend.healthy) if backend else 0 for name, backend in colours.backends.items()}
    least = colours.settings.min_healthy
    evidence(
        observed=", ".join(f"{name}: {count} healthy" for name, count in healthy.items()),
        expected=f"at least {least} healthy servers in each",
        inspected=sum(len(backend.servers) for backend in colours.backends.values() if backend),
    )
    unknown = [name for name, backend in colours.backends.items() if backend is None]
    assert not unknown, f"{colours.name}: the load balancer does not know {', '.join(unknown)}"
    weak = [f"{name} has {count}" for name, count in healthy.items() if count < least]
    assert not weak, f"{colours.name}: {', '.join(weak)} healthy servers, {least} are needed"


@pytest.mark.checklist(id="RBK-PRC-2")
def test_every_migration_has_a_way_back(target, migrations, evidence):
    irreversible = migrations.irreversible
    evidence(
        observed=f"{len(migrations.migrations)} migrations, without a way back: {', '.join(irreversible) or 'none'}",
        expected="a down script that does something, for each",
        inspected=len(migrations.migrations),
    )
    assert not irreversible, f"{target.name}: no way back from {', '.join(irreversible)}"


@pytest.mark.checklist(id="RBK-PRC-2")
def test_every_way_back_was_tried(target, migrations, migration_proof, evidence):
    untried = migration_proof.unproven(one.version for one in migrations.migrations)
    evidence(
        observed=f"{len(migration_proof.steps)} steps, failed: {', '.join(migration_proof.failed) or 'none'}",
        expected="every migration up, down and up again on a copy",
        inspected=len(migrations.migrations),
    )
    assert not migration_proof.failed, f"{target.name}: failed on the copy: {', '.join(migration_proof.failed)}"
    assert not untried, f"{target.name}: not tried on a copy: {', '.join(untried)}"
