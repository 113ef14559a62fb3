"""What disaster-recovery checks talk about: plans, drills, what could be lost, and whoever could take over."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.failover_name import FailoverNameService
    from signoff.config.kinds.managed_database import ManagedDatabaseService
    from signoff.config.kinds.patroni import PatroniService
    from signoff.config.kinds.redis_sentinel import RedisSentinelService
    from signoff.config.kinds.standby import StandbyService
    from signoff.importers.drills.restore_test import RestoreTest
    from signoff.probes.aws.databases import ManagedDatabase
    from signoff.probes.network.dns import Answer
    from signoff.probes.postgres.patroni import Cluster
    from signoff.probes.postgres.replication import Sender, Standby
    from signoff.probes.postgres.slots import Commits, Slot
    from signoff.probes.redis.sentinel import SentinelView
    from signoff.pytest_plugin.fixtures import BoundTarget


_FIRINGS = 200
"""Of a schedule: more than a week of hours, so that nights and weekends without backups are among them."""
_TIMER_FIRINGS = 24
"""Of a timer, for which systemd has to be asked."""


@pytest.fixture
def recovery_plan(target: BoundTarget, checked_document: Callable[[str], Any]) -> Any:
    """Return the disaster-recovery plan that the current backup names, from wherever it is kept."""
    from signoff import not_verified

    name = target.settings.plan
    if not name:
        not_verified(f"{target.name}: no plan named; write plan for it in services.yaml")
    return checked_document(name)


@pytest.fixture
def recovery_drill(target: BoundTarget, rehearsal_of: Callable[[str], Any]) -> Any:
    """Return the last disaster-recovery drill, if it was held where it counts."""
    from signoff.importers.admissible import require_environment

    drill = rehearsal_of(target.name)
    require_environment(drill.name, drill.record.environment, drill.limits.environments)
    return drill


@pytest.fixture
def failover_drill(target: BoundTarget, rehearsal_of: Callable[[str], Any]) -> Any:
    """Return the last rehearsal of a failover of the current target."""
    from signoff import not_verified

    name = target.settings.drill
    if not name:
        not_verified(f"{target.name}: no drill named; hold a failover drill and write drill for it in services.yaml")
    return rehearsal_of(name)


@dataclass(frozen=True, kw_only=True)
class RestoreTime:
    """How long a restore takes, from a measured one."""

    measured: float
    """Seconds."""
    tested_bytes: int
    newest_bytes: int

    @property
    def seconds(self) -> float:
        """For the newest backup: in proportion if it is larger than the tested one, never less than was measured."""
        return self.measured * max(1.0, self.newest_bytes / max(1, self.tested_bytes))

    @property
    def arithmetic(self) -> str:
        """How the seconds come about."""
        sizes = f"{self.newest_bytes} / {self.tested_bytes} bytes"
        return f"{self.measured:.1f} s measured x max(1, {sizes}) = {self.seconds:.1f} s"


@pytest.fixture
def restore_time(backups: Any, restore_test: RestoreTest) -> RestoreTime:
    """Return how long a restore of the newest backup takes."""
    from signoff import not_verified

    tested = [file.size for file in backups.files if file.name == restore_test.backup]
    if not restore_test.passed or not tested:
        not_verified(f"{backups.name}: no successful restore of a backup that is still there; repeat the restore test")
    return RestoreTime(measured=restore_test.seconds, tested_bytes=tested[0], newest_bytes=backups.newest.size)


@dataclass(frozen=True, kw_only=True)
class Losable:
    """How much work a disaster would cost now, by what would survive it."""

    by_source: dict[str, timedelta]
    arithmetic: dict[str, str]

    @property
    def least(self) -> timedelta:
        """With the best of the sources."""
        return min(self.by_source.values())


@pytest.fixture
def losable(
    backups: Any,
    inventory: Inventory,
    open_database: Callable[..., Any],
    open_aws_account: Callable[[str], Any],
    evaluated_at: datetime,
) -> Losable:
    """Return what would be lost with the newest backup, with what can be replayed onto it, and with the standby.

    Backups lose what is done between two of them, however young the newest is just now. WAL is counted only beside
    copies of the data files: nothing can be replayed onto a dump.
    """
    from datetime import timedelta

    from signoff.probes.postgres.replication import archiver, exposed, senders

    settings = backups.settings
    begun = backups.newest.at
    firings = backups.firings(_TIMER_FIRINGS if settings.schedule.timer else _FIRINGS)
    age = backups.now - begun
    interval = max((later - earlier for later, earlier in pairwise(firings)), default=age)
    by_source = {"backup": max(age, interval)}
    arithmetic = {"backup": f"up to {interval} apart, newest {backups.now:%H:%M:%S} - {begun:%m-%d %H:%M:%S}"}
    if settings.takes_wal:
        with open_database(settings.database) as primary:
            facts = archiver(primary)
        if facts.enabled and (lost := exposed(facts)) is not None:
            by_source["archive"] = lost
            arithmetic["archive"] = f"newest segment {facts.age or 0:.0f} s old, archived every {facts.timeout} s"
    elif not settings.managed:
        arithmetic["backup"] += "; archived WAL cannot be replayed onto dumps"
    elif settings.managed.database and (latest := _latest_restorable(settings.managed, open_aws_account)):
        by_source["Amazon's log"] = max(evaluated_at - latest, timedelta(0))
        arithmetic["Amazon's log"] = f"restorable up to {latest:%m-%d %H:%M:%S}"
    if settings.standby:
        with open_database(settings.database) as primary:
            wanted: Any = inventory.service(settings.standby)
            lags = [one.lag or 0.0 for one in senders(primary) if one.is_streaming and wanted.name in {"", one.name}]
        if lags:
            by_source["standby"] = timedelta(seconds=min(lags))
            arithmetic["standby"] = "its replay lag"
    return Losable(by_source=by_source, arithmetic=arithmetic)


def _latest_restorable(managed: Any, open_aws_account: Callable[[str], Any]) -> datetime | None:
    from signoff.probes.aws.databases import read_database

    with open_aws_account(managed.cloud) as account:
        return read_database(account, managed.region, managed.database).latest_restorable


@dataclass(frozen=True, kw_only=True)
class Primary:
    """A primary's view of the current standby."""

    system_id: str
    written: int
    standbys: int
    sender: Sender | None
    """How it sends to the current standby; None when that is not connected."""
    slots: tuple[Slot, ...]
    commits: Commits

    @property
    def slot(self) -> Slot | None:
        """The slot that the current standby uses."""
        return next((one for one in self.slots if self.sender and one.standby == self.sender.name), None)


@pytest.fixture
def primary(target: BoundTarget, open_database: Callable[..., Any]) -> Primary:
    """Return what the primary says of the current standby."""
    from signoff.probes.postgres.replication import position, senders
    from signoff.probes.postgres.slots import commits, slots

    settings: StandbyService = target.settings
    with open_database(settings.primary) as database:
        connected, (system_id, written) = senders(database), position(database)
        kept, waiting = slots(database), commits(database)
    mine = next((one for one in connected if settings.name in {"", one.name}), None)
    return Primary(
        system_id=system_id,
        written=written,
        standbys=len(connected),
        sender=mine,
        slots=kept,
        commits=waiting,
    )


@pytest.fixture
def ask_standby(target: BoundTarget, open_database: Callable[..., Any]) -> Callable[[], Standby]:
    """Return a function that asks the current standby about itself."""
    from signoff.probes.postgres.replication import standby

    def ask() -> Standby:
        with open_database(target.settings.primary, target.settings) as database:
            return standby(database)

    return ask


@pytest.fixture
def ask_sentinels(target: BoundTarget) -> Callable[[], tuple[SentinelView, ...]]:
    """Return a function that asks each Sentinel; one that does not answer ends the check."""
    from signoff.probes.redis.sentinel import read_sentinel

    settings: RedisSentinelService = target.settings

    def ask() -> tuple[SentinelView, ...]:
        return tuple(
            read_sentinel(
                host=one.host,
                port=one.port,
                primary=settings.primary,
                username=settings.user,
                password=settings.password.get_secret_value() if settings.password else "",
                tls=settings.tls,
                ca_file=settings.ca_file,
            )
            for one in settings.sentinels
        )

    return ask


@pytest.fixture
def sentinels(ask_sentinels: Callable[[], tuple[SentinelView, ...]]) -> tuple[SentinelView, ...]:
    """Return what each Sentinel says."""
    return ask_sentinels()


@pytest.fixture
def promotable(
    target: BoundTarget, ask_sentinels: Callable[[], tuple[SentinelView, ...]]
) -> list[tuple[SentinelView, list[str]]]:
    """Return what each Sentinel says, and the replicas that it could promote without losing much."""
    from signoff.probes.redis.sentinel import candidates

    return candidates(ask_sentinels, max_bytes=target.settings.max_bytes)


@pytest.fixture
def cluster(target: BoundTarget) -> Cluster:
    """Return what Patroni says of the current cluster."""
    from signoff.probes.postgres.patroni import read_cluster
    from signoff.probes.web.http import Session

    settings: PatroniService = target.settings
    credentials = (settings.user, settings.password.get_secret_value() if settings.password else "")
    with Session(origins=[settings.url], ca_file=settings.ca_file or None) as session:
        return read_cluster(session, settings.url, auth=credentials if settings.user else None)


@pytest.fixture
def managed_database(
    target: BoundTarget, inventory: Inventory, open_aws_account: Callable[[str], Any]
) -> ManagedDatabase:
    """Return what Amazon says of the current database."""
    from signoff.probes.aws.databases import read_database

    settings: ManagedDatabaseService = target.settings
    with open_aws_account(settings.cloud) as session:
        cloud: Any = inventory.service(settings.cloud)
        return read_database(session, settings.region or cloud.regions[0], settings.instance)


@pytest.fixture
def name_answers(target: BoundTarget) -> tuple[Answer, ...]:
    """Return what every authoritative server says of the current name."""
    from signoff.probes.network.dns import NameServer, Question, ask

    settings: FailoverNameService = target.settings
    servers = [NameServer(name=one.name, address=one.address, port=one.port) for one in settings.servers]
    return ask(servers, [Question(name=settings.name, type=settings.type)])
