"""Inventory entry of a session that one run opens and a later one tries: by then it must have ended."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class KeptSessionService(Service):
    """One session of a synthetic account, kept in the cache folder of whoever runs the checks, for them alone."""

    kind: Literal["kept_session"] = "kept_session"
    access: str = Field(description="Name of the access service; its session rules say who signs in, and to what.")
    ends: Literal["unused", "used"] = Field(
        default="unused",
        description="unused: nobody touches it until it must have ended; used: every run touches it, and it must end"
        " all the same (runs must be less than `idle` apart).",
    )
    after: Duration = Field(description="When it must have ended: the idle time (unused), or the lifetime (used).")
    idle: Duration | None = Field(default=None, description="used: the application's idle time.")
    folder: str = Field(default="", description="Where it is kept, mode 700; default: below the user's cache folder.")

    @property
    def address(self) -> str:
        """Which session."""
        return f"{self.ends} session of {self.access}"

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.ends == "used") != (self.idle is not None):
            raise ValueError("idle belongs to a used session, and to no other")
        if self.after <= timedelta(0):
            raise ValueError("after must be longer than nothing")
        return self
