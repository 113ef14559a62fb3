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
    now = cache.later().rejected_connections - facts.rejected_connections
    evidence(
        observed=f"{facts.clients} of {facts.max_clients} connections, {facts.rejected_connections} rejected,"
        f" {max(now, 0)} of them just now",
        expected=f"<= {limit:.0%} in use, <= {rejected} rejected since the start, none just now",
        inspected=1,
    )
    assert facts.client_ratio <= limit, (
        f"{cache.name}: {facts.client_ratio:.0%} of maxclients open, limit is {limit:.0%}"
    )
    assert facts.rejected_connections <= rejected, (
        f"{cache.name}: {facts.rejected_connections} connections rejected since the start, limit is {rejected}"
    )
    assert now <= 0, f"{cache.name}: {now} connections rejected within {cache.settings.sample.total_seconds():g} s"


@pytest.mark.checklist(id="INF-SVC-1")
def test_cache_evicts_only_what_its_purpose_allows(cache, evidence):
    facts, wanted = cache.facts, cache.settings
    seconds = max(wanted.sample.total_seconds(), 1)
    rate = max(cache.later().evicted_keys - facts.evicted_keys, 0) / seconds
    most = wanted.evictions_accepted
    evidence(
        observed=f"{facts.policy}, {facts.evicted_keys} keys evicted, {rate:g} each second now",
        expected=f"{' or '.join(wanted.accepted_policies)}, for {wanted.purpose}; at most"
        f" {'any number of' if most is None else most} keys evicted, <= {wanted.evictions_per_second:g} each second",
        inspected=1,
    )
    assert facts.policy in wanted.accepted_policies, (
        f"{cache.name}: maxmemory-policy is {facts.policy}, {wanted.purpose} needs"
        f" {' or '.join(wanted.accepted_policies)}"
    )
    assert most is None or facts.evicted_keys <= most, (
        f"{cache.name}: {facts.evicted_keys} keys were evicted since the start: {wanted.purpose} lost data"
    )
    assert rate <= wanted.evictions_per_second, (
        f"{cache.name}: {rate:g} keys are evicted each second, limit is {wanted.evictions_per_second:g}: too small"
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
