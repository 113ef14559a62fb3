"""Metrics of the host itself, for Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.roles.model import Role
from estate.roles.templates import put

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host

UNIT = "prometheus-node-exporter"
TEXTFILES = "/var/lib/prometheus/node-exporter"
"""Folder in which jobs of the host leave metrics of their own."""


def _configure(host: Host, estate: Estate) -> None:
    put(host, estate, "node_exporter", textfiles=TEXTFILES)
    host.enable(UNIT)


ROLE = Role(name="node_exporter", packages=(UNIT,), configure=_configure)
