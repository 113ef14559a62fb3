"""What checks know of a cloud, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Machines or pods that grow and shrink by themselves."""

    name: str
    region: str
    minimum: int
    maximum: int
    desired: int
    """How many the provider tries to run now."""
    healthy: int
    """How many run and are well."""
    metrics: tuple[str, ...]
    """What makes it grow: each measured and acting at this moment."""
    obstacles: tuple[str, ...] = ()
    """What keeps it from growing or shrinking, in words."""
    failures: tuple[str, ...] = ()
    """Scalings that failed within the time asked for, in words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TierQuery:
    """How to find one layer of the product."""

    name: str
    by: Literal["group", "instances", "database", "cache"]
    value: str

    @property
    def label(self) -> tuple[str, str]:
        """Return key and value of a tag or label."""
        key, _, value = self.value.partition("=")
        return key, value


@dataclass(frozen=True, kw_only=True, slots=True)
class Placement:
    """One machine, database, cache node or pod, and where it is."""

    resource: str
    region: str
    zone: str
    tiers: tuple[str, ...] = ()
    """The layers it belongs to; none: it is only known to be there."""
    weakness: str = ""
    """Why it would not take over when another zone fails; empty: it would."""


@dataclass(frozen=True, kw_only=True, slots=True)
class QuotaQuery:
    """Which limit to look up; no region: in each of the account's."""

    service: str
    code: str
    region: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quota:
    """A limit of the provider's."""

    service: str
    code: str
    name: str
    region: str
    limit: float
    used: float | None
    """None: the provider does not say."""

    def __str__(self) -> str:
        """Return `name (code) in region`."""
        name = self.code if self.name == self.code else f"{self.name} ({self.code})"
        return f"{name} in {self.region}"


@dataclass(frozen=True, kw_only=True, slots=True)
class CostAlert:
    """When somebody is told about costs, and who; receivers are named by domain or topic, never by address."""

    percent: float
    receivers: tuple[str, ...]
    dead: tuple[str, ...] = ()
    """Receivers that get nothing: never confirmed, switched off."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Budget:
    """What may be spent, and who is told."""

    name: str
    alerts: tuple[CostAlert, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class CostFacts:
    """Who learns in time that it becomes expensive."""

    budgets: tuple[Budget, ...]
    monitors: tuple[CostAlert, ...] | None = None
    """Who is told of unusual costs, one entry for each monitor; None: the provider cannot be asked."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OpenRule:
    """A rule that lets the whole world in."""

    rule: str
    protocol: str
    """`tcp`, `udp`, `icmp` or `all`; another one by the provider's own name."""
    first: int
    last: int
    """Ports; for protocols without ports 0 and 65535."""
    source: str

    def __str__(self) -> str:
        """Return `rule: tcp 22 from 0.0.0.0/0`."""
        ports = "" if (self.first, self.last) == ALL_PORTS else f" {self.first}"
        ports += f"-{self.last}" if ports and self.last != self.first else ""
        return f"{self.rule}: {self.protocol}{ports} from {self.source}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Exposure:
    """What strangers can reach."""

    inspected: int
    """Groups of rules, access lists, databases and services that were looked at."""
    open_rules: tuple[OpenRule, ...]
    forbidden: tuple[str, ...] = ()
    """What is open and no allowed list can excuse: public databases, access lists that open a closed port."""
    defaults_inspected: int = 0
    """Default groups, networks, subnets or namespaces that were looked at."""
    default_rules: tuple[str, ...] = ()
    """What the provider's defaults let in."""
    unprotected: tuple[str, ...] = ()
    """Subnets or namespaces without rules of their own."""


ALL_PORTS = (0, 65_535)


class Cloud(Protocol):
    """One account or cluster; every method reads, and raises as the way it asks by."""

    def groups(self, names: Iterable[str], *, since: datetime) -> tuple[Group, ...]:
        """Return those of the named scaling groups that there are."""

    def placements(self, tiers: Iterable[TierQuery]) -> tuple[Placement, ...]:
        """Return everything that runs where it may be asked for, with the tiers it belongs to."""

    def elsewhere(self) -> tuple[Placement, ...]:
        """Return what runs where `placements` did not look."""

    def quotas(self, wanted: Iterable[QuotaQuery]) -> tuple[Quota, ...]:
        """Return the limits asked for; those that there are not are left out."""

    def costs(self) -> CostFacts:
        """Return budgets and monitors of costs."""

    def exposure(self) -> Exposure:
        """Return what is open to the world."""

    def close(self) -> None:
        """Let go of connections."""
