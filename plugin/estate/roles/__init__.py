"""Every role by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.roles import (
    app,
    backup,
    balancer,
    base,
    cache,
    central_log,
    database,
    edge,
    error_tracker,
    firewall,
    log_shipper,
    monitoring,
    nameserver,
    node_exporter,
    resolver,
    sentinel,
    vault,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from estate.roles.model import Role

__all__ = ["ROLES"]

_MODULES = (
    *(base, firewall, node_exporter, log_shipper),
    *(edge, balancer, app, vault, database, backup, cache, sentinel),
    *(nameserver, resolver, monitoring, central_log, error_tracker),
)

ROLES: Mapping[str, Role] = {module.ROLE.name: module.ROLE for module in _MODULES}
