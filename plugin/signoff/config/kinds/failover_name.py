"""Inventory entry of a DNS name by which clients find what fails over: they must not remember it for long."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service
from signoff.config.kinds.dns_zone import DnsServer


class FailoverNameService(Service):
    """One name whose record is changed in a failover."""

    kind: Literal["failover_name"] = "failover_name"
    name: str = Field(description="Absolute, without the final dot.")
    type: Literal["A", "AAAA", "CNAME"] = "A"
    servers: tuple[DnsServer, ...] = Field(min_length=1, description="The authoritative servers of its zone.")
    max_ttl: Duration = Field(default=timedelta(seconds=60), description="For so long clients may keep the old answer.")

    @property
    def address(self) -> str:
        """Name and type."""
        return f"{self.name} {self.type}"
