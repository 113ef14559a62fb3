"""Inventory entry of a database that Amazon runs: where it is, and what may be lost with it."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class ManagedDatabaseService(Service):
    """One database instance of Amazon RDS."""

    kind: Literal["managed_database"] = "managed_database"
    cloud: str = Field(description="Name of the cloud service of the account.")
    instance: str = Field(description="The database's identifier.")
    region: str = Field(default="", description="Default: the first one of the cloud service.")
    backup_days: int = Field(default=7, ge=1, description="Least number of days for which backups are kept.")
    rpo: Duration = Field(default=timedelta(minutes=15), description="Longest span of work that may be lost.")
    drill: str = Field(default="", description="Name of the drill_report service of the last failover.")

    @property
    def address(self) -> str:
        """The cloud and the instance."""
        return f"{self.cloud}: {self.instance}"
