"""Inventory entry of a project in SonarQube: its quality gate must be green for the release's commit."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, SecretText
from signoff.config.kinds.base import Service


class SonarQubeService(Service):
    """One project, read with a token of the permission "Browse"."""

    kind: Literal["sonarqube"] = "sonarqube"
    url: str = Field(pattern=r"^https?://", description="SonarQube's own address.")
    ca_file: str = ""
    project: str = Field(min_length=1, description="The project's key.")
    branch: str = Field(default="", description="Branch; the main one by default.")
    token: SecretText
    max_hotspots: int = Field(default=0, ge=0, description="Security hotspots that nobody has reviewed yet.")
    max_age: Duration = timedelta(days=7)

    @property
    def address(self) -> str:
        """The project's page."""
        return f"{self.url.rstrip('/')}/dashboard?id={self.project}"
