"""A Redis-compatible server, read by INFO alone: managed services and careful ACLs allow nothing more."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from signoff.errors import AuthenticationError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Mapping


# No command but AUTH and INFO may go out: a narrow ACL would refuse the client's introduction of itself, and log it.
# The older protocol needs none to begin with; the option's name depends on the version of the client.
_SUPPORTED = inspect.signature(redis.Redis).parameters
_NO_GREETING: Mapping[str, Any] = (
    {"driver_info": None} if "driver_info" in _SUPPORTED else {"lib_name": None, "lib_version": None}
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicaState:
    """One replica as its primary sees it."""

    address: str
    is_online: bool
    lag_seconds: int


@dataclass(frozen=True, kw_only=True, slots=True)
class RedisFacts:
    """One server at one moment. Counters count since its start or the last CONFIG RESETSTAT."""

    version: str
    role: str
    """`master` or `slave`, as the protocol writes it."""
    uptime_seconds: int
    is_loading: bool
    used_memory: int
    max_memory: int
    """Bytes; 0: no limit."""
    policy: str
    """`maxmemory-policy`."""
    clients: int
    max_clients: int
    rejected_connections: int
    evicted_keys: int
    hits: int
    misses: int
    has_persistence: bool
    """Whether it writes an append-only file, or has ever been asked to save a snapshot."""
    persistence_error: str
    """Which of the last writes to disk failed; empty: none."""
    primary_link: str
    """On a replica: `up` or `down`; empty on a primary."""
    replicas: tuple[ReplicaState, ...]

    @property
    def memory_ratio(self) -> float | None:
        """Return the share of the memory limit that is used; None without a limit."""
        return self.used_memory / self.max_memory if self.max_memory else None

    @property
    def client_ratio(self) -> float:
        """Return the share of the allowed connections that is open."""
        return self.clients / self.max_clients


class _Client(redis.Redis):
    """A client that counts what it sends."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        METER.spend("cache_commands")
        return super().execute_command(*args, **options)  # type: ignore[no-untyped-call] # redis types only its commands


def read_redis(  # noqa: PLR0913 - an address has this many parts
    *,
    host: str,
    port: int,
    username: str | None = None,
    password: str | None = None,
    tls: bool = False,
    ca_file: str | None = None,
    timeout: float = 5.0,
) -> RedisFacts:
    """Return the facts by one connection and one INFO, without retries.

    Raises:
        AuthenticationError: wrong credentials, or none where some are needed.
        NotVerifiedError: the account may not use INFO, or a value is missing.
        UnreachableError, TimedOutError: no connection, or no answer in time.
    """
    where = f"{host} port {port}"
    with open_client(
        host=host, port=port, username=username, password=password, tls=tls, ca_file=ca_file, timeout=timeout
    ) as client:
        try:
            info: Any = client.info()
        except redis.AuthenticationError as error:
            raise AuthenticationError(f"{where}: {error}") from error
        except redis.TimeoutError as error:
            raise TimedOutError(f"{where}: no answer within {timeout:g} s") from error
        except redis.ConnectionError as error:
            raise UnreachableError(f"{where}: {error}") from error
        except redis.ResponseError as error:
            raise _refusal(where, error) from error
    return parse_info(info, where)


def open_client(  # noqa: PLR0913 - an address has this many parts
    *,
    host: str,
    port: int,
    username: str | None = None,
    password: str | None = None,
    tls: bool = False,
    ca_file: str | None = None,
    timeout: float = 5.0,
) -> redis.Redis:
    """Return a client that sends what it is told and nothing else: no greeting, no second attempt."""
    transport: dict[str, Any] = {"ssl": True, "ssl_ca_certs": ca_file} if tls else {}
    return _Client(
        host=host,
        port=port,
        username=username or None,
        password=password or None,
        socket_timeout=timeout,
        socket_connect_timeout=timeout,
        retry=Retry(NoBackoff(), 0),
        protocol=2,
        **_NO_GREETING,
        **transport,
    )


def parse_info(info: Mapping[str, Any], where: str) -> RedisFacts:
    """Return the facts of a parsed INFO.

    Raises:
        NotVerifiedError: a value is missing.
    """
    try:
        return _facts(info)
    except (KeyError, TypeError, ValueError) as error:
        raise NotVerifiedError(f"{where}: INFO without {error}; check what the account may read") from error


def _facts(info: Mapping[str, Any]) -> RedisFacts:
    failed = [
        name
        for name in ("rdb_last_bgsave_status", "aof_last_bgrewrite_status", "aof_last_write_status")
        if info.get(name, "ok") != "ok"
    ]
    replicas = [value for key, value in info.items() if key.startswith("slave") and isinstance(value, dict)]
    return RedisFacts(
        version=str(info.get("valkey_version") or info["redis_version"]),
        role=info["role"],
        uptime_seconds=info["uptime_in_seconds"],
        is_loading=bool(info["loading"]),
        used_memory=int(info["used_memory"]),
        max_memory=int(info["maxmemory"]),
        policy=info["maxmemory_policy"],
        clients=int(info["connected_clients"]),
        max_clients=int(info["maxclients"]),
        rejected_connections=int(info["rejected_connections"]),
        evicted_keys=int(info["evicted_keys"]),
        hits=int(info["keyspace_hits"]),
        misses=int(info["keyspace_misses"]),
        has_persistence=bool(info["aof_enabled"]) or int(info.get("rdb_saves", 0)) > 0,
        persistence_error=", ".join(failed),
        primary_link=info.get("master_link_status", "") if info["role"] == "slave" else "",
        replicas=tuple(
            ReplicaState(
                address=f"{replica['ip']}:{replica['port']}",
                is_online=replica["state"] == "online",
                lag_seconds=int(replica["lag"]),
            )
            for replica in replicas
        ),
    )


def _refusal(where: str, error: redis.ResponseError) -> Exception:
    text = str(error)
    if text.startswith(("NOAUTH", "WRONGPASS", "Authentication required")):
        return AuthenticationError(f"{where}: {text}")
    return NotVerifiedError(f"{where}: INFO was refused ({text}); grant the account +info")
