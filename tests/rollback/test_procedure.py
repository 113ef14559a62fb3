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
