"""The resolver of all hosts: Unbound, which believes the estate's zone only if its signatures are right."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate import zone
from estate.roles.model import Role
from estate.roles.templates import put
from estate.topology import CONTROLLER_ADDRESS

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host

UNIT = "unbound"


def _configure(host: Host, estate: Estate) -> None:
    clients = [*(other.address for other in estate.hosts.values()), CONTROLLER_ADDRESS]
    servers = estate.with_role("nameserver")
    put(host, estate, "resolver", clients=clients, servers=servers, delegation=zone.delegation(estate.layout))
    host.enable(UNIT)


ROLE = Role(name="resolver", packages=("unbound",), configure=_configure)
