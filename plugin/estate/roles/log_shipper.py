"""Every host's log lines go to the central log as they appear; what cannot be sent waits in a queue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.roles.central_log import PORT
from estate.roles.model import Role
from estate.roles.templates import put

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host


def _configure(host: Host, estate: Estate) -> None:
    put(host, estate, "log_shipper", port=PORT)
    host.enable("rsyslog")


ROLE = Role(name="log_shipper", packages=("rsyslog",), configure=_configure)
