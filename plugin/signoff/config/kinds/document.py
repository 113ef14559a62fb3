"""Inventory entry of a document that must exist, be complete and be current."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class DocumentService(Service):
    """One Markdown document in a repository."""

    kind: Literal["document"] = "document"
    repository: str = Field(description="Name of the repository service that holds it.")
    path: str = Field(description="Path within the repository, read at the release's commit.")
    headings: tuple[str, ...] = Field(default=(), description="Words that its headings must contain.")
    max_age: Duration = timedelta(days=180)
    describes: tuple[str, ...] = Field(
        default=(), description="Paths in the repository: a later change of them makes the document outdated."
    )

    @property
    def address(self) -> str:
        """Its path."""
        return self.path
