"""Database: final schema, sound indexes, enough connections, no slow statement, proven migrations."""

import pytest


@pytest.mark.checklist(id="SW-DB-1")
def test_schema_is_at_its_final_version(target, migrations, applied, evidence):
    pending, unknown = applied.pending(migrations), applied.unknown(migrations)
    evidence(
        observed=f"applied: {len(applied.versions)}, pending: {', '.join(pending) or 'none'}",
        expected=f"head {', '.join(migrations.heads)} of the release, nothing failed, nothing else",
        inspected=len(migrations.migrations),
    )
    assert not migrations.duplicates, f"{target.name}: two files for {', '.join(migrations.duplicates)}"
    assert len(migrations.heads) == 1, f"{target.name}: {len(migrations.heads)} heads: {', '.join(migrations.heads)}"
    assert not applied.failed, f"{target.name}: failed: {', '.join(applied.failed)}"
    assert not pending, f"{target.name}: not applied: {', '.join(pending)}"
    assert not unknown, f"{target.name}: applied, but not in the release: {', '.join(unknown)}"


@pytest.mark.checklist(id="SW-DB-2")
def test_indexes_are_valid_distinct_and_used(target, indexes, evidence):
    limits, days = target.settings.indexes, indexes.statistics_age.days
    old_enough = indexes.statistics_age >= limits.unused_after
    unused = [one.name for one in indexes.unused if one.name not in limits.ignore] if old_enough else []
    evidence(
        observed=f"{len(indexes.indexes)} indexes, {len(indexes.invalid)} invalid, {len(indexes.duplicates)} twice, "
        + (f"{len(unused)} unused in {days} days" if old_enough else f"use not judged: watched for {days} days only"),
        expected="none invalid, none twice, none unused",
        inspected=len(indexes.indexes),
    )
    invalid = [one.name for one in indexes.invalid]
    assert not invalid, f"{target.name}: invalid: {', '.join(invalid)}"
    twice = [" = ".join(one.name for one in group) for group in indexes.duplicates]
    assert not twice, f"{target.name}: the same index twice: {', '.join(twice)}"
    assert not unused, f"{target.name}: unused for {days} days: {', '.join(unused)}"


@pytest.mark.checklist(id="SW-DB-2")
def test_foreign_keys_have_an_index(target, indexes, evidence):
    limits, keys = target.settings.indexes, indexes.foreign_keys
    bare = [
        f"{one.table}.{one.name}"
        for one in keys
        if not one.has_index and one.table_bytes >= limits.min_size_mib * 2**20 and one.name not in limits.ignore
    ]
    evidence(
        observed=f"{len(keys)} foreign keys, without an index: {', '.join(bare) or 'none'}",
        expected=f"an index under each foreign key of tables from {limits.min_size_mib:g} MiB on",
        inspected=len(keys) or len(indexes.indexes),
    )
    assert not bare, f"{target.name}: no index under {', '.join(bare)}"


@pytest.mark.checklist(id="SW-DB-3")
def test_connection_pools_fit_the_server(target, pools, connections, evidence):
    wanted = sum(pool.instances * (pool.size + pool.overflow) for pool in pools)
    reserve = target.settings.connections.reserve
    evidence(
        observed=" + ".join(f"{one.instances} x ({one.size}+{one.overflow}) {one.application}" for one in pools)
        + f" + {reserve} in reserve = {wanted + reserve}",
        expected=f"<= {connections.available} (max_connections {connections.limit} - {connections.reserved} reserved)",
        inspected=len(pools),
    )
    assert wanted + reserve <= connections.available, (
        f"{target.name}: pools may open {wanted} connections, with {reserve} in reserve the server has "
        f"{connections.available}"
    )


@pytest.mark.checklist(id="SW-DB-3")
def test_connections_are_neither_exhausted_nor_forgotten(target, connections, evidence):
    limits = target.settings.connections
    evidence(
        observed=f"{connections.used} of {connections.available} connections open, "
        f"{len(connections.idle_in_transaction)} idle in a transaction",
        expected=f"<= {limits.used_ratio:.0%} open, no transaction idle for more than {limits.idle_in_transaction}",
        inspected=connections.used,
    )
    assert connections.used_ratio <= limits.used_ratio, (
        f"{target.name}: {connections.used_ratio:.0%} of the connections are open, limit is {limits.used_ratio:.0%}"
    )
    forgotten = [one for one in connections.idle_in_transaction if one.idle > limits.idle_in_transaction]
    shown = ", ".join(f"{one.application or one.role} for {one.idle.total_seconds():.0f} s" for one in forgotten)
    assert not forgotten, f"{target.name}: idle in a transaction: {shown}"


@pytest.mark.checklist(id="SW-DB-4")
def test_no_statement_is_slow(target, statements, evidence):
    limits = target.settings.statements
    frequent = [one for one in statements.statements if one.calls >= limits.min_calls]
    evidence(
        observed=f"{len(statements.statements)} statements in {statements.hours:.1f} h, slowest mean "
        f"{max((one.mean_ms for one in frequent), default=0):.1f} ms",
        expected=f"mean <= {limits.mean_ms:g} ms from {limits.min_calls} calls on, none ever > {limits.max_ms:g} ms",
        inspected=len(statements.statements),
    )
    slow = [f"{one.text} ({one.mean_ms:.0f} ms)" for one in frequent if one.mean_ms > limits.mean_ms]
    assert not slow, f"{target.name}: mean over {limits.mean_ms:g} ms: {'; '.join(slow)}"
    stuck = [f"{one.text} ({one.max_ms:.0f} ms)" for one in statements.statements if one.max_ms > limits.max_ms]
    assert not stuck, f"{target.name}: once over {limits.max_ms:g} ms: {'; '.join(stuck)}"


@pytest.mark.checklist(id="SW-DB-5")
def test_migrations_were_proven_both_ways(target, migrations, migration_proof, evidence):
    unproven = migration_proof.unproven(one.version for one in migrations.migrations)
    evidence(
        observed=f"{len(migration_proof.steps)} steps in {migration_proof.seconds:.2f} s on "
        f"{migration_proof.finished:%Y-%m-%d %H:%M} UTC, unproven: {', '.join(unproven) or 'none'}",
        expected="every migration up, down and up again on a copy, and no down script that does nothing",
        inspected=len(migrations.migrations),
    )
    assert not migration_proof.failed, f"{target.name}: failed: {', '.join(migration_proof.failed)}"
    assert not unproven, f"{target.name}: not tried up, down and up again: {', '.join(unproven)}"
    hollow = migrations.irreversible
    assert not hollow, f"{target.name}: no way back from {', '.join(hollow)}"
