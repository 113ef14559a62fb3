"""What would take over from the cache of the embedded environment: a replica, and three Sentinels that watch both.

They wait a minute before they take anything for lost: what is restarted on purpose is none of their business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from signoff.demo.cache import server_binary
from signoff.demo.layout import Program, write_atomically

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

NAME = "shop-cache"
"""Under which the Sentinels watch it."""
SENTINELS = ("sentinel1", "sentinel2", "sentinel3")
QUORUM = 2
_REPLICA = """\
bind 127.0.0.1
set-proc-title no
port {port}
dir "{data}"
dbfilename replica.rdb
maxmemory 64mb
maxmemory-policy allkeys-lru
save ""
replicaof 127.0.0.1 {primary}
masteruser default
masterauth {default}
repl-diskless-load on-empty-db
user default on >{default} ~* &* +@all
"""
_SENTINEL = """\
bind 127.0.0.1
set-proc-title no
port {port}
dir "{data}"
sentinel monitor {name} 127.0.0.1 {primary} {quorum}
sentinel auth-user {name} default
sentinel auth-pass {name} {default}
sentinel down-after-milliseconds {name} 60000
sentinel sentinel-user default
sentinel sentinel-pass {default}
user default on >{default} ~* &* +@all
user signoff on >{signoff} -@all +sentinel|ckquorum +sentinel|master +sentinel|replicas
"""


def programs(layout: Layout) -> list[Program]:
    """Write the configurations and return the replica and the Sentinels; the cache must be running."""
    return [_replica(layout), *(_sentinel(layout, name) for name in SENTINELS)]


def set_quorum(layout: Layout, quorum: int) -> None:
    """Tell every Sentinel how many of them must agree."""
    for name in SENTINELS:
        with _client(layout, name) as client:
            _send(client, "SENTINEL SET", NAME, "quorum", quorum)


def _replica(layout: Layout) -> Program:
    home = layout.host("cache1")
    data = home / "var" / "lib" / "valkey-replica"
    data.mkdir(parents=True, exist_ok=True)
    text = _REPLICA.format(
        port=layout.port("redis_replica"),
        data=data,
        primary=layout.port("redis"),
        default=layout.password("redis_default"),
    )
    configuration = home / "etc" / "valkey" / "replica.conf"
    write_atomically(configuration, text)

    def ready() -> bool:
        try:
            with _client(layout, "redis_replica") as client:
                info: Any = client.info("replication")
        except redis.RedisError:
            return False
        return bool(info["master_link_status"] == "up")

    return Program(
        name="valkey-replica",
        argv=(server_binary(), str(configuration)),
        cwd=home,
        host="cache1",
        ready=ready,
        address=f"redis://127.0.0.1:{layout.port('redis_replica')}",
    )


def _sentinel(layout: Layout, name: str) -> Program:
    home = layout.host("cache1")
    data = home / "var" / "lib" / name
    data.mkdir(parents=True, exist_ok=True)
    # Sentinel writes what it learns into its own file.
    configuration = data / "sentinel.conf"
    text = _SENTINEL.format(
        port=layout.port(name),
        data=data,
        name=NAME,
        primary=layout.port("redis"),
        quorum=QUORUM,
        default=layout.password("redis_default"),
        signoff=layout.password("sentinel_signoff"),
    )
    write_atomically(configuration, text)

    def ready() -> bool:
        try:
            with _client(layout, name) as client:
                known: Any = _send(client, "SENTINEL MASTER", NAME)
                replicas: Any = _send(client, "SENTINEL REPLICAS", NAME)
        except redis.RedisError:
            return False
        # A replica is listed before it was asked whether it follows, and a rehearsal's copy may be listed beside it.
        follows = [one for one in map(_words, replicas) if int(one["port"]) == layout.port("redis_replica")]
        return int(_words(known)["num-other-sentinels"]) == len(SENTINELS) - 1 and [
            (one["flags"], one["master-link-status"]) for one in follows
        ] == [("slave", "ok")]

    return Program(
        name=name,
        argv=(server_binary(), str(configuration), "--sentinel"),
        cwd=data,
        host="cache1",
        ready=ready,
        address=f"redis://127.0.0.1:{layout.port(name)}",
    )


def _client(layout: Layout, port: str) -> redis.Redis:
    return redis.Redis(
        host="127.0.0.1",
        port=layout.port(port),
        username="default",
        password=layout.password("redis_default"),
        socket_timeout=10,
        decode_responses=True,
        protocol=2,
        retry=Retry(NoBackoff(), 0),
    )


def _send(client: redis.Redis, *words: str | int) -> Any:
    ask: Any = client.execute_command
    return ask(*words)


def _words(answer: Any) -> dict[str, str]:
    return dict(zip(answer[::2], answer[1::2], strict=True)) if isinstance(answer, list) else answer
