"""The central log: one file of JSON lines for each host, turned over every night and kept for 30 days."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.roles.model import Role
from estate.roles.node_exporter import TEXTFILES
from estate.roles.templates import put

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host

PORT = 514
FOLDER = "/var/log/central"
FILE = "messages.log"
"""Name of a host's file, in a folder named after the host."""
ROTATION = "/etc/logrotate.d/central"
VIEWS = ("/usr/local/bin/log-errors", "/usr/local/bin/log-request")
"""Programs for questions that are asked again and again."""
_METRICS = "/usr/local/bin/log-metrics"
_RECIPE = "usermod --append --groups adm signoff\n"


def _configure(host: Host, estate: Estate) -> None:
    host.make_folder(FOLDER, mode=0o750, owner="root:adm")
    put(host, estate, "central_log", port=PORT, folder=FOLDER, file=FILE, metrics=f"{TEXTFILES}/central_log.prom")
    for program in (*VIEWS, _METRICS):
        host.write(program, host.read(program), mode=0o755)
    host.enable("log-metrics.timer")


ROLE = Role(name="central_log", packages=("rsyslog", "logrotate"), recipe=_RECIPE, configure=_configure)
