"""The firewall of every host: everything is closed but what one of its roles needs, for those who need it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from estate.roles.model import Role
from estate.roles.templates import put
from estate.topology import ADDRESSES, CONTROLLER_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.estate import Estate
    from estate.hosts import Host

RULES = "/etc/nftables.conf"

_ADMINISTRATORS = (CONTROLLER_ADDRESS,)
_MONITORING = (ADDRESSES["mon"],)
_EDGE = (ADDRESSES["edge"],)
_APPLICATION = (ADDRESSES["app1"], ADDRESSES["app2"])
_DATABASES = (ADDRESSES["db1"], ADDRESSES["db2"])
_CACHES = (ADDRESSES["cache1"], ADDRESSES["cache2"])
_HOSTS = tuple(ADDRESSES.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class Opening:
    """One port, and who may connect to it."""

    port: int
    purpose: str
    sources: tuple[str, ...] = ()
    """Addresses; empty: everybody."""
    protocol: str = "tcp"


OPENINGS: Mapping[str, tuple[Opening, ...]] = {
    "base": (Opening(port=22, purpose="administration", sources=_ADMINISTRATORS),),
    "node_exporter": (Opening(port=9100, purpose="host metrics", sources=_MONITORING),),
    "edge": (
        Opening(port=80, purpose="redirect to HTTPS"),
        Opening(port=443, purpose="the shop"),
    ),
    "balancer": (Opening(port=8404, purpose="statistics", sources=_ADMINISTRATORS + _MONITORING),),
    "app": (
        Opening(port=8000, purpose="the shop, blue", sources=_EDGE + _MONITORING + _ADMINISTRATORS),
        Opening(port=8001, purpose="the shop, green", sources=_EDGE + _MONITORING + _ADMINISTRATORS),
    ),
    "database": (
        Opening(port=5432, purpose="PostgreSQL", sources=_DATABASES + _APPLICATION + _ADMINISTRATORS),
        Opening(port=6432, purpose="PgBouncer", sources=_APPLICATION + _ADMINISTRATORS),
        Opening(port=9187, purpose="database metrics", sources=_MONITORING),
    ),
    "cache": (
        Opening(port=6379, purpose="Redis", sources=_CACHES + _MONITORING + _APPLICATION + _ADMINISTRATORS),
        Opening(port=9121, purpose="cache metrics", sources=_MONITORING),
    ),
    "sentinel": (Opening(port=26379, purpose="Sentinel", sources=_CACHES + _MONITORING + _ADMINISTRATORS),),
    "nameserver": (
        Opening(port=53, purpose="the zone"),
        Opening(port=53, purpose="the zone", protocol="udp"),
    ),
    "resolver": (
        Opening(port=53, purpose="names for the hosts", sources=_HOSTS + _ADMINISTRATORS),
        Opening(port=53, purpose="names for the hosts", sources=_HOSTS + _ADMINISTRATORS, protocol="udp"),
    ),
    "monitoring": (
        Opening(port=9090, purpose="Prometheus", sources=_ADMINISTRATORS),
        Opening(port=9093, purpose="Alertmanager", sources=_ADMINISTRATORS),
    ),
    "central_log": (Opening(port=514, purpose="log lines", sources=_HOSTS),),
    "vault": (Opening(port=22, purpose="backups", sources=_DATABASES),),
    "error_tracker": (Opening(port=9000, purpose="errors of the shop", sources=_APPLICATION + _ADMINISTRATORS),),
}
"""What each role needs to be reached by."""


def _configure(host: Host, estate: Estate) -> None:
    openings = [opening for role in host.place.roles for opening in OPENINGS.get(role, ())]
    put(host, estate, "firewall", openings=openings)
    host.enable("nftables")


ROLE = Role(name="firewall", packages=("nftables",), configure=_configure)
