"""Inventory entry of the on-call schedule: who may be called at night, and how the product learns it."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from signoff.config.fields import Duration, SecretText
from signoff.config.kinds.base import Service

_URLS = {"pagerduty": "https://api.pagerduty.com", "opsgenie": "https://api.opsgenie.com"}


class OnCallService(Service):
    """One roster: a schedule of PagerDuty or Opsgenie, or a list in a file."""

    kind: Literal["on_call"] = "on_call"
    provider: Literal["pagerduty", "opsgenie", "file"]
    url: str = Field(default="", description="Of the API; by default the provider's public one.")
    token: SecretText | None = Field(default=None, description="A read-only key of the API.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    schedules: tuple[str, ...] = Field(default=(), description="Ids of the schedules, for pagerduty and opsgenie.")
    path: str = Field(default="", description="The list (YAML), relative to the inventory, for file.")
    horizon: Duration = Field(default=timedelta(days=30), description="How far ahead shifts are looked at.")
    min_people: int = Field(default=2, ge=1, description="Fewer people cannot take turns.")
    training: str = Field(default="", description="Record of who was trained when (YAML), relative to the inventory.")
    max_age: Duration = Field(default=timedelta(days=365), description="Age at which a training must be repeated.")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.provider == "file" and not self.path:
            raise ValueError("provider file needs path")
        if self.provider != "file" and not (self.schedules and self.token):
            raise ValueError(f"provider {self.provider} needs schedules and token")
        return self

    @property
    def api(self) -> str:
        """Base URL of the provider's API."""
        return self.url or _URLS.get(self.provider, "")

    @property
    def address(self) -> str:
        """The API, or the file."""
        return self.api or self.path
