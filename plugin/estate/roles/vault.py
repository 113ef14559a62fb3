"""The vault: copies of backups and of archived changes. Database hosts may add to it, and neither read nor remove.

It is also where backups are tried: `signoff restore-test` restores here, and no other host has the key that opens them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyrage

from estate import ssh
from estate.layout import locked, write_atomically
from estate.roles.model import Role
from estate.roles.templates import put
from estate.topology import ADDRESSES

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host
    from estate.layout import Layout

HOST = "mon"
USER = "vault"
FOLDER = "/var/backups/vault"
COPIES, WAL = f"{FOLDER}/copies", f"{FOLDER}/wal"
SCRATCH = "/var/lib/restore-test"
"""Where backups are restored to see whether they can be."""
RECORD = f"{SCRATCH}/shop.json"
OWNER = f"{ssh.USER}:{ssh.USER}"
RECIPIENT = "/etc/backup/recipient"
"""On database hosts: for whom they encrypt."""
SENDER_KEY, KNOWN_HOSTS = "/etc/backup/vault_key", "/etc/backup/known_hosts"
KEY = "/etc/backup/key"
SENDERS = ("db1", "db2")
_GROUP = f"{USER}:backup"
_TAKE = "/usr/local/lib/take-copy"
_RECIPE = f"useradd --system --gid backup --home-dir {FOLDER} --shell /bin/sh {USER}\n"


def identity(layout: Layout) -> pyrage.x25519.Identity:
    """Return the key that opens the backups; it is drawn when it is first needed."""
    file = layout.dir / "backup" / "key"
    with locked(file.with_suffix(".lock")):
        if not file.exists():
            write_atomically(file, f"{pyrage.x25519.Identity.generate()}\n")
    return pyrage.x25519.Identity.from_str(file.read_text(encoding="ascii").strip())


def equip_sender(host: Host, estate: Estate) -> None:
    """Let a database host encrypt, and send to the vault."""
    host.write(RECIPIENT, f"{identity(estate.layout).to_public()}\n")
    host.write(SENDER_KEY, ssh.vault_key(estate.layout).read_bytes(), mode=0o600, owner="postgres:postgres")
    host.write(KNOWN_HOSTS, ssh.known_hosts(estate.layout).read_text(encoding="ascii"))


def is_open(estate: Estate) -> bool:
    """Whether it takes what it is sent; while the estate is made, its host may not have booted yet."""
    host = estate.host(HOST)
    return host.is_booted and host.is_active("ssh.service")


def _configure(host: Host, estate: Estate) -> None:
    put(host, estate, "vault", folder=FOLDER)
    for folder in (FOLDER, COPIES, WAL):
        host.make_folder(folder, mode=0o750, owner=_GROUP)
    key = f'restrict,command="sh {_TAKE}" {ssh.public(ssh.vault_key(estate.layout))}\n'
    host.write(f"{FOLDER}/.ssh/authorized_keys", key, mode=0o600, owner=_GROUP)
    allowed = " ".join(f"{USER}@{ADDRESSES[name]}" for name in SENDERS)
    host.write("/etc/ssh/sshd_config.d/vault.conf", f"AllowUsers {allowed}\n")
    host.make_folder(SCRATCH, mode=0o700, owner=OWNER)
    host.write(KEY, f"{identity(estate.layout)}\n", mode=0o640, owner=f"root:{ssh.USER}")


ROLE = Role(name="vault", packages=("openssh-server",), recipe=_RECIPE, configure=_configure)
