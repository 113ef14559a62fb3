"""Inventory entry of a database backup: where it lies, when it is due, how it is protected, and that it restores."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from signoff.config.fields import Duration, Ratio
from signoff.config.kinds.backup_places import Elsewhere, Managed, Repository
from signoff.config.kinds.base import Service, Strict
from signoff.config.kinds.restores import Objectives, Restore

_COPY_DATA_FILES = frozenset({"pgbackrest", "barman", "wal-g"})


class Schedule(Strict):
    """When the backup is due."""

    crontab: str = Field(default="", description="Path on the host; empty: the login account's own crontab.")
    job: str = Field(default="", description="Text that only the backup's line in the crontab contains.")
    timer: str = Field(default="", description="Name of the systemd timer that starts the backup, such as dump.timer.")
    cron: str = Field(default="", description="Five fields, where nobody can be asked: a provider's own schedule.")
    timezone: str = Field(
        default="", description="IANA name; empty: the host's own. CRON_TZ in the crontab wins; timers know their own."
    )
    grace: Duration = Field(default=timedelta(minutes=30), description="Time that the job may take.")
    runs: int = Field(
        default=3, ge=1, le=100, description="Past firings that must each have a backup, as far back as any is kept."
    )

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if sum(map(bool, (self.job, self.timer, self.cron))) != 1:
            raise ValueError("write exactly one of job, timer and cron")
        if self.crontab and not self.job:
            raise ValueError("crontab goes with job")
        if self.timer and self.timezone:
            raise ValueError("timezone is for job and cron; systemd knows that of a timer")
        return self


class BackupFiles(Service):
    """What all backups have in common."""

    host: str = Field(default="", description="Inventory host that holds the backups, or asks the repository.")
    folder: str = Field(default="", description="Folder on the host, where backups are files.")
    pattern: str = Field(default="", description="Shell pattern of the backups' names.")
    repository: Repository | None = Field(default=None, description="Instead of folder and pattern.")
    managed: Managed | None = Field(default=None, description="Instead of host, folder and pattern.")
    manifest_suffix: str = Field(default=".sha256", description="Appended to a backup's path: its recorded digest.")
    digest: Literal["sha256", "md5"] = Field(
        default="sha256", description="md5 shows accidents only: whoever changes a backup can keep its md5."
    )
    schedule: Schedule
    elsewhere: Elsewhere | None = Field(default=None, description="The copy off site.")
    hash_within: Duration = Field(default=timedelta(minutes=5), description="Time to hash one backup.")

    @property
    def address(self) -> str:
        """Where the backups are."""
        if self.managed:
            return f"{self.managed.cloud}:{self.managed.database or self.managed.resource}"
        if self.repository:
            return f"{self.host}:{self.repository.tool} {self.repository.name or self.repository.location}"
        return f"{self.host}:{self.folder}"

    @model_validator(mode="after")
    def _lies_in_one_place(self) -> Self:
        if bool(self.folder) != bool(self.pattern):
            raise ValueError("folder and pattern go together")
        if sum((bool(self.folder), self.repository is not None, self.managed is not None)) != 1:
            raise ValueError("write exactly one of folder, repository and managed")
        if (self.managed is None) != bool(self.host):
            raise ValueError("host is where folder or repository is; managed backups have none")
        if self.managed and not self.schedule.cron:
            raise ValueError("managed backups have no host with a crontab; write schedule.cron")
        return self

    @model_validator(mode="after")
    def _has_a_real_second_place(self) -> Self:
        there = self.elsewhere
        if there is None:
            return self
        if there.are_files != bool(self.folder) or there.is_repository != (self.repository is not None):
            raise ValueError("elsewhere must be of the same sort: files beside files, a repository beside a repository")
        if there.host and self.folder and there.host == self.host:
            raise ValueError("elsewhere must be another host")
        if self.managed and (there.cloud, there.region) == (self.managed.cloud, self.managed.region):
            raise ValueError("elsewhere must be another region or account")
        if self.repository:
            self.repository.require_other(there, same_host=there.host in {"", self.host})
        return self


class BackupService(BackupFiles):
    """The backups of one database."""

    kind: Literal["backup"] = "backup"
    database: str = Field(description="Name of the postgresql service that is backed up.")
    size_tolerance: Ratio = Field(default=0.5, description="Accepted deviation of the newest from the usual size.")
    restore: Restore
    objectives: Objectives
    base_backups: bool = Field(
        default=False,
        description="Copies of the data files, onto which archived WAL can be replayed; dumps cannot use it. "
        "Known of pgBackRest, Barman, WAL-G and the format basebackup.",
    )
    standby: str = Field(default="", description="Name of a standby service that also keeps recent work.")
    plan: str = Field(default="", description="Name of the document service with the disaster-recovery plan.")

    @property
    def takes_wal(self) -> bool:
        """Whether archived WAL can be replayed onto these backups, so that they lose less than their interval."""
        scratch = self.restore.scratch
        by_tool = self.repository is not None and self.repository.tool in _COPY_DATA_FILES
        return by_tool or self.base_backups or (scratch is not None and scratch.format == "basebackup")

    @model_validator(mode="after")
    def _is_one_form(self) -> Self:
        scratch = self.restore.scratch
        if self.base_backups and scratch is not None and scratch.format in {"custom", "plain"}:
            raise ValueError(f"base_backups and the format {scratch.format} exclude each other: that is a dump")
        return self
