"""Ansible's variables of a host as the transport's address: the connection that Ansible would make."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from signoff.errors import ConfigError, Problem
from signoff.transport import HostAddress

if TYPE_CHECKING:
    from collections.abc import Mapping

    from signoff.config.hosts import Host

_SSH = frozenset({"ssh", "smart", "paramiko", "paramiko_ssh"})
_SCHEMES = {
    "docker": "docker",
    "docker_api": "docker",
    "podman": "podman",
    "kubectl": "kubectl",
    "oc": "openshift",
    "lxc": "lxc",
    "lxd": "lxc",
    "chroot": "chroot",
    "saltstack": "salt",
}
"""Ansible's connection plugins, without the collection's name, to testinfra's."""
_KUBERNETES = ("namespace", "container", "kubeconfig", "context")


def host_address(host: Host) -> HostAddress:
    """Return how to reach the host.

    Raises:
        ConfigError: its `ansible_connection` has no counterpart here.
    """
    variables = host.variables
    plugin = str(variables.get("ansible_connection", "ssh")).rpartition(".")[2]
    url = host.settings.testinfra_url
    if not url and plugin not in {*_SSH, "local"}:
        url = _url(host, plugin)
    arguments = [str(variables.get(f"ansible_ssh_{name}", "")) for name in ("args", "common_args", "extra_args")]
    port = variables.get("ansible_port")
    return HostAddress(
        name=host.name,
        host=_text(variables, "ansible_host", "ansible_ssh_host"),
        port=int(port) if port else None,
        user=_text(variables, "ansible_user", "ansible_ssh_user"),
        identity_file=_text(variables, "ansible_ssh_private_key_file", "ansible_private_key_file"),
        ssh_args=" ".join(filter(None, arguments)),
        connection="local" if plugin == "local" else "ssh",
        testinfra_url=url,
        sudo=host.settings.sudo,
        become_method=_text(variables, "ansible_become_method") or "sudo",
        become_password=_text(variables, "ansible_become_password", "ansible_become_pass"),
    )


def _url(host: Host, plugin: str) -> str:
    scheme = _SCHEMES.get(plugin)
    if scheme is None:
        hint = f"one of {', '.join(sorted({*_SSH, *_SCHEMES, 'local'}))}, or write signoff: {{testinfra_url: …}}"
        message = f"{host.name}: ansible_connection {plugin!r} has no counterpart here"
        raise ConfigError([Problem(file="hosts.yaml", line=1, column=1, path=host.name, message=message, hint=hint)])
    variables = host.variables
    target = _text(variables, f"ansible_{plugin}_pod", "ansible_host") or host.name
    if scheme in {"kubectl", "openshift"}:
        values = {name: _text(variables, f"ansible_{plugin}_{name}") for name in _KUBERNETES}
        query = urlencode({name: value for name, value in values.items() if value})
        return f"{scheme}://{target}{f'?{query}' if query else ''}"
    user = _text(variables, "ansible_user") if scheme in {"docker", "podman"} else ""
    return f"{scheme}://{f'{user}@' if user else ''}{target}"


def _text(variables: Mapping[str, Any], *names: str) -> str:
    return next((str(variables[name]) for name in names if variables.get(name)), "")
