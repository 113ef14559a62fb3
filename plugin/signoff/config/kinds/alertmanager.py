"""Inventory entry of an Alertmanager: where alerts must arrive, and how long they may be silenced."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, SecretText
from signoff.config.kinds.base import Service, Strict


class RequiredRoute(Strict):
    """Alerts with these labels must reach one of the receivers."""

    labels: dict[str, str] = Field(min_length=1, description="Labels of the alert, such as severity: critical.")
    receivers: tuple[str, ...] = Field(min_length=1, description="Receivers of which at least one must get it.")


class Heartbeat(Strict):
    """Who notes that the watchdog arrived: a dead man's switch with the API of healthchecks.io."""

    url: str = Field(description="Of the check, such as https://healthchecks.io/api/v3/checks/<unique key>.")
    api_key: SecretText | None = Field(default=None, description="A read-only key.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    max_age: Duration = Field(default=timedelta(minutes=15), description="Age at which the last arrival is too old.")


class AlertmanagerService(Service):
    """One Alertmanager, read through its HTTP API, version 2."""

    kind: Literal["alertmanager"] = "alertmanager"
    url: str
    user: str = ""
    password: SecretText | None = None
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    prometheus: str = Field(description="Name of the prometheus service whose required alerts arrive here.")
    pager: tuple[str, ...] = Field(min_length=1, description="Receivers that call somebody, day and night.")
    routes: tuple[RequiredRoute, ...] = Field(
        default=(), description="Beside the required alerts of Prometheus, all of which must reach the pager."
    )
    max_silence: Duration = Field(default=timedelta(hours=24), description="Longest that a silence may last.")
    heartbeat: Heartbeat | None = Field(default=None, description="Where the watchdog's arrival can be seen.")

    @property
    def address(self) -> str:
        """The URL."""
        return self.url
