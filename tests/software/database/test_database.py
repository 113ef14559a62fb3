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
    assert not migrations.forks, f"{target.name}: {len(migrations.forks)} heads: {', '.join(migrations.forks)}"
    assert not applied.failed, f"{target.name}: failed: {', '.join(applied.failed)}"
    assert not pending, f"{target.name}: not applied: {', '.join(pending)}"
    assert not unknown, f"{target.name}: applied, but not in the release: {', '.join(unknown)}"


@pytest.mark.checklist(id="SW-DB-1")
def test_constraints_hold_for_all_rows(target, constraints, evidence):
    evidence(
        observed=f"{constraints.inspected} constraints, not validated: {', '.join(constraints.unvalidated) or 'none'}",
        expected="every constraint validated",
        inspected=constraints.inspected,
    )
    assert not constraints.unvalidated, f"{target.name}: older rows may break {', '.join(constraints.unvalidated)}"


@pytest.mark.checklist(id="SW-DB-2")
def test_indexes_are_valid_and_distinct(target, indexes, evidence):
    ignored = target.settings.indexes.ignore
    invalid = [one.name for one in indexes.invalid if one.name not in ignored]
    twice = [
        " = ".join(one.name for one in group)
        for group in indexes.duplicates
        if not any(one.name in ignored for one in group)
    ]
    evidence(
        observed=f"{len(indexes.indexes)} indexes, invalid: {', '.join(invalid) or 'none'}, "
        f"twice: {'; '.join(twice) or 'none'}",
        expected="none invalid, none twice",
        inspected=len(indexes.indexes),
    )
    assert not invalid, f"{target.name}: invalid: {', '.join(invalid)}"
    assert not twice, f"{target.name}: the same index twice: {', '.join(twice)}"


@pytest.mark.checklist(id="SW-DB-2")
def test_no_index_is_unused(target, used_indexes, evidence):
    limits, days = target.settings.indexes, used_indexes.statistics_age.days
    unused = [
        one.name
        for one in used_indexes.unused
        if one.name not in limits.ignore and one.size_bytes >= limits.unused_min_size_mib * 2**20
    ]
    evidence(
        observed=f"{len(used_indexes.indexes)} indexes, never read in {days} days: {', '.join(unused) or 'none'}",
        expected=f"every index from {limits.unused_min_size_mib:g} MiB on read, or the guard of a constraint",
        inspected=len(used_indexes.indexes),
    )
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
def test_connection_pools_fit_the_server(target, pools, poolers, connections, evidence):
    direct = [pool for pool in pools if not pool.through]
    wanted = sum(pool.instances * (pool.size + pool.overflow) for pool in direct)
    wanted += sum(pooler.may_open for pooler in poolers.values())
    reserve = target.settings.connections.reserve
    shown = [f"{one.instances} x ({one.size}+{one.overflow}) {one.application}" for one in direct]
    shown += [f"{pooler.may_open} {name}" for name, pooler in poolers.items()]
    evidence(
        observed=" + ".join(shown) + f" + {reserve} in reserve = {wanted + reserve}",
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


@pytest.mark.checklist(id="SW-DB-3")
def test_pooler_serves_its_clients_at_once(target, pooler, evidence):
    limits, modes = target.settings, ", ".join(sorted(pooler.modes))
    evidence(
        observed=f"{pooler.clients} of {pooler.max_clients} clients, {pooler.waiting} waiting, the first for "
        f"{pooler.longest_wait.total_seconds():.1f} s, pools by {modes}",
        expected=f"<= {limits.clients_used:.0%} of the clients, <= {limits.waiting} waiting, none for more than "
        f"{limits.longest_wait.total_seconds():g} s, pools by {' or '.join(limits.pool_modes)}",
        inspected=len(pooler.pools),
    )
    assert pooler.clients <= limits.clients_used * pooler.max_clients, (
        f"{target.name}: {pooler.clients} clients of max_client_conn {pooler.max_clients}"
    )
    assert pooler.waiting <= limits.waiting, f"{target.name}: {pooler.waiting} clients wait for a connection"
    assert pooler.longest_wait <= limits.longest_wait, (
        f"{target.name}: a client has waited for {pooler.longest_wait.total_seconds():.1f} s"
    )
    assert pooler.modes <= set(limits.pool_modes), f"{target.name}: pools by {modes}"


@pytest.mark.checklist(id="SW-DB-3")
def test_pooler_admits_every_application(target, pooler, inventory, evidence):
    server = inventory.service(target.settings.server)
    pools = [pool for pool in server.connections.pools if pool.through == target.name]
    wanted = sum(pool.instances * (pool.size + pool.overflow) for pool in pools)
    evidence(
        observed=" + ".join(f"{one.instances} x ({one.size}+{one.overflow}) {one.application}" for one in pools)
        + f" = {wanted}",
        expected=f"<= max_client_conn {pooler.max_clients}",
        inspected=len(pools),
    )
    assert wanted <= pooler.max_clients, (
        f"{target.name}: applications may open {wanted} connections, max_client_conn is {pooler.max_clients}"
    )


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


@pytest.mark.checklist(id="SW-DB-4")
def test_database_loses_nothing_to_conflicts_and_to_disk(target, waste, evidence):
    limits, judged = target.settings.waste, waste.reads >= target.settings.waste.cache_from_reads
    hit = f"{waste.hit_ratio:.1%} of {waste.reads} reads from memory"
    memory = hit if judged else f"{waste.reads} reads, too few to judge memory by"
    spilled = waste.spilled_mib_per_hour
    evidence(
        observed=f"in {waste.age.total_seconds() / 3600:.1f} h: {waste.deadlocks} deadlocks, "
        f"{waste.spills} sorts on disk ({spilled:.1f} MiB/h), {memory}",
        expected=f"<= {limits.deadlocks_per_day:g} deadlocks a day, <= {limits.spilled_mib_per_hour:g} MiB/h on disk, "
        f">= {limits.cache_hit:.0%} from memory",
        inspected=1,
    )
    assert waste.deadlocks_per_day <= limits.deadlocks_per_day, (
        f"{target.name}: {waste.deadlocks} deadlocks in {waste.days:.0f} days, "
        f"limit is {limits.deadlocks_per_day:g} a day"
    )
    assert spilled <= limits.spilled_mib_per_hour, f"{target.name}: sorts write {spilled:.1f} MiB an hour to disk"
    assert not judged or waste.hit_ratio >= limits.cache_hit, f"{target.name}: only {hit}"


@pytest.mark.checklist(id="SW-DB-4")
def test_key_queries_are_planned_well(target, plans, evidence):
    evidence(
        observed="; ".join(
            f"{query.name}: "
            + (f"cost {plan.cost:.0f}, " if plan.cost is not None else "")
            + f"reads whole: {', '.join(f'{scan.table} ({scan.rows} rows)' for scan in plan.scans) or 'nothing'}"
            for query, plan in plans
        ),
        expected="costs within their limits, and no large table read from end to end",
        inspected=len(plans),
    )
    dear = [f"{q.name} ({p.cost:.0f})" for q, p in plans if q.max_cost and p.cost is not None and p.cost > q.max_cost]
    assert not dear, f"{target.name}: over its cost: {', '.join(dear)}"
    scanning = [f"{q.name} ({s.table})" for q, p in plans for s in p.scans if s.rows > q.scan_rows]
    assert not scanning, f"{target.name}: reads a whole table: {', '.join(scanning)}"


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


@pytest.mark.checklist(id="SW-DB-5")
def test_applied_migrations_are_those_of_the_release(target, migrations, applied, differing_tables, evidence):
    changed = applied.changed(migrations)
    differing = [table for table, differs in (differing_tables or {}).items() if differs]
    evidence(
        observed=f"{len(applied.checksums)} checksums, other than the release's: {', '.join(changed) or 'none'}"
        if differing_tables is None
        else f"{len(differing_tables)} tables, other than the proof's: {', '.join(differing) or 'none'}",
        expected="what was applied is what the release holds",
        inspected=len(applied.checksums) or len(differing_tables or ()),
    )
    assert not changed, f"{target.name}: edited after they were applied: {', '.join(changed)}"
    assert not differing, f"{target.name}: not what the migrations make: {', '.join(differing)}"


@pytest.mark.checklist(id="SW-DB-5")
def test_migrations_are_safe_to_apply(target, linted, evidence):
    scripts, result = linted
    evidence(
        observed=f"{scripts} scripts, {len(result.findings)} findings of {result.version}",
        expected="no statement that squawk objects to, but for the accepted rules",
        inspected=scripts,
    )
    shown = ", ".join(map(str, result.findings[:10]))
    assert not result.findings, f"{target.name}: {shown}"


@pytest.mark.checklist(id="SW-DB-5")
def test_migrations_are_quick_enough(target, migration_proof, evidence):
    limit, took = target.settings.migrations.up_within.total_seconds(), migration_proof.longest("up")
    evidence(observed=f"up in {took:.2f} s", expected=f"<= {limit:g} s", inspected=len(migration_proof.steps))
    assert took <= limit, f"{target.name}: going up took {took:.0f} s on the copy, limit is {limit:.0f} s"
