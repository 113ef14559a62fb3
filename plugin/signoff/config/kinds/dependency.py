"""Inventory entry of one edge between services: who calls whom."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.fields import Port
from signoff.config.kinds.base import Service, Strict


class Readiness(Strict):
    """Where the calling application itself reports on the edge."""

    web: str = Field(description="Name of the web service; each of its instances is asked.")
    path: str = "/readyz"
    key: str = Field(description="Name of the dependency in the answer's `dependencies`; its value must be ok.")


class DependencyService(Service):
    """One service that others call."""

    kind: Literal["dependency"] = "dependency"
    sources: tuple[str, ...] = Field(min_length=1, description="Inventory hosts that call it.")
    host: str = Field(description="Name or number to which they connect.")
    port: Port
    readiness: Readiness | None = None

    @property
    def address(self) -> str:
        """What is called."""
        return f"{self.host}:{self.port}"
