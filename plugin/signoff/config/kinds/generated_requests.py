"""Inventory entry of requests that schemathesis makes up from an application's OpenAPI document: GET only, bounded."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service


class GeneratedRequestsService(Service):
    """One run of schemathesis against one application, as nobody in particular."""

    kind: Literal["generated_requests"] = "generated_requests"
    web: str = Field(description="Name of the web service.")
    program: str = Field(
        default="schemathesis",
        description="Version 4 or later, in an environment of its own: it is a pytest plugin, too.",
    )
    examples: int = Field(default=5, ge=1, le=50, description="Requests made up for each operation, at most.")
    seconds: int = Field(default=60, ge=5, le=300, description="Time for the whole run, at most.")

    @property
    def address(self) -> str:
        """The application."""
        return self.web
