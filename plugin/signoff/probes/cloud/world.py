"""Which sources of traffic are the whole world, and how providers write ports."""

from __future__ import annotations

import ipaddress
import re

from signoff.errors import NotVerifiedError
from signoff.probes.cloud.model import ALL_PORTS

_WIDEST_V4 = 8
_WIDEST_V6 = 16
_PORTS = re.compile(r"(\d{1,5})(?:-(\d{1,5}))?\Z")


def is_world(source: str) -> bool:
    """Whether the network holds so much of the address space that it is no closed circle.

    Halves of the world (0.0.0.0/1) count: two rules with a half each are as open as one. IPv4 from /7, IPv6 from /15
    upwards; unique local addresses (fc00::/7) are private however wide they are.

    Raises:
        NotVerifiedError: neither an address nor a network.
    """
    try:
        network = ipaddress.ip_network(source, strict=False)
    except ValueError as error:
        raise NotVerifiedError(
            f"source {source!r} of a rule is no network; correct the rule, or report this"
        ) from error
    widest = _WIDEST_V4 if isinstance(network, ipaddress.IPv4Network) else _WIDEST_V6
    return network.prefixlen < widest and not network.is_private


def port_range(text: str) -> tuple[int, int]:
    """Return first and last port of `22`, `80-90` or `*`.

    Raises:
        NotVerifiedError: anything else.
    """
    if text == "*":
        return ALL_PORTS
    match = _PORTS.match(text)
    if match is None:
        raise NotVerifiedError(f"ports {text!r} of a rule are not understood; correct the rule, or report this")
    return int(match[1]), int(match[2] or match[1])
