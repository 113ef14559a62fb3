"""Inventory entry of a document that must exist, be complete and be current."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, Self

from pydantic import Field, model_validator

from signoff.config.fields import Duration, SecretText
from signoff.config.kinds.base import Service, Strict


class ConfluencePage(Strict):
    """A page in Confluence."""

    url: str = Field(description="Of the site: https://example.atlassian.net for Cloud, the base URL for Data Center.")
    page: str = Field(pattern=r"^\d+$", description="The page's id.")
    edition: Literal["cloud", "data_center"] = "cloud"
    user: str = Field(default="", description="Account of the API token (Cloud); empty: the token stands alone.")
    token: SecretText = Field(description="A token that may read the page, and nothing else.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")


class DocumentService(Service):
    """One document: Markdown in a repository or in a file, or a page in Confluence."""

    kind: Literal["document"] = "document"
    repository: str = Field(default="", description="Name of the repository service that holds it; empty: a file.")
    path: str = Field(
        default="",
        description="Within the repository, read at the release's commit; or of a file beside the inventory.",
    )
    confluence: ConfluencePage | None = Field(default=None, description="The page, instead of a path.")
    owner: str = Field(default="", description="Who keeps it current.")
    approvers: tuple[str, ...] = Field(
        default=(), description="People of whom one must be named in it as its approver; empty: anybody."
    )
    headings: tuple[str, ...] = Field(default=(), description="Words that its headings must contain.")
    max_age: Duration = timedelta(days=180)
    describes: tuple[str, ...] = Field(
        default=(), description="Paths in the repository: a later change of them makes the document outdated."
    )
    described_in: str = Field(default="", description="Repository of what it describes, if it is not its own.")
    max_links: int = Field(default=50, ge=0, description="Most links to other sites that are followed.")
    links_unfollowed: dict[str, str] = Field(
        default_factory=dict, description="Beginnings of links that are not followed, each with the reason."
    )

    links_ca_file: str = Field(default="", description="PEM file of a private certificate authority of linked sites.")

    @model_validator(mode="after")
    def _is_in_one_place(self) -> Self:
        if bool(self.path) == (self.confluence is not None):
            raise ValueError("needs either path or confluence")
        if self.repository and not self.path:
            raise ValueError("repository needs path")
        if self.describes and not (self.repository or self.described_in):
            raise ValueError("describes needs repository or described_in, where the paths are")
        return self

    @property
    def address(self) -> str:
        """Its path, or the page."""
        return f"{self.confluence.url} page {self.confluence.page}" if self.confluence else self.path
