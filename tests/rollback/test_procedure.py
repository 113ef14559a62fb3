"""Rollback procedure: the schema has a way back."""

import pytest

from signoff import not_verified


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


@pytest.mark.checklist(id="RBK-PRC-2")
def test_ways_back_are_quick_enough(target, migration_proof, evidence):
    limit, took = target.settings.migrations.down_within.total_seconds(), migration_proof.longest("down")
    downs = sum(step.action == "down" for step in migration_proof.steps)
    evidence(observed=f"down in {took:.2f} s", expected=f"<= {limit:g} s", inspected=downs)
    if migration_proof.failed:
        not_verified(f"{target.name}: {', '.join(migration_proof.failed)} failed on the copy; try again, then time it")
    assert took <= limit, f"{target.name}: the way back took {took:.0f} s on the copy, limit is {limit:.0f} s"
