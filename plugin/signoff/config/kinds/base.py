"""What all service kinds have in common: strict, frozen, and silent about values in errors."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class Strict(BaseModel):
    """A mapping in an input file: unknown keys are refused, values never appear in error texts."""

    model_config = ConfigDict(defer_build=True, extra="forbid", frozen=True, hide_input_in_errors=True)


class Service(Strict):
    """One entry of services.yaml. Subclasses narrow `kind` to a `Literal` and add their keys."""

    kind: str
    description: str = Field(default="", description="What the service is for, in words.")

    @property
    def address(self) -> str:
        """Where the service answers, for people; never with credentials."""
        return ""
