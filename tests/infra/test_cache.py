"""Cache servers: room, connections, eviction, and what must not be lost."""

import pytest


@pytest.mark.checklist(id="INF-SVC-1")
def test_cache_has_memory_to_spare(cache, evidence):
    facts, limit = cache.facts, cache.settings.memory_used
    evidence(
        observed=f"{facts.memory_ratio:.0%} of maxmemory" if facts.max_memory else "no maxmemory",
        expected=f"maxmemory set, <= {limit:.0%} of it used",
        inspected=1,
    )
    assert facts.memory_ratio is not None, f"{cache.name}: maxmemory is not set, so it grows until the kernel kills it"
    assert facts.memory_ratio <= limit, (
        f"{cache.name}: {facts.memory_ratio:.0%} of maxmemory used, limit is {limit:.0%}"
    )


@pytest.mark.checklist(id="INF-SVC-1")
def test_cache_has_connections_to_spare(cache, evidence):
    facts, limit, rejected = cache.facts, cache.settings.clients_used, cache.settings.rejected_connections
    evidence(
        observed=f"{facts.clients} of {facts.max_clients} connections, {facts.rejected_connections} rejected",
        expected=f"<= {limit:.0%} in use, <= {rejected} rejected since the start",
        inspected=1,
    )
    assert facts.client_ratio <= limit, (
        f"{cache.name}: {facts.client_ratio:.0%} of maxclients open, limit is {limit:.0%}"
    )
    assert facts.rejected_connections <= rejected, (
        f"{cache.name}: {facts.rejected_connections} connections rejected since the start, limit is {rejected}"
    )


@pytest.mark.checklist(id="INF-SVC-1")
def test_cache_evicts_only_what_its_purpose_allows(cache, evidence):
    facts, accepted = cache.facts, cache.settings.accepted_policies
    evidence(
        observed=f"{facts.policy}, {facts.evicted_keys} keys evicted",
        expected=f"{' or '.join(accepted)}, for {cache.settings.purpose}",
        inspected=1,
    )
    assert facts.policy in accepted, (
        f"{cache.name}: maxmemory-policy is {facts.policy}, {cache.settings.purpose} needs {' or '.join(accepted)}"
    )


@pytest.mark.checklist(id="INF-SVC-1")
def test_cache_keeps_what_it_must(cache, evidence):
    facts, wanted = cache.facts, cache.settings
    in_step = [one for one in facts.replicas if one.is_online and one.lag_seconds <= wanted.replica_lag_seconds]
    evidence(
        observed=f"writes to disk: {'on' if facts.has_persistence else 'off'}, {len(in_step)} replicas in step",
        expected=f"writes to disk: {'on' if wanted.must_persist else 'any'}, >= {wanted.replicas} replicas in step",
        inspected=1,
    )
    assert not facts.is_loading, f"{cache.name}: still loading its data"
    assert not facts.persistence_error, f"{cache.name}: the last write to disk failed: {facts.persistence_error}"
    assert facts.has_persistence or not wanted.must_persist, (
        f"{cache.name}: holds {wanted.purpose} and writes nothing to disk"
    )
    assert facts.primary_link in {"", "up"}, f"{cache.name}: the link to its primary is {facts.primary_link}"
    assert len(in_step) >= wanted.replicas, (
        f"{cache.name}: {len(in_step)} replicas in step, needed are {wanted.replicas}"
    )
