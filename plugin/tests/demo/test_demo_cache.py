"""The cache: limits that are real, and a check user that can look and not touch."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from signoff.demo import cache

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo


def test_the_limits_are_those_of_the_configuration(demo: Layout) -> None:
    with cache.connect_admin(demo) as admin:
        info = admin.info()
    assert (info["maxmemory"], info["maxmemory_policy"], info["maxclients"]) == (64 * 1024 * 1024, "allkeys-lru", 200)


def test_a_full_cache_evicts(demo: Layout) -> None:
    with cache.connect_admin(demo) as admin:
        before = admin.info()["evicted_keys"]
        admin.config_set("maxmemory", admin.info()["used_memory"] + 12_000_000)
        try:
            for number in range(400):
                admin.set(f"filler:{number}", b"x" * 60_000)
            info = admin.info()
            assert info["evicted_keys"] > before
            assert info["used_memory"] <= info["maxmemory"] * 1.1
        finally:
            admin.config_set("maxmemory", "64mb")
            for key in admin.scan_iter("filler:*"):
                admin.delete(key)
            admin.config_resetstat()


def test_the_check_user_can_look_and_not_touch(demo: Layout) -> None:
    with redis.Redis.from_url(cache.url(demo, "signoff"), socket_timeout=30) as client:
        assert client.ping()
        assert client.info()["redis_version"]
        for command in (("SET", "a", "b"), ("GET", "a"), ("CONFIG", "GET", "*"), ("FLUSHALL",), ("KEYS", "*")):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)


def test_the_shop_user_has_no_administration(demo: Layout) -> None:
    with redis.Redis.from_url(cache.url(demo), socket_timeout=30) as client:
        client.set("probe", "1", ex=5)
        for command in (("CONFIG", "SET", "maxmemory", "1mb"), ("FLUSHALL",), ("SHUTDOWN",)):
            with pytest.raises(redis.exceptions.NoPermissionError):
                client.execute_command(*command)


def test_nobody_comes_in_without_a_password(demo: Layout) -> None:
    with (
        redis.Redis(port=demo.port("redis"), retry=Retry(NoBackoff(), 0)) as client,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        client.ping()
