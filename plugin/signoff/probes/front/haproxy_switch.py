"""HAProxy's switch between two backends: a map that names the one that gets the traffic, read from the running one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.probes.front.haproxy import read_map
from signoff.probes.front.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Iterable


def read_switch(host: Any, socket: str, file: str, keys: Iterable[str]) -> Switch:
    """Return where the keys of the map lead.

    Args:
        host: A connected testinfra host.
        socket: HAProxy's runtime socket.
        file: The map's file, as HAProxy's configuration names it.
        keys: The map's keys that decide; one that the map lacks leads nowhere.

    Raises:
        NotVerifiedError: no way to the socket, or HAProxy uses no such map.
    """
    found = read_map(host, socket, file)
    leads = [found[key] for key in keys if key in found]
    shares = {name: leads.count(name) / len(leads) for name in dict.fromkeys(leads)}
    return Switch(where=f"map {file} on {socket}", shares=shares)
