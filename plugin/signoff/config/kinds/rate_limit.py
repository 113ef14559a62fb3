"""Inventory entry of a limit on how often one client may ask: as it is configured, or as it is seen."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from signoff.config.kinds.base import Service, Strict


class Burst(Strict):
    """A few requests at once, to see the limit work. Only where this stands are they sent."""

    web: str = Field(description="Name of the web service.")
    requests: int = Field(ge=2, le=20, description="GETs, sent one after the other without a pause.")
    refused_with: int = Field(default=429, ge=400, le=599)


class RateLimitService(Service):
    """One front door with limits; exactly one of `config` and `burst`."""

    kind: Literal["rate_limit"] = "rate_limit"
    paths: tuple[str, ...] = Field(min_length=1, description="What must be limited, such as /api/login.")
    host: str = Field(default="", description="Inventory host with the configuration.")
    server: Literal["nginx", "haproxy"] = "nginx"
    config: str = Field(default="", description="Its main file, such as /etc/nginx/nginx.conf.")
    per_second: float = Field(default=100, gt=0, description="Most that one client may ask.")
    burst: Burst | None = None

    @property
    def address(self) -> str:
        """Where the limit is seen."""
        return f"{self.config} on {self.host}" if self.config else f"burst at {self.burst.web if self.burst else ''}"

    @model_validator(mode="after")
    def _has_one_source(self) -> Self:
        if bool(self.config) == bool(self.burst) or bool(self.config) != bool(self.host):
            raise ValueError("needs either host and config, or burst; write two entries to have both")
        if self.burst and len(self.paths) > 1:
            raise ValueError("a burst asks for one path; write one entry for each")
        return self
