"""Inventory entry of a Grafana server: the dashboards that must be there and show something."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, SecretText
from signoff.config.kinds.base import Service, Strict


class EmptyPanel(Strict):
    """A panel that may show nothing, and why that is right."""

    dashboard: str = Field(description="Uid of the dashboard.")
    panel: str = Field(description="Title of the panel.")
    reason: str = Field(min_length=10)


class GrafanaService(Service):
    """One Grafana server, read with a service account of the role Viewer."""

    kind: Literal["grafana"] = "grafana"
    url: str
    token: SecretText = Field(description="Of a service account with the role Viewer, and nothing more.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    dashboards: tuple[str, ...] = Field(min_length=1, description="Uids of the dashboards that must exist.")
    window: Duration = Field(default=timedelta(hours=1), description="How far back a panel must show something.")
    may_be_empty: tuple[EmptyPanel, ...] = Field(
        default=(), description="Panels that rightly show nothing, such as a list of errors."
    )

    @property
    def address(self) -> str:
        """The URL."""
        return self.url
