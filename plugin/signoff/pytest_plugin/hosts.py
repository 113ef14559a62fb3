"""Bridge from the inventory's Ansible variables to the transport's addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.errors import ConfigError, Problem
from signoff.transport import HostAddress, HostPool

if TYPE_CHECKING:
    from signoff.config.hosts import Host
    from signoff.config.inventory import Inventory

_CONNECTIONS = {"ssh": "ssh", "smart": "ssh", "paramiko": "ssh", "local": "local"}


def host_pool(inventory: Inventory) -> HostPool:
    """Return connections to every host of the inventory; none is opened yet.

    Raises:
        ConfigError: a host asks for a connection that testinfra reaches by a URL instead.
    """
    return HostPool({host.name: _address(host) for host in inventory.hosts.values()})


def _address(host: Host) -> HostAddress:
    variables = host.variables
    connection = str(variables.get("ansible_connection", "ssh")).rpartition(".")[2]
    if connection not in _CONNECTIONS and not host.settings.testinfra_url:
        hint = "write signoff: {testinfra_url: docker://NAME} (or podman://, kubectl://, …)"
        message = f"{host.name}: ansible_connection {connection!r} has no transport of its own"
        raise ConfigError([Problem(file="hosts.yaml", line=1, column=1, path=host.name, message=message, hint=hint)])
    arguments = [str(variables.get(f"ansible_ssh_{name}_args", "")) for name in ("common", "extra")]
    port = variables.get("ansible_port")
    return HostAddress(
        name=host.name,
        host=str(variables.get("ansible_host", "")),
        port=int(port) if port else None,
        user=str(variables.get("ansible_user", "")),
        identity_file=str(variables.get("ansible_ssh_private_key_file", "")),
        ssh_args=" ".join(filter(None, arguments)),
        connection="local" if _CONNECTIONS.get(connection) == "local" else "ssh",
        testinfra_url=host.settings.testinfra_url,
    )
