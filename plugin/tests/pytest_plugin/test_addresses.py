"""Ansible's variables of a host become the connection that Ansible would make."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.config.hosts import Host, HostSettings
from signoff.errors import ConfigError
from signoff.pytest_plugin.addresses import host_address


def host(settings: dict[str, Any] | None = None, **variables: Any) -> Host:
    return Host(name="web1", groups=(), variables=variables, settings=HostSettings(**settings or {}), sha256="0" * 64)


def test_ssh_is_the_default_and_takes_what_ansible_takes() -> None:
    address = host_address(
        host(
            ansible_host="10.0.0.1",
            ansible_port="2222",
            ansible_user="deploy",
            ansible_ssh_private_key_file="~/.ssh/deploy",
            ansible_ssh_args="-o A=1",
            ansible_ssh_common_args="-o B=2",
            ansible_ssh_extra_args="-o C=3",
        )
    )
    assert (address.destination, address.port, address.user) == ("10.0.0.1", 2222, "deploy")
    assert address.identity_file == "~/.ssh/deploy"
    assert address.ssh_args == "-o A=1 -o B=2 -o C=3"
    assert (address.connection, address.testinfra_url) == ("ssh", "")


@pytest.mark.parametrize(
    "plugin", ["ssh", "smart", "ansible.builtin.ssh", "paramiko_ssh", "ansible.netcommon.paramiko"]
)
def test_every_ssh_plugin_is_ssh(plugin: str) -> None:
    assert host_address(host(ansible_connection=plugin)).connection == "ssh"


def test_local_is_local() -> None:
    assert host_address(host(ansible_connection="ansible.builtin.local")).connection == "local"


@pytest.mark.parametrize(
    ("plugin", "variables", "url"),
    [
        ("docker", {}, "docker://web1"),
        ("community.docker.docker", {"ansible_host": "shop-web"}, "docker://shop-web"),
        ("community.docker.docker_api", {"ansible_user": "app"}, "docker://app@web1"),
        ("containers.podman.podman", {}, "podman://web1"),
        (
            "kubernetes.core.kubectl",
            {"ansible_kubectl_pod": "web-0", "ansible_kubectl_namespace": "shop", "ansible_kubectl_container": "app"},
            "kubectl://web-0?namespace=shop&container=app",
        ),
        ("community.okd.oc", {"ansible_oc_namespace": "shop"}, "openshift://web1?namespace=shop"),
        ("community.general.lxd", {}, "lxc://web1"),
        ("community.general.lxc", {}, "lxc://web1"),
        ("community.general.chroot", {"ansible_host": "/srv/root"}, "chroot:///srv/root"),
        ("community.general.saltstack", {}, "salt://web1"),
    ],
)
def test_other_plugins_become_testinfras(plugin: str, variables: dict[str, Any], url: str) -> None:
    assert host_address(host(ansible_connection=plugin, **variables)).testinfra_url == url


def test_a_url_of_the_inventory_wins() -> None:
    address = host_address(host({"testinfra_url": "podman://x"}, ansible_connection="ansible.windows.winrm"))
    assert address.testinfra_url == "podman://x"


def test_a_plugin_without_a_counterpart_is_a_mistake_in_the_inventory() -> None:
    with pytest.raises(ConfigError, match="'winrm' has no counterpart here"):
        host_address(host(ansible_connection="ansible.windows.winrm"))


def test_root_is_for_what_the_inventory_lists() -> None:
    address = host_address(
        host({"sudo": ["/usr/sbin/nft -j list ruleset"]}, ansible_become_method="doas", ansible_become_pass="geheim")
    )
    assert address.sudo == ("/usr/sbin/nft -j list ruleset",)
    assert (address.become_method, address.become_password) == ("doas", "geheim")


@pytest.mark.parametrize("command", ["*", "sudo id", "", "id 'open"])
def test_what_is_no_command_cannot_be_listed(command: str) -> None:
    with pytest.raises(ValueError, match=r"command|what follows"):
        HostSettings(sudo=(command,))
