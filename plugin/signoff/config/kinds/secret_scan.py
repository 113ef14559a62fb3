"""Inventory entry of a scanner of secrets that is installed where the checks run, and of the history it must read."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service


class SecretScanService(Service):
    """One scanner over one repository's whole history, beside the rules of this product."""

    kind: Literal["secret_scan"] = "secret_scan"
    repository: str = Field(description="Name of the repository service; its sample_secrets are left out.")
    tool: Literal["gitleaks", "detect-secrets"] = "gitleaks"
    program: str = Field(default="", description="Its path; default: it is found on PATH.")

    @property
    def address(self) -> str:
        """Scanner and repository."""
        return f"{self.program or self.tool} over {self.repository}"
