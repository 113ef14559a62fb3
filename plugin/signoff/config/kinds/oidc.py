"""Inventory entry of an OpenID Connect provider: what it publishes of itself must be sound."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class OidcService(Service):
    """One issuer, by its discovery document and its published keys."""

    kind: Literal["oidc"] = "oidc"
    issuer: str = Field(description="Exactly as tokens name it, such as https://id.example.com/realms/shop.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    min_rsa_bits: int = Field(default=2048, ge=2048)
    key_max_age: Duration = Field(
        default=timedelta(days=730), description="Of keys that are published with a certificate; others tell no age."
    )

    @property
    def address(self) -> str:
        """The issuer."""
        return self.issuer
