"""Inventory entry of a standby of PostgreSQL: whom it follows, how far it may lag, and how it was rehearsed."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Port
from signoff.config.kinds.base import Service


class StandbyService(Service):
    """One streaming standby; role, password, database and TLS are those of its primary."""

    kind: Literal["standby"] = "standby"
    primary: str = Field(description="Name of the postgresql service that it follows.")
    host: str
    port: Port = 5432
    name: str = Field(default="", description="Its application_name at the primary; empty: any standby counts.")
    max_lag: Duration = timedelta(seconds=30)
    max_bytes: int = Field(default=16_777_216, ge=0, description="WAL that it may have left to replay.")
    slot: str = Field(default="", description="Its replication slot at the primary; empty: any, but it must use one.")
    synchronous: bool = Field(default=False, description="Whether commits must wait for it.")
    drill: str = Field(default="", description="Name of the drill_report service of the last failover.")

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"
