"""What every host is: a Debian with a name, an SSH server that lets the checks in, and nothing else."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING

from estate import ssh
from estate.roles.model import Role
from estate.topology import ADDRESSES, DOMAIN, RESOLVER_ADDRESS, SITE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from estate.estate import Estate
    from estate.hosts import Host

_SUDO = (
    "/usr/sbin/nft -j list ruleset",
    "/usr/bin/ss -Htulnp",
    "/usr/bin/ss -H -tulnp",
    "/usr/bin/cvtsudoers -e -f json /etc/sudoers",
)
# Nobody sits at these hosts, and a session in systemd for each connection would cost more than most commands.
_MASKED = (
    *("systemd-logind.service", "systemd-update-utmp.service", "systemd-update-utmp-runlevel.service"),
    "systemd-tmpfiles-clean.timer",
    # Each of these watches a folder, and a machine allows its root 128 watchers (fs.inotify.max_user_instances).
    *("systemd-ask-password-console.path", "systemd-ask-password-wall.path"),
)
_PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "openssh-server", "sudo", "iproute2", "iputils-ping", "procps", "nftables"),
    *("cron", "rsyslog", "logrotate", "ca-certificates", "curl", "netcat-openbsd", "python3", "less", "bind9-dnsutils"),
)
_RECIPE = f"""\
useradd --create-home --shell /bin/bash {ssh.USER}
mkdir -p /home/{ssh.USER}/.ssh && chown {ssh.USER}: /home/{ssh.USER}/.ssh && chmod 700 /home/{ssh.USER}/.ssh
systemctl mask --quiet systemd-udevd.service systemd-udev-trigger.service console-getty.service getty.target \\
    systemd-firstboot.service systemd-resolved.service systemd-timesyncd.service
"""
_SSHD = f"""\
PermitRootLogin no
PasswordAuthentication no
KbdInteractiveAuthentication no
AllowUsers {ssh.USER}
MaxStartups 50:30:200
UseDNS no
"""
_JOURNALD = "[Journal]\nStorage=volatile\nRuntimeMaxUse=32M\nForwardToSyslog=yes\n"


def _configure(host: Host, estate: Estate) -> None:
    names = "".join(f"{address} {name}.{DOMAIN} {name}\n" for name, address in ADDRESSES.items())
    host.write("/etc/hostname", f"{host.name}\n")
    host.write("/etc/machine-id", f"{uuid.uuid4().hex}\n", mode=0o444)
    host.write("/etc/hosts", f"127.0.0.1 localhost\n{names}{ADDRESSES['edge']} {SITE}\n")
    host.remove("/etc/resolv.conf")
    host.write("/etc/resolv.conf", f"search {DOMAIN}\nnameserver {RESOLVER_ADDRESS}\noptions timeout:2 attempts:2\n")
    host.write("/etc/systemd/journald.conf.d/estate.conf", _JOURNALD)
    _let_in(host, estate)
    _trust(host, estate)
    for unit in _MASKED:
        host.link(f"/etc/systemd/system/{unit}", "/dev/null")
    host.enable("ssh.service", "cron.service", "rsyslog.service")


def _let_in(host: Host, estate: Estate) -> None:
    home = f"/home/{ssh.USER}"
    owner = f"{ssh.USER}:{ssh.USER}"
    key = ssh.host_key(estate.layout, host.name)
    host.write("/etc/ssh/ssh_host_ed25519_key", key.read_bytes(), mode=0o600)
    host.write("/etc/ssh/ssh_host_ed25519_key.pub", ssh.public(key) + "\n")
    host.write("/etc/ssh/sshd_config.d/estate.conf", _SSHD)
    client = ssh.public(ssh.client_key(estate.layout))
    host.write(f"{home}/.ssh/authorized_keys", client + "\n", mode=0o600, owner=owner)


def allow(host: Host, commands: Iterable[str]) -> None:
    """Let the account of the checks run these commands as root, and no others."""
    allowed = ", ".join(re.sub(r"([,:=\\])", r"\\\1", command) for command in commands)
    host.write("/etc/sudoers.d/signoff", f"{ssh.USER} ALL=(root) NOPASSWD: {allowed}\n", mode=0o440)


def _trust(host: Host, estate: Estate) -> None:
    host.write("/usr/local/share/ca-certificates/estate.crt", estate.layout.ca_file.read_bytes())
    # What update-ca-certificates would do, without its seconds.
    bundle = host.path("/etc/ssl/certs/ca-certificates.crt").read_bytes()
    host.write("/etc/ssl/certs/ca-certificates.crt", bundle + estate.layout.ca_file.read_bytes())


def _is_ready(host: Host, _estate: Estate) -> bool:
    return host.is_active("ssh.service") and not host.exists("/run/nologin")


ROLE = Role(name="base", packages=_PACKAGES, recipe=_RECIPE, configure=_configure, ready=_is_ready, sudo=_SUDO)
