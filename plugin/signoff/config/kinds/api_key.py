"""Inventory entry of a key with which we call others, or others us: whose it is, and how old it may get."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from signoff.config.fields import Duration, Instant, SecretText
from signoff.config.kinds.base import Service, Strict


class VaultSource(Strict):
    """Where Vault keeps the key; only its metadata is read."""

    url: str
    path: str = Field(description="Of the metadata (KV version 2), such as secret/metadata/shop/payment.")
    token: SecretText = Field(description="Of a policy that may read this metadata and nothing else.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")


class ApiKeyService(Service):
    """One API key; its value is nowhere in the inventory."""

    kind: Literal["api_key"] = "api_key"
    owner: str = Field(min_length=1, description="Who replaces it: a person on the roster.")
    issued_at: Instant | None = Field(default=None, description="When it was last replaced, if Vault does not know.")
    vault: VaultSource | None = None
    max_age: Duration = timedelta(days=90)

    @model_validator(mode="after")
    def _has_one_source(self) -> ApiKeyService:
        if (self.issued_at is None) == (self.vault is None):
            raise ValueError("needs one of issued_at and vault; write the one that knows")
        return self

    @property
    def address(self) -> str:
        """Where its age is known from."""
        return f"{self.vault.url}/v1/{self.vault.path}" if self.vault else "inventory"
