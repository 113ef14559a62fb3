"""Inventory entry of a CI service: the jobs that must have passed for the release's commit."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from signoff.config.fields import Duration, SecretText
from signoff.config.kinds.base import Service

_URLS = {"github": "https://api.github.com", "gitlab": "https://gitlab.com/api/v4", "record": ""}


class CiService(Service):
    """One project at a CI service, or the record that another one left."""

    kind: Literal["ci"] = "ci"
    provider: Literal["github", "gitlab", "record"] = Field(description="Whose API is asked; record: a file is read.")
    url: str = Field(default="", description="Base URL of the API; empty: the provider's public one.")
    project: str = Field(default="", description="OWNER/NAME at GitHub, number or path of the project at GitLab.")
    token: SecretText | None = Field(default=None, description="Reads statuses, checks and pipelines, nothing else.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    record: str = Field(default="", description="With provider record: the file (JSON), relative to the inventory.")
    required: tuple[str, ...] = Field(min_length=1, description="Names of the jobs that must have passed.")
    max_age: Duration = timedelta(days=30)

    @model_validator(mode="after")
    def _can_be_asked(self) -> CiService:
        needed = "record" if self.provider == "record" else "project"
        if not getattr(self, needed):
            raise ValueError(f"provider {self.provider} needs {needed}")
        return self

    @property
    def api(self) -> str:
        """Base URL of the API, without a slash at its end."""
        return (self.url or _URLS[self.provider]).rstrip("/")

    @property
    def address(self) -> str:
        """Where the answer comes from."""
        return self.record or f"{self.api} {self.project}"
