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
STATUS_SOCKET = "/run/haproxy/status.sock"
"""For whoever may look; it has no power over servers."""
STATISTICS_PORT = 8404
BLUE, GREEN = "shop_blue", "shop_green"
KEY = "active"
"""Of the map."""
_STATUS = 17
"""Column of the statistics."""


def command(host: Host, text: str) -> str:
    """Send one command to HAProxy's runtime socket and return the answer."""
    return host.run("nc", "-U", "-N", "-w", "30", SOCKET, stdin=f"{text}\n")


def leads_to(host: Host) -> str:
    """Return the backend that the map names; empty: it names none, and the traffic goes to blue."""
    rows = [line.split(" ") for line in command(host, f"show map {ACTIVE}").splitlines()]
    return next((row[2] for row in rows if row[1:2] == [KEY]), "")


def lead_to(host: Host, backend: str) -> None:
    """Let the traffic go to the backend, from the next request on; empty: take the name out of the map."""
    if not backend:
        command(host, f"del map {ACTIVE} {KEY}")
    else:
        verb = "set" if leads_to(host) else "add"
        command(host, f"{verb} map {ACTIVE} {KEY} {backend}")


def _ready(host: Host, estate: Estate) -> bool:
    """Whether HAProxy, too, has found out that all instances answer."""
    rows = [row.split(",") for row in command(host, "show stat").splitlines()]
    up = {(row[0], row[1]) for row in rows if len(row) > _STATUS and row[_STATUS].startswith("UP")}
    return up >= {(backend, server.name) for backend in (BLUE, GREEN) for server in estate.with_role("app")}


def _configure(host: Host, estate: Estate) -> None:
    put(
        host,
        estate,
        "balancer",
        private={CONFIGURATION: "root:haproxy"},
        active=ACTIVE,
        socket=SOCKET,
        status=STATUS_SOCKET,
        port=BALANCER_PORT,
        statistics_port=STATISTICS_PORT,
        backends={BLUE: BLUE_PORT, GREEN: GREEN_PORT},
        servers=estate.with_role("app"),
    )
    put_certificate(host, estate, "/etc/haproxy/tls", owner="root:haproxy")
    host.enable("haproxy")


def _exports(estate: Estate) -> Mapping[str, str]:
    return {"ESTATE_BALANCER_PASSWORD": estate.secret("balancer_statistics")}


ROLE = Role(name="balancer", packages=("haproxy",), configure=_configure, ready=_ready, exports=_exports)
