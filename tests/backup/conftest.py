"""What backup checks talk about: backup files, schedules, restore tests, standbys, plans and drills."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from signoff.importers.drills.restore_test import RestoreTest
    from signoff.probes.hosts.backup_files import BackupFile, Content
    from signoff.probes.postgres.replication import Archiver
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
