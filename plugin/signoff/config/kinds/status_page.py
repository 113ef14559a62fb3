"""Inventory entry of the public status page: where it is, and what it must tell about."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.kinds.base import Service


class StatusPageService(Service):
    """One status page with the public API of Statuspage, version 2."""

    kind: Literal["status_page"] = "status_page"
    url: str = Field(pattern=r"^https://", description="Address of the page, such as https://status.example.net.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    components: dict[str, str] = Field(
        min_length=1, description="For each service that users know (a web service at least), its component's name."
    )
    independent_of: tuple[str, ...] = Field(
        default=(), description="Host names of the product, beside those of its web services."
    )
    min_days: int = Field(default=14, ge=1, description="Days that its certificate must still be valid.")

    @property
    def address(self) -> str:
        """The page's address."""
        return self.url
