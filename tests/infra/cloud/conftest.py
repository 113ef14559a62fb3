"""What cloud checks talk about: groups that scale, zones, limits and costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from signoff.config.hosts import SystemLimits
    from signoff.config.kinds.cloud import CloudService, ScalingGroup, Tier, WatchedQuota
    from signoff.probes.cloud.model import Budget, CostFacts, Group, Placement, Quota
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True, kw_only=True)
class Scaling:
    """Scaling groups as the inventory wants them, and as they are."""

    name: str
    wanted: tuple[ScalingGroup, ...]
    found: tuple[Group, ...]

    def missing(self) -> list[str]:
        """Return the groups that there are not."""
        there = {group.name for group in self.found}
        return [one.name for one in self.wanted if one.name not in there]

    def pairs(self) -> list[tuple[ScalingGroup, Group]]:
        """Return each group with what is wanted of it."""
        return [(one, group) for one in self.wanted for group in self.found if group.name == one.name]


@pytest.fixture
def scaling(cloud: Any, evaluated_at: datetime) -> Scaling:
    """Return the current cloud's scaling groups."""
    from signoff import not_verified

    wanted = cloud.settings.groups
    if not wanted:
        not_verified(f"{cloud.name}: no scaling groups named; write groups for it in services.yaml")
    since = evaluated_at - cloud.settings.failures_within
    found = cloud.reader.groups([one.name for one in wanted], since=since)
    return Scaling(name=cloud.name, wanted=wanted, found=found)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Where everything runs."""

    name: str
    settings: CloudService
    placements: tuple[Placement, ...]
    elsewhere: Callable[[], tuple[Placement, ...]]
    """What runs where `placements` did not look: asked only when it is called."""

    def of(self, tier: Tier) -> list[Placement]:
        """Return what carries the tier."""
        return [place for place in self.placements if tier.name in place.tiers]


@pytest.fixture
def layout(cloud: Any) -> Layout:
    """Return the current cloud's machines, databases and caches."""
    from signoff import not_verified
    from signoff.probes.cloud.model import TierQuery

    tiers = cloud.settings.tiers
    if not tiers:
        not_verified(f"{cloud.name}: no tiers named; write tiers for it in services.yaml")
    queries = [
        TierQuery(name=tier.name, by=by, value=getattr(tier, by))
        for tier in tiers
        for by in ("group", "instances", "database", "cache")
        if getattr(tier, by)
    ]
    return Layout(
        name=cloud.name,
        settings=cloud.settings,
        placements=cloud.reader.placements(queries),
        elsewhere=cloud.reader.elsewhere,
    )


@dataclass(frozen=True, kw_only=True)
class Room:
    """One limit, what is used of it, and what will be."""

    name: str
    limit: float
    used: float | None
    planned: float | None

    @property
    def peak(self) -> float:
        """The most of now and the plan."""
        return max(self.used or 0, self.planned or 0)

    def __str__(self) -> str:
        """Return the numbers of both."""
        used = "unknown" if self.used is None else f"{self.used:g}"
        planned = "" if self.planned is None else f", {self.planned:g} planned"
        return f"{self.name}: {used} of {self.limit:g}{planned}"


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Limits that must leave room, and how much of each may be used."""

    name: str
    most: float
    rooms: tuple[Room, ...]
    missing: tuple[str, ...] = ()

    def exceeded(self) -> list[str]:
        """Return the limits that now or by plan are used beyond what may be."""
        return [str(room) for room in self.rooms if room.peak > self.most * room.limit]

    @property
    def seen(self) -> str:
        """Return all limits with what is used of them."""
        return ", ".join(map(str, self.rooms))

    def untold(self) -> list[str]:
        """Return what nobody can say, and what to do about it."""
        unknown = [room.name for room in self.rooms if room.used is None]
        missing = [f"no limit {', '.join(self.missing)}; correct its name"] if self.missing else []
        return missing + ([f"nobody says what is used of {', '.join(unknown)}; attest it"] if unknown else [])


@pytest.fixture
def quotas(cloud: Any, evaluated_at: datetime) -> Limits:
    """Return the current cloud's quotas."""
    from signoff import not_verified
    from signoff.probes.cloud.model import QuotaQuery

    wanted = cloud.settings.quotas
    if not wanted:
        not_verified(f"{cloud.name}: no quotas named; write quotas for it in services.yaml")
    found = cloud.reader.quotas([QuotaQuery(service=one.service, code=one.code, region=one.region) for one in wanted])
    names = sorted({name for one in wanted for name in one.grows_with})
    groups = {group.name: group for group in cloud.reader.groups(names, since=evaluated_at)} if names else {}
    lost = [name for name in names if name not in groups]
    if lost:
        not_verified(f"{cloud.name}: no group {', '.join(lost)}, so its growth is unknown; correct grows_with")
    pairs = [(one, quota) for one in wanted for quota in found if _fits(one, quota)]
    there = {id(one) for one, _ in pairs}
    return Limits(
        name=cloud.name,
        most=cloud.settings.quota_used,
        rooms=tuple(
            Room(name=str(quota), limit=quota.limit, used=quota.used, planned=_planned(one, quota, groups))
            for one, quota in pairs
        ),
        missing=tuple(one.code for one in wanted if id(one) not in there),
    )


def _fits(wanted: WatchedQuota, quota: Quota) -> bool:
    return (wanted.service, wanted.code) == (quota.service, quota.code) and wanted.region in {"", quota.region}


def _planned(wanted: WatchedQuota, quota: Quota, groups: dict[str, Group]) -> float | None:
    """Return the plan's own number, or what is used and what each group may still add."""
    growth = sum((groups[name].maximum - groups[name].desired) * each for name, each in wanted.grows_with.items())
    grown = quota.used + growth if wanted.grows_with and quota.used is not None else None
    return max((one for one in (wanted.planned, grown) if one is not None), default=None)


@pytest.fixture
def host_limits(target: BoundTarget, connect: Callable[[str], Any]) -> Limits:
    """Return the limits of the current host's operating system and of its named programs."""
    from signoff.probes.hosts.limits import read_process_limits, read_system_limits

    wanted: SystemLimits = target.settings.limits
    host = connect(target.name)
    found = read_system_limits(host)
    if wanted.processes:
        found += read_process_limits(host, [one.process for one in wanted.processes])
    plans = {f"open files of {one.process}": one.open_files for one in wanted.processes}
    return Limits(
        name=target.name,
        most=wanted.used,
        rooms=tuple(
            # What this account may not count is known well enough by its planned peak.
            Room(
                name=one.name,
                limit=one.limit,
                used=plans.get(one.name) if one.used is None else one.used,
                planned=plans.get(one.name),
            )
            for one in found
        ),
    )


@pytest.fixture
def database_limits(target: BoundTarget, open_database: Callable[..., Any]) -> Limits:
    """Return the current database server's limit of connections."""
    from signoff.probes.postgres.connections import read

    wanted = target.settings.connections
    with open_database(target.name) as database:
        facts = read(database)
    pools = sum(pool.instances * (pool.size + pool.overflow) for pool in wanted.pools)
    room = Room(name="max_connections", limit=facts.available, used=facts.used, planned=pools if wanted.pools else None)
    return Limits(name=target.name, most=wanted.limit_used, rooms=(room,))


@dataclass(frozen=True, kw_only=True)
class Spending:
    """Budgets and monitors of a cloud."""

    name: str
    settings: CloudService
    facts: CostFacts

    def wanted(self) -> list[Budget]:
        """Return the budgets that the inventory names, or all."""
        names = self.settings.costs.budgets
        return [one for one in self.facts.budgets if not names or one.name in names]

    def missing(self) -> list[str]:
        """Return the named budgets that there are not."""
        there = {one.name for one in self.facts.budgets}
        return [name for name in self.settings.costs.budgets if name not in there]


@pytest.fixture
def spending(cloud: Any) -> Spending:
    """Return the current cloud's budgets and monitors of costs."""
    return Spending(name=cloud.name, settings=cloud.settings, facts=cloud.reader.costs())
