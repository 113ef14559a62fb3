"""What backup checks talk about: backup files, schedules, restore tests, standbys, plans and drills."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta
    from pathlib import Path

    from signoff.config.inventory import Inventory
    from signoff.config.kinds.document import DocumentService
    from signoff.config.kinds.drill_report import DrillReportService
    from signoff.config.kinds.standby import StandbyService
    from signoff.importers.drills.drill import Drill
    from signoff.importers.drills.restore_test import RestoreTest
    from signoff.probes.hosts.backup_files import BackupFile, Content
    from signoff.probes.postgres.replication import Archiver, Sender, Standby
    from signoff.probes.repository.documents import Document
    from signoff.pytest_plugin.fixtures import BoundTarget


@dataclass(frozen=True)
class Backups:
    """The backups of one database or one set of files, as they lie on their host."""

    name: str
    settings: Any
    host: Any

    @cached_property
    def files(self) -> tuple[BackupFile, ...]:
        """All backups, oldest first."""
        from signoff.probes.hosts.backup_files import list_backups

        return list_backups(self.host, self.settings.folder, self.settings.pattern)

    @property
    def newest(self) -> BackupFile:
        """The newest backup."""
        return self.files[-1]

    @cached_property
    def now(self) -> datetime:
        """The host's own time, by which its files are dated."""
        from signoff.probes.hosts.backup_files import clock

        return clock(self.host)

    def due(self) -> datetime:
        """Return when the newest backup must have been begun: the last firing whose time to finish is over."""
        from signoff.probes.hosts.cron import find_job, read_crontab

        schedule = self.settings.schedule
        job = find_job(read_crontab(self.host, schedule.crontab), schedule.job, zone=schedule.timezone)
        return job.previous(self.now - schedule.grace)

    def content(self, file: BackupFile) -> Content:
        """Return what the file's first bytes say."""
        from signoff.probes.hosts.backup_files import inspect

        return inspect(self.host, file.path)

    def digests(self, name: str) -> tuple[str, str]:
        """Return the sha256 of a backup as it is now, and as it was recorded when it was taken."""
        from signoff.probes.hosts.backup_files import recorded_sha256, sha256

        path = f"{self.settings.folder}/{name}"
        recorded = recorded_sha256(self.host, path + self.settings.manifest_suffix, name)
        return sha256(self.host, path, limit=self.settings.hash_within.total_seconds()), recorded


@pytest.fixture
def backups(target: BoundTarget, connect: Callable[[str], Any]) -> Backups:
    """Return the current backups."""
    return Backups(target.name, target.settings, connect(target.settings.host))


@pytest.fixture
def usual_size(backups: Backups) -> float:
    """Return the usual size of a backup in bytes, from all but the newest."""
    from signoff import not_verified
    from signoff.probes.hosts.backup_files import usual_size

    earlier = backups.files[:-1]
    if not earlier or not (size := usual_size(earlier)):
        not_verified(f"{backups.name}: no earlier backup to compare with; check again after the next")
    return size


@pytest.fixture
def restore_test(backups: Backups, evaluated_at: datetime) -> RestoreTest:
    """Return the newest restore test, if it is recent."""
    from signoff.importers.admissible import require_recent
    from signoff.importers.drills.restore_test import read

    settings = backups.settings.restore
    record = read(backups.host.check_output("cat -- %s", settings.record))
    require_recent(f"{backups.name}: the restore test", record.started, evaluated_at, settings.max_age)
    return record


@pytest.fixture
def archiver(backups: Backups, open_database: Callable[..., Any]) -> Archiver:
    """Return how the WAL archive of the backed-up database stands."""
    from signoff.probes.postgres.replication import archiver

    with open_database(backups.settings.database) as database:
        return archiver(database)


@dataclass(frozen=True, kw_only=True)
class Losable:
    """How much work a disaster would cost now, by what would survive it."""

    by_source: dict[str, timedelta]

    @property
    def least(self) -> timedelta:
        """With the best of the sources."""
        return min(self.by_source.values())


@pytest.fixture
def losable(backups: Backups, archiver: Archiver, inventory: Inventory, open_database: Callable[..., Any]) -> Losable:
    """Return what would be lost with the newest backup, with the WAL archive, and with the standby."""
    from datetime import timedelta

    from signoff.probes.postgres.replication import exposed, senders

    by_source = {"backup": max(backups.now - backups.newest.modified, timedelta(0))}
    archive = exposed(archiver) if archiver.enabled else None
    if archive is not None:
        by_source["archive"] = archive
    if backups.settings.standby:
        with open_database(backups.settings.database) as primary:
            wanted: Any = inventory.service(backups.settings.standby)
            lags = [one.lag or 0.0 for one in senders(primary) if one.is_streaming and wanted.name in {"", one.name}]
        if lags:
            by_source["standby"] = timedelta(seconds=min(lags))
    return Losable(by_source=by_source)


@dataclass(frozen=True, kw_only=True)
class Primary:
    """A primary's view of the current standby."""

    system_id: str
    written: int
    standbys: int
    sender: Sender | None
    """How it sends to the current standby; None when that is not connected."""


@pytest.fixture
def primary(target: BoundTarget, open_database: Callable[..., Any]) -> Primary:
    """Return what the primary says of the current standby."""
    from signoff.probes.postgres.replication import position, senders

    settings: StandbyService = target.settings
    with open_database(settings.primary) as database:
        connected, (system_id, written) = senders(database), position(database)
    mine = next((one for one in connected if settings.name in {"", one.name}), None)
    return Primary(system_id=system_id, written=written, standbys=len(connected), sender=mine)


@pytest.fixture
def ask_standby(target: BoundTarget, open_database: Callable[..., Any]) -> Callable[[], Standby]:
    """Return a function that asks the current standby about itself."""
    from signoff.probes.postgres.replication import standby

    def ask() -> Standby:
        with open_database(target.settings.primary, target.settings) as database:
            return standby(database)

    return ask


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """The record of a drill that is recent, and the limits that it had to keep."""

    name: str
    limits: DrillReportService
    record: Drill


@pytest.fixture
def failover_drill(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Rehearsal:
    """Return the last rehearsal of a fail-over to the current standby."""
    from signoff import not_verified
    from signoff.importers.admissible import read_file, require_recent
    from signoff.importers.drills.drill import read

    name = target.settings.drill
    if not name:
        not_verified(f"{target.name}: no drill named; hold a fail-over drill and write drill for it in services.yaml")
    limits: Any = inventory.service(name)
    record = read(read_file(workspace_path(limits.path)))
    require_recent(name, record.performed_at, evaluated_at, limits.max_age)
    return Rehearsal(name=name, limits=limits, record=record)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A document as it stands in the release, and what it must contain."""

    name: str
    settings: DocumentService
    document: Document


@pytest.fixture
def recovery_plan(
    target: BoundTarget, inventory: Inventory, evaluated_at: datetime, workspace_path: Callable[[str], Path]
) -> Plan:
    """Return the disaster-recovery plan that the current backup names."""
    from signoff import not_verified
    from signoff.probes.repository.documents import read
    from signoff.probes.repository.git import Repository

    name = target.settings.plan
    if not name:
        not_verified(f"{target.name}: no plan named; write plan for it in services.yaml")
    settings: Any = inventory.service(name)
    clone: Any = inventory.service(settings.repository)
    text = Repository(path=workspace_path(clone.path)).read(inventory.policy.commit, settings.path)
    return Plan(name=name, settings=settings, document=read(text, today=evaluated_at.date()))
