"""Inventory entry of an audit of third-party packages: its report, and what was deployed."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from signoff.config.fields import Duration
from signoff.config.kinds.accepted import Accepted
from signoff.config.kinds.base import Service

DependencyFormat = Literal["pip-audit", "trivy", "grype", "npm-audit", "osv-scanner", "cyclonedx"]


class DependencyAuditService(Service):
    """One report about the release's lock file, or about its image."""

    kind: Literal["dependency_audit"] = "dependency_audit"
    format: DependencyFormat = "pip-audit"
    path: str = Field(description="The report (JSON), relative to the inventory.")
    provenance: str = Field(description="Note beside it: commit, time, and age of the vulnerability data (JSON).")
    repository: str = Field(default="", description="Name of the repository service whose lock file was audited.")
    lockfile: str = Field(default="", description="The lock file in it; by default the repository's own.")
    image: str = Field(default="", description="Instead: image that was audited, as the report names it (digest, tag).")
    sbom: str = Field(
        default="", description="CycloneDX bill of materials that was audited, if the report lists no packages."
    )
    vex: str = Field(default="", description="CycloneDX VEX document: what does not affect this release, and why.")
    fail_on: Literal["low", "medium", "high", "critical"] = Field(
        default="low", description="Vulnerabilities from this risk up; one of unknown risk always counts."
    )
    accepted: tuple[Accepted, ...] = Field(default=(), description="Vulnerabilities that do not count for a while.")
    max_age: Duration = timedelta(days=7)
    database_max_age: Duration = timedelta(days=5)

    @property
    def address(self) -> str:
        """The report's path."""
        return self.path

    @model_validator(mode="after")
    def _is_about_something(self) -> DependencyAuditService:
        if bool(self.repository) == bool(self.image):
            raise ValueError("write repository (whose lock file was audited), or image; one of them")
        return self
