"""Which hosts there are, what they do and which addresses they have; fixed, so that inventories can be static files."""

from __future__ import annotations

from dataclasses import dataclass

DOMAIN = "estate.test"
"""Domain of everything inside; `.test` never resolves elsewhere."""

SITE = f"shop.{DOMAIN}"
"""The public name of the shop; its address is the edge's."""

NETWORK = "10.77.0.0/24"
GATEWAY = "10.77.0.1"
"""The bridge itself; hosts route through it and reach nothing beyond."""

CONTROLLER_ADDRESS = "10.77.0.5"
"""Where the checks run: the administrators' workstation."""

OUTSIDE_ADDRESS = "10.77.0.250"
"""A second address of the controller that belongs to nobody: the internet, for firewalls."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """One host: its name, its address and what it does, in the order in which it is configured."""

    name: str
    address: str
    roles: tuple[str, ...]


_EVERYWHERE = ("base", "firewall", "node_exporter", "log_shipper")

PLACES = (
    Place(name="edge", address="10.77.0.10", roles=(*_EVERYWHERE, "edge", "balancer")),
    Place(name="app1", address="10.77.0.21", roles=(*_EVERYWHERE, "app")),
    Place(name="app2", address="10.77.0.22", roles=(*_EVERYWHERE, "app")),
    Place(name="db1", address="10.77.0.31", roles=(*_EVERYWHERE, "database")),
    Place(name="db2", address="10.77.0.32", roles=(*_EVERYWHERE, "database", "backup")),
    Place(name="cache1", address="10.77.0.41", roles=(*_EVERYWHERE, "cache", "sentinel")),
    Place(name="cache2", address="10.77.0.42", roles=(*_EVERYWHERE, "cache", "sentinel")),
    Place(name="ns1", address="10.77.0.51", roles=(*_EVERYWHERE, "nameserver")),
    Place(name="ns2", address="10.77.0.52", roles=(*_EVERYWHERE, "nameserver")),
    Place(
        name="mon",
        address="10.77.0.60",
        roles=(*_EVERYWHERE, "resolver", "monitoring", "central_log", "error_tracker", "sentinel", "vault"),
    ),
)

RESOLVER_ADDRESS = "10.77.0.60"
"""What every host and the controller ask for names."""

ADDRESSES = {place.name: place.address for place in PLACES}
