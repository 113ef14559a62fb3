"""Inventory entry of who decides on a rollback by hand, how they are reached, and where the process is written down."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service


class RollbackAuthorityService(Service):
    """The people behind the policy's `rollback.deciders`, and their document."""

    kind: Literal["rollback_authority"] = "rollback_authority"
    on_call: str = Field(description="Name of the on_call service that knows how each of them is reached.")
    document: str = Field(description="Name of the document service that describes the manual decision.")
    headings: tuple[str, ...] = Field(
        default=("Manual decision",), min_length=1, description="Words that its headings must contain."
    )
    min_people: int = Field(default=2, ge=2, description="Who decides needs a deputy: fewer are not enough.")

    @property
    def address(self) -> str:
        """The document."""
        return self.document
