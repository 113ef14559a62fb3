"""Inventory entry of a secret that was exposed in a repository's history and has been replaced since."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.fields import Instant
from signoff.config.kinds.base import Service


class SecretRotationService(Service):
    """Proof that an exposed secret no longer opens anything."""

    kind: Literal["secret_rotation"] = "secret_rotation"
    repository: str = Field(description="Name of the repository service whose history holds the old value.")
    file: str = Field(description="Path that held it.")
    rule: str = Field(description="Rule that finds it, as the check names it.")
    rotated_at: Instant = Field(description="When the value was replaced; after it was committed.")
    proof: str = Field(min_length=10, description="Where the replacement can be verified: a ticket, a Vault version.")

    @property
    def address(self) -> str:
        """The path that held the secret."""
        return self.file
