"""Inventory entry of a database backup: where it lies, when it is due, how it is protected, and that it restores."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Ratio
from signoff.config.kinds.base import Service, Strict


class Schedule(Strict):
    """When the backup is due."""

    crontab: str = Field(default="", description="Path on the host; empty: the login account's own crontab.")
    job: str = Field(description="Text that only the backup's line contains.")
    timezone: str = Field(default="UTC", description="Of the host's clock; CRON_TZ in the crontab wins.")
    grace: Duration = Field(default=timedelta(minutes=30), description="Time that the job may take.")


class Restore(Strict):
    """Proof that the backup restores."""

    record: str = Field(description="Path on the host of the newest restore test's record (JSON).")
    max_age: Duration = timedelta(days=30)
    backup_max_age: Duration = Field(
        default=timedelta(days=7), description="Age of the tested backup when it was restored."
    )


class Objectives(Strict):
    """What the business was promised."""

    rto: Duration = Field(description="Longest time until service is restored.")
    rpo: Duration = Field(description="Longest span of work that may be lost.")


class BackupFiles(Service):
    """What all backups have in common."""

    host: str = Field(description="Inventory host that holds the backups.")
    folder: str = Field(description="Folder on the host.")
    pattern: str = Field(description="Shell pattern of the backups' names.")
    manifest_suffix: str = Field(default=".sha256", description="Appended to a backup's path: its recorded digest.")
    schedule: Schedule
    hash_within: Duration = Field(default=timedelta(minutes=5), description="Time to hash one backup.")

    @property
    def address(self) -> str:
        """Host and folder."""
        return f"{self.host}:{self.folder}"


class BackupService(BackupFiles):
    """The backups of one database."""

    kind: Literal["backup"] = "backup"
    database: str = Field(description="Name of the postgresql service that is backed up.")
    size_tolerance: Ratio = Field(default=0.5, description="Accepted deviation of the newest from the usual size.")
    restore: Restore
    objectives: Objectives
    standby: str = Field(default="", description="Name of a standby service that also keeps recent work.")
    plan: str = Field(default="", description="Name of the document service with the disaster-recovery plan.")
