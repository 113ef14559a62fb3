"""Inventory entry of an error tracking service with Sentry's HTTP API."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Ratio, SecretText
from signoff.config.kinds.base import Service, Strict


class SettingsFile(Strict):
    """The `.env` file of a self-hosted installation, which sets how long events are kept."""

    host: str = Field(description="Inventory host that has it.")
    path: str


class EventRetention(Strict):
    """How long events must be kept, and may be kept."""

    min: Duration = Field(default=timedelta(days=30), description="Least time that an event is kept.")
    max: Duration = Field(default=timedelta(days=90), description="Longest time that an event is kept.")
    settings: SettingsFile | None = Field(
        default=None, description="Where a self-hosted installation sets it; empty: only the oldest event can prove it."
    )
    slack: Duration = Field(default=timedelta(days=1), description="How far the oldest event may be off.")


class ErrorTrackingService(Service):
    """One project on a Sentry server."""

    kind: Literal["error_tracking"] = "error_tracking"
    url: str
    organization: str
    project: str
    token: SecretText = Field(description="A token with org:read, project:read and alerts:read, and nothing else.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    period: str = Field(default="24h", pattern=r"^\d+[hdw]$", description="How far back events are counted.")
    lost_ratio: Ratio = Field(default=0.05, description="Most of the arriving events that may be refused.")
    response_seconds: float = Field(default=5.0, gt=0, description="Longest that its API may take to answer.")

    retention: EventRetention = EventRetention()

    @property
    def address(self) -> str:
        """URL, organisation and project."""
        return f"{self.url} {self.organization}/{self.project}"
