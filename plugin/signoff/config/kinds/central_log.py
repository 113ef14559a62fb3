"""Inventory entry of a central log that is kept as files of JSON lines on one host."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, field_validator

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service, Strict


class Trace(Strict):
    """One normal request whose log line must be found."""

    url: str = Field(description="What to ask once, with GET.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    header: str = Field(default="X-Request-ID", description="Answer header that carries the request's id.")
    field: str = Field(default="request_id", description="Field of a log line that carries it.")
    within: Duration = Field(default=timedelta(seconds=30), description="Longest until the line can be found.")


class CentralLogService(Service):
    """The lines of all hosts, collected on one of them."""

    kind: Literal["central_log"] = "central_log"
    host: str = Field(description="Inventory host that keeps the files.")
    path: str = Field(description="Path of one host's file, with `{host}` where its name stands.")
    time_field: str = Field(default="ts", description="Field with the instant of a line, ISO 8601 with an offset.")
    hosts: tuple[str, ...] = Field(default=(), description="Hosts that must log; default: every host of the inventory.")
    max_age: Duration = Field(default=timedelta(minutes=15), description="Oldest that a host's newest line may be.")
    max_skew: Duration = Field(
        default=timedelta(seconds=60), description="Most that a host's clock may be ahead of the collector's."
    )
    trace: Trace

    @field_validator("path")
    @classmethod
    def _names_the_host(cls, value: str) -> str:
        if "{host}" not in value:
            raise ValueError("must contain {host}, such as /var/log/central/{host}.log")
        return value

    @property
    def address(self) -> str:
        """Host and path."""
        return f"{self.host}:{self.path}"
