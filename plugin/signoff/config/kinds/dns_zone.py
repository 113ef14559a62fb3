"""Inventory entry of a DNS zone: its servers, and the records that must be there."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Port
from signoff.config.kinds.base import Service, Strict


class DnsServer(Strict):
    """One server to ask directly."""

    name: str = Field(description="Its name; for an authoritative server, as the zone's NS records write it.")
    address: str = Field(default="", description="IP address, or a name that resolves; default: its name.")
    port: Port = 53


class DnsRecord(Strict):
    """One record set and what must be in it."""

    name: str = Field(description="Full name, without the final dot.")
    type: Literal["A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"] = "A"
    values: tuple[str, ...] = Field(min_length=1, description="All values, in zone-file form; order does not matter.")


class DnsZoneService(Service):
    """One zone, compared record by record on each of its servers."""

    kind: Literal["dns_zone"] = "dns_zone"
    zone: str = Field(description="Name of the zone, without the final dot.")
    servers: tuple[DnsServer, ...] = Field(
        min_length=2, description="All authoritative servers (RFC 2182: at least two)."
    )
    resolvers: tuple[DnsServer, ...] = Field(
        default=(), description="Resolvers of users and of our own hosts, that must see the same records."
    )
    records: tuple[DnsRecord, ...] = Field(min_length=1, description="Record sets that the release depends on.")
    cutover: tuple[str, ...] = Field(
        default=(), description="Names that a roll-back would repoint; default: all names of A, AAAA and CNAME records."
    )
    ttl_max: Duration = Field(
        default=timedelta(minutes=5), description="Most TTL of these names, so that a roll-back reaches users in time."
    )
    caa: tuple[str, ...] = Field(
        default=(), description="Certificate authorities that may issue; at least one CAA record is required."
    )

    signed: bool = Field(
        default=False, description="Whether the zone must be signed (DNSSEC); one that is signed is verified anyway."
    )
    ds: tuple[str, ...] = Field(
        default=(),
        description="DS records of its keys, as `TAG ALGORITHM TYPE DIGEST`; default: the resolvers' answer.",
    )
    signature_remaining: Duration = Field(
        default=timedelta(days=7), description="Least time until any signature expires."
    )
    mail: bool = Field(
        default=True,
        description="Whether SPF and DMARC records are required, for zones without mail too (`v=spf1 -all`); false: a "
        "zone below another one, whose DMARC record covers it.",
    )
    dmarc_policies: tuple[Literal["reject", "quarantine", "none"], ...] = Field(
        default=("reject", "quarantine"), min_length=1, description="Accepted policies of the DMARC record."
    )

    @property
    def cutover_names(self) -> frozenset[str]:
        """The names whose TTL matters."""
        moving = {"A", "AAAA", "CNAME"}
        return frozenset(self.cutover or (record.name for record in self.records if record.type in moving))

    @property
    def address(self) -> str:
        """Zone and servers."""
        return f"{self.zone} on {', '.join(server.name for server in self.servers)}"
