"""Inventory entry of a content delivery network or caching edge: what it must keep, and what never."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from signoff.config.fields import Port, Ratio
from signoff.config.kinds.base import Service, Strict


class Origin(Strict):
    """One server behind it, which must answer nobody else."""

    address: str = Field(description="IP address or name of the server itself.")
    port: Port = 443
    tls: bool = Field(default=True, description="Whether it speaks TLS.")
    host: str = Field(
        default="",
        description="Inventory host that listens there: without it, silence may mean a wrong address.",
    )


class CdnService(Service):
    """One site behind a network of caches."""

    kind: Literal["cdn"] = "cdn"
    url: str = Field(description="Address of the site as users call it, such as https://shop.example.com.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    assets: tuple[str, ...] = Field(
        min_length=1, max_length=10, description="Paths that must come from the cache; each is asked for twice."
    )
    hits: Ratio = Field(default=0.9, description="Least share of assets whose second answer comes from the cache.")
    compressed_from: int = Field(
        default=1024, ge=0, description="Assets of at least this many bytes must arrive compressed if they are text."
    )
    first_byte: float = Field(
        default=0.5, gt=0, description="Most seconds until 95 % of the cached assets begin to arrive."
    )
    private: tuple[str, ...] = Field(
        min_length=1, max_length=10, description="Paths of private pages: no cache may keep them."
    )
    web: str = Field(default="", description="Name of the web service whose accounts may see the private pages.")
    identity: str = Field(default="", description="The account that asks for them; empty: nobody, who may be refused.")
    origins: tuple[Origin, ...] = Field(
        default=(),
        max_length=20,
        description="The servers behind it; empty: nothing says that nobody can go around it.",
    )
    source: str = Field(default="", description="Address of the runner from which origins are asked; default: any.")

    @model_validator(mode="after")
    def _both_or_neither(self) -> CdnService:
        if bool(self.web) != bool(self.identity):
            raise ValueError("web and identity belong together: name the application and one of its identities")
        return self

    @property
    def address(self) -> str:
        """The site."""
        return self.url
