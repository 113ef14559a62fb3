"""Inventory entry of a HashiCorp Vault or OpenBao: that it is open for work, watched, and asked with little power."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, SecretText
from signoff.config.kinds.base import Service


class VaultService(Service):
    """One Vault; nothing but its own state is read, never a secret in it."""

    kind: Literal["vault"] = "vault"
    url: str
    token: SecretText = Field(description="It may read sys/audit (with sudo) and itself; it is judged, too.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    audit_devices: int = Field(default=1, ge=1, description="Least number; with one alone a full disk stops Vault.")
    token_lives: Duration = Field(default=timedelta(days=32), description="Longest accepted rest of the token's life.")
    policies: tuple[str, ...] = Field(
        default=("default",), description="Policies that the token may have; any other is too much."
    )

    @property
    def address(self) -> str:
        """Its address."""
        return self.url
