"""Inventory entry of a scan of hosts, ports or TLS servers: its report, and what it may contain."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from signoff.config.fields import Duration, TimeZone
from signoff.config.kinds.accepted import Accepted
from signoff.config.kinds.base import Service

HostScanFormat = Literal["nmap", "testssl", "sslyze", "lynis", "openscap", "nessus"]


class HostScanService(Service):
    """One report of nmap, testssl.sh, sslyze, Lynis, OpenSCAP or Nessus."""

    kind: Literal["host_scan"] = "host_scan"
    format: HostScanFormat
    path: str = Field(description="The report, relative to the inventory.")
    targets: tuple[str, ...] = Field(
        min_length=1, description="What must have been scanned, as the report names it: hosts, addresses, host:port."
    )
    provenance: str = Field(default="", description="Note beside it: when, by which version, for which commit (JSON).")
    ports: tuple[Annotated[str, Field(pattern=r"^(\S+ )?(tcp|udp|sctp)/\d{1,5}$")], ...] = Field(
        default=(), description="Ports that may be open (nmap): tcp/443, or 192.0.2.10 tcp/443 for one address."
    )
    max_medium: int = Field(default=0, ge=0, description="Accepted findings of medium risk; high ones never are.")
    min_score: float = Field(default=0, ge=0, le=100, description="Least mark of Lynis or OpenSCAP.")
    may_skip: tuple[str, ...] = Field(
        default=(),
        description="Beginnings of what the scan may leave out, such as a test that this scanner cannot make.",
    )
    accepted: tuple[Accepted, ...] = Field(default=(), description="Findings that do not count for a while.")
    timezone: TimeZone = Field(default="UTC", description="Of times without an offset (Lynis, older OpenSCAP).")
    max_age: Duration = timedelta(days=7)
    database_max_age: Duration = Field(default=timedelta(days=5), description="Of plugins (Nessus).")

    @property
    def address(self) -> str:
        """What was scanned."""
        return ", ".join(self.targets)
