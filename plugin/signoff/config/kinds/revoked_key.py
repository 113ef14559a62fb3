"""Inventory entry of a key that was taken back: it must open nothing any more."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.fields import SecretText
from signoff.config.kinds.base import Service


class RevokedKeyService(Service):
    """One revoked key, kept to prove that revoking works."""

    kind: Literal["revoked_key"] = "revoked_key"
    url: str = Field(description="Address that a valid key opens; asked once with GET.")
    header: str = Field(default="Authorization", description="Header that carries the key.")
    value: SecretText = Field(description="The header's whole value, such as Bearer and the key.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")

    @property
    def address(self) -> str:
        """The address that it once opened."""
        return self.url
