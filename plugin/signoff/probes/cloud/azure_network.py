"""What Azure's network security groups let in, and which subnets stand without one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.probes.cloud.azure_fields import field
from signoff.probes.cloud.model import ALL_PORTS, OpenRule
from signoff.probes.cloud.world import is_world, port_range

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from signoff.importers._json import Node

_EVERYBODY = frozenset({"*", "any", "internet", "<nw>/0", "/0"})
_WITHOUT_BY_DESIGN = frozenset(
    {"AzureFirewallManagementSubnet", "AzureFirewallSubnet", "GatewaySubnet", "RouteServerSubnet"}
)
"""Subnets of Azure's own devices, which take no group."""


def open_rules(nsg: Node) -> Iterator[OpenRule]:
    """Yield the inbound rules that let the world in; Azure's own default rules never do."""
    name = nsg.at("name").text()
    for rule in field(nsg, "securityRules").items():
        if field(rule, "access").text() != "Allow" or field(rule, "direction").text() != "Inbound":
            continue
        protocol = field(rule, "protocol").text().lower().replace("*", "all")
        for source in filter(_is_everybody, _both(rule, "sourceAddressPrefix")):
            for first, last in _ports(rule, protocol):
                yield OpenRule(
                    rule=f"{name}/{rule.at('name').text(name)}",
                    protocol=protocol,
                    first=first,
                    last=last,
                    source=source,
                )


def unprotected_subnets(subnets: Iterable[tuple[str, Node]]) -> Iterator[str]:
    """Yield `network/subnet` of each that has no security group."""
    for network, subnet in subnets:
        name = subnet.at("name").text()
        if field(subnet, "networkSecurityGroup").value is None and name not in _WITHOUT_BY_DESIGN:
            yield f"{network}/{name}"


def _both(rule: Node, key: str) -> list[str]:
    """Return the one value and the many that Azure keeps beside it."""
    plural = field(rule, f"{key}es" if key.endswith("x") else f"{key}s")
    many = [one.text() for one in plural.items()] if plural.value is not None else []
    one = field(rule, key).text("")
    return [one, *many] if one else many


def _is_everybody(source: str) -> bool:
    if source.lower() in _EVERYBODY:
        return True
    # Anything else without a digit in front is a service tag, such as VirtualNetwork: a closed circle of Azure's.
    return (source[:1].isdigit() or ":" in source) and is_world(source)


def _ports(rule: Node, protocol: str) -> list[tuple[int, int]]:
    if protocol not in {"tcp", "udp", "all"}:
        return [ALL_PORTS]
    return [port_range(text) for text in _both(rule, "destinationPortRange")]
