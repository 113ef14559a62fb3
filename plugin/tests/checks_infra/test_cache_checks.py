"""INF-SVC-1: what is healthy, what is not, and what cannot be told."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.config.kinds.redis import RedisService
from signoff.probes.redis.server import RedisFacts, ReplicaState

if TYPE_CHECKING:
    from collections.abc import Callable

MIB = 2**20
HEALTHY = RedisFacts(
    version="7.2.4",
    role="master",
    uptime_seconds=90_000,
    is_loading=False,
    used_memory=40 * MIB,
    max_memory=64 * MIB,
    policy="allkeys-lru",
    clients=20,
    max_clients=200,
    rejected_connections=0,
    evicted_keys=12,
    hits=900,
    misses=100,
    has_persistence=True,
    persistence_error="",
    primary_link="",
    replicas=(),
)
ONLINE = ReplicaState(address="10.0.0.2:6379", is_online=True, lag_seconds=1)
MEMORY, CONNECTIONS = "cache_has_memory_to_spare", "cache_has_connections_to_spare"
EVICTION, KEEPING = "cache_evicts_only_what_its_purpose_allows", "cache_keeps_what_it_must"


def cache(settings: dict[str, Any], *, later: dict[str, Any] | None = None, **facts: Any) -> Any:
    service = RedisService(**{"host": "cache1", "purpose": "cache"} | settings)
    first = replace(HEALTHY, **facts)
    return SimpleNamespace(name="cache", settings=service, facts=first, later=lambda: replace(first, **later or {}))


@pytest.mark.parametrize(
    ("check", "settings", "facts"),
    [
        (MEMORY, {}, {}),
        (MEMORY, {"memory_used": 1.0}, {"used_memory": 64 * MIB}),
        (CONNECTIONS, {}, {}),
        (CONNECTIONS, {"rejected_connections": 3}, {"rejected_connections": 3}),
        (EVICTION, {}, {}),
        (EVICTION, {"purpose": "sessions"}, {"policy": "noeviction", "evicted_keys": 0}),
        (EVICTION, {"purpose": "sessions", "evicted_keys": 12}, {"policy": "noeviction"}),
        (EVICTION, {"purpose": "sessions", "policies": ["volatile-ttl"]}, {"policy": "volatile-ttl"}),
        (EVICTION, {}, {"later": {"evicted_keys": 22}}),
        (EVICTION, {}, {"later": {"evicted_keys": 0}}),
        (CONNECTIONS, {"rejected_connections": 9}, {"rejected_connections": 9, "later": {"rejected_connections": 0}}),
        (KEEPING, {}, {"has_persistence": False}),
        (KEEPING, {"purpose": "queue", "persistence": False}, {"has_persistence": False}),
        (KEEPING, {"purpose": "store", "replicas": 1}, {"replicas": (ONLINE,)}),
        (KEEPING, {}, {"role": "slave", "primary_link": "up"}),
    ],
)
def test_a_healthy_cache_passes(
    run_check: Callable[..., Any], check: str, settings: dict[str, Any], facts: dict[str, Any]
) -> None:
    assert run_check("infra/test_cache.py", check, cache=cache(settings, **facts)).state == "PASS"


@pytest.mark.parametrize(
    ("check", "settings", "facts", "reason"),
    [
        (MEMORY, {}, {"used_memory": 58 * MIB}, "cache: 91% of maxmemory used, limit is 80%"),
        (MEMORY, {}, {"max_memory": 0}, "maxmemory is not set"),
        (CONNECTIONS, {}, {"clients": 190}, "95% of maxclients open, limit is 80%"),
        (CONNECTIONS, {}, {"rejected_connections": 1}, "1 connections rejected"),
        (EVICTION, {}, {"policy": "noeviction"}, "cache needs allkeys-lru or"),
        (EVICTION, {"purpose": "sessions"}, {}, "maxmemory-policy is allkeys-lru, sessions needs noeviction"),
        (EVICTION, {"purpose": "queue"}, {"policy": "volatile-lru"}, "queue needs noeviction"),
        (EVICTION, {"purpose": "queue"}, {"policy": "noeviction"}, "12 keys were evicted since the start: queue lost"),
        (EVICTION, {"evicted_keys": 11}, {}, "12 keys were evicted since the start"),
        (
            EVICTION,
            {},
            {"later": {"evicted_keys": 23}},
            "11 keys are evicted each second, limit is 10: too small",
        ),
        (
            CONNECTIONS,
            {"rejected_connections": 9},
            {"rejected_connections": 9, "later": {"rejected_connections": 12}},
            "3 connections rejected within 1 s",
        ),
        (KEEPING, {}, {"is_loading": True}, "still loading"),
        (KEEPING, {}, {"persistence_error": "rdb_last_bgsave_status"}, "the last write to disk failed: rdb_last"),
        (KEEPING, {"purpose": "store"}, {"has_persistence": False}, "holds store and writes nothing to disk"),
        (KEEPING, {}, {"role": "slave", "primary_link": "down"}, "link to its primary is down"),
        (KEEPING, {"replicas": 2}, {"replicas": (ONLINE,)}, "1 replicas in step, needed are 2"),
        (KEEPING, {"replicas": 1}, {"replicas": (replace(ONLINE, lag_seconds=60),)}, "0 replicas in step"),
        (KEEPING, {"replicas": 1}, {"replicas": (replace(ONLINE, is_online=False),)}, "0 replicas in step"),
    ],
)
def test_a_cache_in_trouble_fails_and_says_why(
    run_check: Callable[..., Any], check: str, settings: dict[str, Any], facts: dict[str, Any], reason: str
) -> None:
    conclusion = run_check("infra/test_cache.py", check, cache=cache(settings, **facts))
    assert conclusion.state == "FAIL"
    assert reason in conclusion.reason
    assert conclusion.evidence["observed"]
    assert conclusion.evidence["expected"]
