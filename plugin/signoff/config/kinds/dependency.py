"""Inventory entry of one edge between services: who calls whom."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.fields import Port
from signoff.config.kinds.base import Service, Strict


class Readiness(Strict):
    """Where the calling application itself reports on the edge."""

    web: str = Field(description="Name of the web service; each of its instances is asked.")
    path: str = "/readyz"
    key: str = Field(description="Name of the dependency in the answer's `dependencies`; its value must be ok.")


class Encryption(Strict):
    """A TLS connection that must succeed from every source, with a certificate that the source trusts."""

    name: str = Field(default="", description="Name that the certificate must have; empty: the host that is called.")
    ca_file: str = Field(default="", description="PEM file on the source host; empty: what that host trusts anyway.")
    starttls: Literal["", "postgres", "mysql", "smtp", "ldap"] = Field(
        default="", description="Protocol that begins in plain text; needs openssl on the source host."
    )


class DependencyService(Service):
    """One service that others call."""

    kind: Literal["dependency"] = "dependency"
    sources: tuple[str, ...] = Field(min_length=1, description="Inventory hosts that call it.")
    host: str = Field(description="Name or number to which they connect.")
    port: Port
    tls: Encryption | None = Field(default=None, description="Empty: a TCP connection is enough.")
    readiness: Readiness | None = None

    @property
    def address(self) -> str:
        """What is called."""
        return f"{self.host}:{self.port}"
