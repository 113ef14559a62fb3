"""The authoritative name servers: BIND signs nothing itself, it serves the signed zone; Knot is its secondary."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from estate import zone
from estate.roles.model import Role
from estate.roles.templates import put, render
from estate.topology import ADDRESSES, DOMAIN

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from estate.estate import Estate
    from estate.hosts import Host

PRIMARY, SECONDARY = "ns1", "ns2"
ZONE = f"/etc/bind/{DOMAIN}.zone"
_UNITS = {PRIMARY: "named", SECONDARY: "knot"}
_OWNERS = {
    PRIMARY: {"/etc/bind/named.conf": "root:bind"},
    SECONDARY: {"/etc/knot/knot.conf": "root:knot"},
}


def unsigned(host: Host, estate: Estate, *, serial: int = zone.FIRST_SERIAL) -> str:
    """Return the zone as people write it."""
    return zone.zone_text(render(host, estate, "zone.txt", serial=serial))


def write_zone(host: Host, estate: Estate, text: str, *, until: datetime | None = None) -> None:
    """Sign the zone and write it; the primary serves it after `rndc reload`."""
    host.write(ZONE, zone.sign(estate.layout, text, until=until))


def _transfer_key(estate: Estate) -> str:
    return base64.b64encode(estate.secret("dns_transfer").encode()).decode()


def _configure(host: Host, estate: Estate) -> None:
    peers = {name: ADDRESSES[name] for name in (PRIMARY, SECONDARY)}
    put(
        host,
        estate,
        f"nameserver/{host.name}",
        private=_OWNERS[host.name],
        zone=ZONE,
        peers=peers,
        transfer_key=_transfer_key(estate),
    )
    if host.name == PRIMARY:
        write_zone(host, estate, unsigned(host, estate))
    host.enable(_UNITS[host.name])


def _ready(host: Host, _estate: Estate) -> bool:
    asked = ("dig", "+short", "+time=5", "+tries=1", f"@{host.address}", DOMAIN, "SOA")
    return str(zone.FIRST_SERIAL) in host.ask(*asked).stdout


def _exports(estate: Estate) -> Mapping[str, str]:
    return {"ESTATE_DNS_DS": zone.delegation(estate.layout)}


ROLE = Role(
    name="nameserver",
    packages=("bind9", "knot", "bind9-dnsutils"),
    configure=_configure,
    ready=_ready,
    exports=_exports,
)
