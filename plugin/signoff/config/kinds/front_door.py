"""Inventory entry of the addresses that users reach, and of the origins behind them that nobody may reach."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from signoff.config.fields import Port
from signoff.config.kinds.base import Service, Strict
from signoff.config.kinds.dns_zone import DnsServer


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        raise ValueError(f"{error}; write a network such as 192.0.2.0/24") from None


Network = Annotated[str, AfterValidator(_network)]


class Origin(Strict):
    """One address of ours behind the protection."""

    address: str
    port: Port = 443


class FrontDoorService(Service):
    """Names that must lead to a protection, and nowhere past it."""

    kind: Literal["front_door"] = "front_door"
    names: tuple[str, ...] = Field(min_length=1, description="What users resolve, without the final dot.")
    port: Port = 443
    resolvers: tuple[DnsServer, ...] = Field(min_length=1, description="Whom to ask, as users do.")
    ranges: tuple[Network, ...] = Field(
        min_length=1, description="Networks that the provider publishes as its own, or those of our own scrubbing."
    )
    source: str = Field(
        default="", description="Address of the checking machine that counts as the internet, if it has several."
    )
    origins: tuple[Origin, ...] = Field(
        min_length=1, description="Tried by one connection each, from where the checks run; none may answer."
    )

    @property
    def address(self) -> str:
        """The names."""
        return ", ".join(self.names)
