"""Inventory entry of an audit of third-party packages: its report, and what was deployed."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class DependencyAuditService(Service):
    """One report of pip-audit about the release's lock file."""

    kind: Literal["dependency_audit"] = "dependency_audit"
    path: str = Field(description="The report (`pip-audit --format json`), relative to the inventory.")
    provenance: str = Field(description="Note beside it: commit, time, and age of the vulnerability data (JSON).")
    repository: str = Field(description="Name of the repository service whose lock file was audited.")
    accepted: tuple[str, ...] = Field(default=(), description="Ids that are known not to apply; prefer a waiver.")
    max_age: Duration = timedelta(days=7)
    database_max_age: Duration = timedelta(days=5)

    @property
    def address(self) -> str:
        """The report's path."""
        return self.path
