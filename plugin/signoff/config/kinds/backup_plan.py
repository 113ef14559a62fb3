"""Inventory entry of a plan of AWS Backup: how often, how long kept, copied where, and locked."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class BackupPlanService(Service):
    """One plan of AWS Backup."""

    kind: Literal["backup_plan"] = "backup_plan"
    cloud: str = Field(description="Name of the cloud service that is the account.")
    region: str
    plan: str = Field(description="The plan's name.")
    keep: Duration = Field(default=timedelta(days=30), description="Least time that recovery points are kept.")
    every: Duration = Field(default=timedelta(days=1), description="Longest time between two backups.")
    copied: bool = Field(default=True, description="Whether each backup must be copied to another region or account.")
    locked: bool = Field(default=True, description="Whether the vault must be locked against deletion.")

    @property
    def address(self) -> str:
        """Account and plan."""
        return f"{self.cloud}:{self.plan}"
