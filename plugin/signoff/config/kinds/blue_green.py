"""Inventory entry of a pair of environments between which a load balancer switches."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service


class BlueGreenService(Service):
    """Two backends of one HAProxy, of which one serves and the other can take over at once."""

    kind: Literal["blue_green"] = "blue_green"
    load_balancer: str = Field(description="Name of the load_balancer service whose backends they are.")
    blue: str = Field(description="Name of one backend.")
    green: str = Field(description="Name of the other.")
    min_healthy: int = Field(default=2, ge=1, description="Healthy servers that each needs.")

    @property
    def address(self) -> str:
        """Both backends."""
        return f"{self.load_balancer}: {self.blue}, {self.green}"
