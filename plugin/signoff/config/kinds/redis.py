"""Inventory entry of a Redis-compatible server: how to read it, and what it is for."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Port, Ratio, SecretText
from signoff.config.kinds.base import Service

Purpose = Literal["cache", "sessions", "queue", "store"]
Policy = Literal[
    "noeviction",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
]

# A cache may drop anything, so that a full one goes on working; everything else may lose nothing silently.
_POLICIES: dict[Purpose, tuple[Policy, ...]] = {
    "cache": ("allkeys-lru", "allkeys-lfu", "allkeys-random"),
    "sessions": ("noeviction",),
    "queue": ("noeviction",),
    "store": ("noeviction",),
}


class RedisService(Service):
    """One Redis-compatible server (Redis, Valkey, …), read by INFO alone."""

    kind: Literal["redis"] = "redis"
    host: str
    port: Port = 6379
    user: str = Field(default="", description="An ACL user that may do nothing but INFO (`+info`); empty: the default.")
    password: SecretText | None = None
    tls: bool = False
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    purpose: Purpose = Field(description="What it holds decides which eviction policy is right.")
    policies: tuple[Policy, ...] = Field(
        default=(),
        description="Accepted eviction policies; default: allkeys-* for a cache, noeviction for everything else.",
    )
    memory_used: Ratio = Field(default=0.8, description="Most of the memory limit that may be in use.")
    clients_used: Ratio = Field(default=0.8, description="Most of the allowed connections that may be open.")
    clients_planned: int | None = Field(
        default=None, ge=0, description="Most connections that the planned peak opens; INF-CLD-3."
    )
    clients_limit_used: Ratio = Field(
        default=0.7, description="Most of maxclients that may be used, now and as planned; INF-CLD-3."
    )
    rejected_connections: int = Field(default=0, ge=0, description="Most connections refused since the server started.")
    evicted_keys: int | None = Field(
        default=None,
        ge=0,
        description="Most keys dropped for lack of memory since the server started; default: none, any for a cache.",
    )
    evictions_per_second: float = Field(
        default=10.0, ge=0, description="Most keys that a cache may be dropping now: more, and it is too small."
    )
    sample: Duration = Field(
        default=timedelta(seconds=1), description="Between two looks at the counters, to see what happens now."
    )
    replicas: int = Field(default=0, ge=0, description="Least number of replicas that must be in step.")
    replica_lag_seconds: int = Field(default=10, ge=0, description="Most that a replica may be behind.")
    persistence: bool | None = Field(
        default=None, description="Whether it must write to disk; default: yes unless it is a cache."
    )

    @property
    def accepted_policies(self) -> tuple[Policy, ...]:
        """The eviction policies that fit the purpose."""
        return self.policies or _POLICIES[self.purpose]

    @property
    def evictions_accepted(self) -> int | None:
        """Most keys that may have been dropped; None: any number."""
        return 0 if self.evicted_keys is None and "noeviction" in self.accepted_policies else self.evicted_keys

    @property
    def must_persist(self) -> bool:
        """Whether data on disk is expected."""
        return self.purpose != "cache" if self.persistence is None else self.persistence

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"
