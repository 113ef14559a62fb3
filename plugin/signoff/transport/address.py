"""Where a host answers and how to get in: what the transport needs to know, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True, slots=True)
class HostAddress:
    """One host of the inventory as the transport sees it."""

    name: str
    host: str = ""
    """Name or address to connect to; empty: `name`."""
    port: int | None = None
    user: str = ""
    """Empty: what the SSH client's own configuration says."""
    identity_file: str = ""
    ssh_args: str = ""
    """Options for the SSH client as Ansible's `ansible_ssh_common_args` writes them, such as `-o ProxyJump=bastion`."""
    connection: Literal["ssh", "local"] = "ssh"
    testinfra_url: str = field(default="", repr=False)
    """Any other testinfra connection, such as `docker://web`; takes precedence over everything else."""

    sudo: tuple[str, ...] = ()
    """What may follow `sudo -n` on this host: whole commands, or beginnings that end in ` *`."""
    become_method: str = "sudo"
    become_password: str = field(default="", repr=False)

    @property
    def destination(self) -> str:
        """Name or address to connect to."""
        return self.host or self.name
