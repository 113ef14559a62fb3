"""Inventory entry of a PostgreSQL cluster that Patroni manages: where it answers, and what a failover needs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.fields import SecretText
from signoff.config.kinds.base import Service


class PatroniService(Service):
    """One cluster of Patroni's, read by one GET of its REST API."""

    kind: Literal["patroni"] = "patroni"
    url: str = Field(description="REST address of a member, such as https://db1.example.com:8008.")
    user: str = ""
    password: SecretText | None = None
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    min_candidates: int = Field(default=1, ge=1, description="Members that could take over.")
    max_bytes: int = Field(default=1_048_576, ge=0, description="WAL that such a member may lack.")
    drill: str = Field(default="", description="Name of the drill_report service of the last failover.")

    @property
    def address(self) -> str:
        """The API's address."""
        return self.url
