"""Inventory entry of a TLS endpoint: every address of one name and port."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Port
from signoff.config.kinds.base import Service


class TlsService(Service):
    """One TLS endpoint; each of its addresses must present the same good certificate."""

    kind: Literal["tls"] = "tls"
    host: str = Field(description="Name that users connect to; all of its IPv4 and IPv6 addresses are asked.")
    port: Port = 443
    server_name: str = Field(default="", description="Name in the certificate; default: `host`.")
    addresses: tuple[str, ...] = Field(default=(), description="Ask these addresses instead of those in DNS.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    min_remaining: Duration = Field(
        default=timedelta(days=30), description="Least time until any certificate of the chain expires."
    )
    min_version: Literal["TLSv1.2", "TLSv1.3"] = Field(
        default="TLSv1.2", description="The best protocol on offer must be at least this; below TLS 1.2 none may be."
    )
    http: bool = Field(default=True, description="Whether it speaks HTTP: then HSTS is required.")
    hsts_min_age: Duration = Field(default=timedelta(days=180), description="Least max-age of the HSTS header.")

    @property
    def name(self) -> str:
        """The name that the certificate must carry."""
        return self.server_name or self.host

    @property
    def address(self) -> str:
        """Name and port."""
        return f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        """The endpoint as a URL."""
        return f"https://{self.address}/"
