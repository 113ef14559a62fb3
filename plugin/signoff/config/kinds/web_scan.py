"""Inventory entry of a scan of the running application: its report, and what it may contain."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Ratio
from signoff.config.kinds.accepted import Accepted
from signoff.config.kinds.base import Service


class WebScanService(Service):
    """One report of ZAP."""

    kind: Literal["web_scan"] = "web_scan"
    path: str = Field(description="The report (traditional JSON or XML), relative to the inventory.")
    target: str = Field(description="Site that must have been scanned, as the report names it: scheme, host and port.")
    provenance: str = Field(
        default="", description="Note beside it that names the commit (JSON); without it: unproven."
    )
    max_medium: int = Field(default=0, ge=0, description="Accepted findings of medium risk; high ones never are.")
    min_reached: Ratio = Field(default=0.5, description="Least share of 2xx answers: below it the scan saw errors.")
    accepted: tuple[Accepted, ...] = Field(default=(), description="Findings that do not count for a while.")
    max_age: Duration = timedelta(days=7)

    @property
    def address(self) -> str:
        """What was scanned."""
        return self.target
