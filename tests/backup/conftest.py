"""What backup checks talk about: backups wherever they are kept, restore tests, and the archive of changes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from signoff.importers.drills.restore_test import RestoreTest
    from signoff.probes.backups.model import Backup, Catalog
    from signoff.probes.postgres.replication import Archiver
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True)
class Backups:
    """The backups of one database or one set of files, wherever they lie."""

    name: str
    settings: Any
    evaluated_at: datetime
    connect: Callable[[str], Any]
    open_account: Callable[[str], Any]

    @cached_property
    def host(self) -> Any:
        """The host that holds the backups, or asks their repository."""
        return self.connect(self.settings.host)

    @cached_property
    def catalog(self) -> Catalog:
        """All backups, and what is known of their repository."""
        from signoff.probes.backups.model import in_order
        from signoff.probes.backups.repository import Place, read
        from signoff.probes.hosts.backup_files import list_backups

        if self.settings.repository:
            return read(self.host, Place.of(self.settings.repository))
        if self.settings.managed:
            return self._managed(self.settings.managed)
        found = list_backups(self.host, self.settings.folder, self.settings.pattern)
        return in_order(self.settings.folder, list(found), cipher="")

    @cached_property
    def second(self) -> Catalog | None:
        """All backups of the second repository or region; None: there is none, or it is a folder or bucket."""
        from signoff.probes.backups.repository import Place, read

        there = self.settings.elsewhere
        if there is None or there.are_files:
            return None
        if self.settings.managed:
            return self._managed(self.settings.managed, there)
        host = self.connect(there.host) if there.host else self.host
        return read(host, Place.of(self.settings.repository).second(there))

    def _managed(self, managed: Any, elsewhere: Any = None) -> Catalog:
        from signoff.probes.aws.backups import read_recovery_points, read_snapshots

        there = elsewhere or managed
        with self.open_account(there.cloud) as account:
            if managed.database:
                return read_snapshots(account, there.region, managed.database, is_copy=elsewhere is not None)
            return read_recovery_points(account, there.region, managed.resource)

    @property
    def files(self) -> tuple[Backup, ...]:
        """All backups, oldest first."""
        return self.catalog.backups

    @property
    def newest(self) -> Backup:
        """The newest backup."""
        return self.files[-1]

    @cached_property
    def now(self) -> datetime:
        """The host's own time, by which its files are dated."""
        from signoff.probes.hosts.backup_files import clock

        return self.evaluated_at if self.settings.managed else clock(self.host)

    @cached_property
    def due(self) -> tuple[datetime, ...]:
        """The last firings whose time to finish is over, newest first: each must have begun a backup."""
        return self.firings(self.settings.schedule.runs)

    def firings(self, count: int) -> tuple[datetime, ...]:
        """Return the last firings whose time to finish is over, newest first."""
        from signoff import not_verified
        from signoff.probes.hosts.cron import find_job, make_job, read_crontab, zone_of
        from signoff.probes.hosts.timers import read_timer

        schedule, until = self.settings.schedule, self.now - self.settings.schedule.grace

        def zone() -> str:
            return schedule.timezone or ("UTC" if self.settings.managed else zone_of(self.host))

        if schedule.timer:
            timer = read_timer(self.host, schedule.timer)
            if not timer.active:
                not_verified(f"{self.name}: {timer.name} is not active; start and enable it")
            return timer.previous(until, count)
        if schedule.cron:
            return make_job(schedule.cron, zone()).previous(until, count)
        job = find_job(read_crontab(self.host, schedule.crontab), schedule.job, zone=zone)
        return job.previous(until, count)

    def digest(self, name: str, *, kind: str = "") -> str:
        """Return the digest of a backup as it is now."""
        from signoff.probes.hosts.backup_files import digest

        settings, seconds = self.settings, self.settings.hash_within.total_seconds()
        return digest(self.host, f"{settings.folder}/{name}", kind=kind or settings.digest, limit=seconds)

    def recorded_digest(self, name: str) -> str:
        """Return the digest of a backup as it was recorded when it was taken."""
        from signoff.probes.hosts.backup_files import recorded_digest

        settings = self.settings
        manifest = f"{settings.folder}/{name}{settings.manifest_suffix}"
        return recorded_digest(self.host, manifest, name, kind=settings.digest)


@pytest.fixture
def backups(
    target: BoundTarget,
    connect: Callable[[str], Any],
    evaluated_at: datetime,
    open_aws_account: Callable[[str], Any],
) -> Backups:
    """Return the current backups."""
    return Backups(target.name, target.settings, evaluated_at, connect, open_aws_account)


@pytest.fixture
def restore_test(backups: Backups, evaluated_at: datetime) -> RestoreTest:
    """Return the newest restore test, if it is recent and came to an end."""
    from signoff import not_verified
    from signoff.importers.admissible import require_recent
    from signoff.importers.drills.restore_test import read

    settings = backups.settings.restore
    if not settings.scratch and backups.settings.managed:
        not_verified(f"{backups.name}: managed backups have no host with a record; name it by restore.scratch.host")
    host = backups.connect(settings.scratch.host) if settings.scratch else backups.host
    record = read(host.check_output("cat -- %s", settings.record))
    require_recent(f"{backups.name}: the restore test", record.started, evaluated_at, settings.max_age)
    if not record.ended:
        not_verified(f"{backups.name}: the newest restore test was interrupted ({record.detail}); repeat it")
    return record


@pytest.fixture
def archiver(backups: Backups, open_database: Callable[..., Any]) -> Archiver:
    """Return how the WAL archive of the backed-up database stands."""
    from signoff.probes.postgres.replication import archiver

    with open_database(backups.settings.database) as database:
        return archiver(database)
