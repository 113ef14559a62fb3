"""What checks of firewalls talk about: a host, who may talk to it, and who can."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from signoff.config.exposure import Firewall
    from signoff.config.inventory import Inventory
    from signoff.probes.hosts.listeners import Listener
    from signoff.probes.hosts.packet_filter import PacketFilter
    from signoff.probes.network.outside import Knock
    from signoff.pytest_plugin.fixtures import BoundTarget

    Views = tuple[tuple[Knock, ...], tuple[Knock, ...]]


@dataclass(frozen=True, kw_only=True)
class Guarded:
    """A host, who may talk to it, and ways to find out who can."""

    name: str
    settings: Firewall
    host: Any
    address: str
    sudo: tuple[str, ...]
    outside: Callable[[str], Views]

    def packet_filter(self) -> PacketFilter:
        """Return what the host's own rules come to."""
        from signoff.probes.hosts.firewall import read_packet_filter

        return read_packet_filter(self.host, self.sudo)

    def families(self) -> tuple[str, ...]:
        """Return the protocols over which somebody can reach the host."""
        from signoff.probes.hosts.firewall import has_ipv6

        return ("ip", "ip6") if has_ipv6(self.host) else ("ip",)

    def listeners(self) -> tuple[Listener, ...]:
        """Return the sockets that others can reach."""
        from signoff.probes.hosts.listeners import read_listeners

        return tuple(one for one in read_listeners(self.host) if one.is_exposed)

    def knocks(self) -> tuple[Knock, ...]:
        """Return what the ports said that must be closed; the host must be there, or silence would prove nothing."""
        from signoff import not_verified

        own, closed = self.outside(self.name)
        if not any(one.open for one in own):
            not_verified(
                f"{self.name}: none of its own TCP ports answers from here at {self.address}, so that a closed one says"
                " nothing; run the check where the host can be reached, or name firewall.outside.address"
            )
        return closed


@pytest.fixture(scope="session")
def outside(request: pytest.FixtureRequest, inventory: Inventory) -> Callable[[str], Views]:
    """Return a function from a host's name to what its own ports and the closed ones say, all hosts asked at once."""
    seen: dict[str, Views] = {}

    def look(name: str) -> Views:
        if name not in seen:
            asked = (item for item in request.session.items if "outside" in getattr(item, "fixturenames", ()))
            names = {item.callspec.params.get("target") for item in asked if hasattr(item, "callspec")} | {name}
            guards = {one: inventory.hosts[one].settings.firewall for one in names if one in inventory.hosts}
            doors = {one: (address_of(inventory, one), guard) for one, guard in guards.items() if guard}
            seen.update(knock_everywhere(doors))
        return seen[name]

    return look


def address_of(inventory: Inventory, name: str) -> str:
    """Return where a host is reached from here."""
    host = inventory.hosts[name]
    settings = host.settings.firewall
    return (settings.outside.address if settings else "") or str(host.variables.get("ansible_host", name))


def knock_everywhere(hosts: Mapping[str, tuple[str, Firewall]]) -> dict[str, Views]:
    """Try each host's own TCP ports as ourselves, and those that must be closed as somebody from outside."""
    from signoff.probes.network.outside import Door, knock

    own = [(name, Door(address=at, port=port)) for name, (at, firewall) in hosts.items() for port in firewall.tcp_ports]
    closed = [
        (name, Door(address=at, port=port, source=firewall.outside.source))
        for name, (at, firewall) in hosts.items()
        for port in firewall.outside.closed
        if firewall.outside.source or not firewall.allows(port, "tcp")
    ]
    found = {False: knock([door for _, door in own]), True: knock([door for _, door in closed])}
    return {
        name: (
            tuple(said for (host, _), said in zip(own, found[False], strict=True) if host == name),
            tuple(said for (host, _), said in zip(closed, found[True], strict=True) if host == name),
        )
        for name in hosts
    }


@pytest.fixture
def guarded(
    target: BoundTarget, inventory: Inventory, connect: Callable[[str], Any], outside: Callable[[str], Views]
) -> Guarded:
    """Return the current host with its firewall settings."""
    from signoff import not_verified

    settings: Firewall | None = target.settings.firewall
    if settings is None:
        not_verified(
            f"{target.name}: nothing says which ports may be open; write signoff.firewall for it in hosts.yaml"
        )
    return Guarded(
        name=target.name,
        settings=settings,
        host=connect(target.name),
        address=address_of(inventory, target.name),
        sudo=target.settings.sudo,
        outside=outside,
    )
