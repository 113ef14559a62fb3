"""Inventory entry of the rules for accounts: what an identity provider says of passwords, locks and second factors."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration
from signoff.config.kinds.base import Service


class AccountPolicyService(Service):
    """One export of a Keycloak realm, and what it must hold. Other providers: attest the item."""

    kind: Literal["account_policy"] = "account_policy"
    path: str = Field(description="Answer to GET /admin/realms/NAME, or a realm export (JSON).")
    provenance: str = Field(description="Note that says when it was made.")
    realm: str
    max_age: Duration = timedelta(days=7)
    min_password: int = Field(default=12, ge=8, description="Characters.")
    locks_after: int = Field(default=10, ge=1, description="Most wrong attempts before the account is locked.")
    second_factor: bool = Field(default=True, description="Whether nobody may do without one.")
    session_idle: Duration = timedelta(minutes=30)
    session_lifetime: Duration = timedelta(hours=12)

    @property
    def address(self) -> str:
        """The realm."""
        return self.realm
