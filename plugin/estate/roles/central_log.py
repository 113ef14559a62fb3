"""The central log: one file of JSON lines for each host, turned over every night and kept for 30 days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.roles.model import Role
from estate.roles.templates import put

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host

PORT = 514
FOLDER = "/var/log/central"
FILE = "messages.log"
"""Name of a host's file, in a folder named after the host."""
_RECIPE = "usermod --append --groups adm signoff\n"


def _configure(host: Host, estate: Estate) -> None:
    host.make_folder(FOLDER, mode=0o750, owner="root:adm")
    put(host, estate, "central_log", port=PORT, folder=FOLDER, file=FILE)


ROLE = Role(name="central_log", packages=("rsyslog", "logrotate"), recipe=_RECIPE, configure=_configure)
