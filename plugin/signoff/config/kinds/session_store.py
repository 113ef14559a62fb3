"""Inventory entry of the place where a web application keeps its sessions: each must end by itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class SessionStoreService(Service):
    """Keys of sessions in a Redis-compatible server; they are counted, never read."""

    kind: Literal["session_store"] = "session_store"
    redis: str = Field(description="Name of the redis service; its account needs +scan +ttl %R~PATTERN.")
    pattern: str = Field(default="session:*", min_length=2, description="Which keys are sessions.")
    lives: Duration = Field(default=timedelta(minutes=30), description="Longest accepted rest of a session's life.")
    access: str = Field(
        default="", description="Name of an access service whose identity signs in first, so that there is a session."
    )
    sample: int = Field(default=1_000, ge=1, le=10_000, description="Most keys that are looked at.")

    @property
    def address(self) -> str:
        """The server."""
        return self.redis
