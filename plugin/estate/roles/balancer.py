"""The load balancer: HAProxy behind the edge, with a blue and a green backend over both application hosts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.roles.app import BLUE_PORT, GREEN_PORT
from estate.roles.edge import BALANCER_PORT
from estate.roles.model import Role
from estate.roles.templates import put, put_certificate

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.estate import Estate
    from estate.hosts import Host

CONFIGURATION = "/etc/haproxy/haproxy.cfg"
ACTIVE = "/etc/haproxy/active.map"
"""Names the backend that gets the traffic; the runtime socket changes it at once (`set map`)."""
SOCKET = "/run/haproxy/admin.sock"
STATISTICS_PORT = 8404


def command(host: Host, text: str) -> str:
    """Send one command to HAProxy's runtime socket and return the answer."""
    return host.run("nc", "-U", "-N", "-w", "3", SOCKET, stdin=f"{text}\n")


def _configure(host: Host, estate: Estate) -> None:
    put(
        host,
        estate,
        "balancer",
        private={CONFIGURATION: "root:haproxy"},
        active=ACTIVE,
        socket=SOCKET,
        port=BALANCER_PORT,
        statistics_port=STATISTICS_PORT,
        backends={"shop_blue": BLUE_PORT, "shop_green": GREEN_PORT},
        servers=estate.with_role("app"),
    )
    put_certificate(host, estate, "/etc/haproxy/tls", owner="root:haproxy")
    host.enable("haproxy")


def _exports(estate: Estate) -> Mapping[str, str]:
    return {"ESTATE_BALANCER_PASSWORD": estate.secret("balancer_statistics")}


ROLE = Role(name="balancer", packages=("haproxy",), configure=_configure, exports=_exports)
