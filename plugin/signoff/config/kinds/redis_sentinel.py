"""Inventory entry of a primary that Redis Sentinels watch: all of them, how many must agree, and the last failover."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.fields import Port, SecretText
from signoff.config.kinds.base import Service, Strict


class SentinelNode(Strict):
    """One Sentinel."""

    host: str
    port: Port = 26_379


class RedisSentinelService(Service):
    """A Redis-compatible primary with replicas, of which Sentinels promote one when the primary is lost."""

    kind: Literal["redis_sentinel"] = "redis_sentinel"
    sentinels: tuple[SentinelNode, ...] = Field(
        min_length=3, max_length=9, description="Every Sentinel; fewer than three cannot outvote a broken one."
    )
    primary: str = Field(description="The name under which they watch the primary.")
    user: str = Field(
        default="", description="An ACL user with +sentinel|ckquorum +sentinel|master +sentinel|replicas."
    )
    password: SecretText | None = None
    tls: bool = False
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    min_replicas: int = Field(default=1, ge=1, description="Replicas that could take over.")
    max_bytes: int = Field(default=1_048_576, ge=0, description="What a replica may lack of the newest one's changes.")
    drill: str = Field(default="", description="Name of the drill_report service of the last failover.")

    @property
    def address(self) -> str:
        """Every Sentinel."""
        return ", ".join(f"{one.host}:{one.port}" for one in self.sentinels)
