"""What every load balancer says of the servers behind it, in one vocabulary: HAProxy's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class ServerState:
    """One server of a pool."""

    name: str
    status: str
    """`UP`, `DOWN`, `UP 1/3`, `MAINT`, `DRAIN`, `no check`, …"""
    weight: int
    check: str
    """Result of the last health check: its layer and how it ended, such as `L7OK`, `L4OK` or `L7STS`; empty: the server
    is not checked."""
    stable_seconds: int
    """Since its status last changed; 0 where the balancer does not say."""
    zone: str = ""
    """Availability zone, where the balancer knows it."""

    @property
    def is_healthy(self) -> bool:
        """Whether it is up by a passed check and gets traffic."""
        return self.status.split(" ")[0] == "UP" and self.weight > 0 and self.check.endswith("OK")


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """One pool of servers."""

    name: str
    status: str
    servers: tuple[ServerState, ...]

    @property
    def healthy(self) -> tuple[ServerState, ...]:
        """Return the servers that are up and get traffic."""
        return tuple(server for server in self.servers if server.is_healthy)


@dataclass(frozen=True, kw_only=True, slots=True)
class BalancerFacts:
    """Everything that a sign-off needs of one load balancer."""

    backends: Mapping[str, Backend]
    frontends: Mapping[str, str] = field(default_factory=dict)
    """Status by name: `OPEN`, `STOP`, …; empty where the balancer does not say."""
    checks_itself: bool = True
    """False: the states are what we saw; whether the balancer checks anything is not known."""
    access_log: bool | None = None
    """Whether requests are logged; None: it does not say."""
