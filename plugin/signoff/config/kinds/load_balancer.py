"""Inventory entry of an HAProxy load balancer: its statistics, its pools, and its public side."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.fields import Ratio, SecretText
from signoff.config.kinds.base import Service, Strict


class Pool(Strict):
    """One backend that takes traffic."""

    name: str
    min_healthy: int = Field(default=2, ge=1, description="Least number of servers that must be well.")
    zones: dict[str, str] = Field(
        default_factory=dict, description="Availability zone by server name; then the healthy ones must span two."
    )
    check: Literal["L7", "L4"] = Field(
        default="L7", description="L7: the health check must ask the application; L4: an open port is enough."
    )


class Spread(Strict):
    """A small sample of requests, to see that every healthy server really gets some."""

    url: str = Field(description="What to ask, through the load balancer; GET only.")
    header: str = Field(default="", description="Answer header that names the server.")
    json_field: str = Field(default="", description="Field of a JSON answer that names the server, if no header does.")
    requests: int = Field(default=20, ge=4, le=50)
    pool: str = Field(description="The pool that should answer.")


class LoadBalancerService(Service):
    """One HAProxy, read through its statistics page."""

    kind: Literal["load_balancer"] = "load_balancer"
    stats_url: str = Field(description="The statistics page, with or without `;csv`.")
    user: str = ""
    password: SecretText | None = None
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    frontends: tuple[str, ...] = Field(default=(), description="Front ends that must be open; default: all there are.")
    pools: tuple[Pool, ...] = Field(min_length=1)
    max_down: Ratio = Field(default=0.0, description="Most of a pool's servers that may be unwell.")
    http_url: str = Field(description="The plain HTTP address of the product: it must lead to HTTPS and nowhere else.")
    spread: Spread

    @property
    def address(self) -> str:
        """The statistics page."""
        return self.stats_url
