"""The hourly backup of the shop's database: dumped on the standby, encrypted for a key that no host has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from estate.estate import wait_until
from estate.layout import write_atomically
from estate.roles.database import BACKUPS, PRIMARY
from estate.roles.model import Role
from estate.roles.node_exporter import TEXTFILES
from estate.roles.templates import put

if TYPE_CHECKING:
    from pathlib import Path

    from estate.estate import Estate
    from estate.hosts import Host
    from estate.layout import Layout

SCRIPT = "/usr/local/lib/backup-shop"
SCHEDULE = "/etc/cron.d/shop-backup"
_RECIPIENT = "/etc/backup/recipient.pem"
_METRICS = f"{TEXTFILES}/backup.prom"


def key_file(layout: Layout) -> Path:
    """Return the private key that opens the backups: `openssl cms -decrypt -inform DER -inkey FILE -in DUMP`."""
    return layout.dir / "backup" / "key.pem"


def _configure(host: Host, estate: Estate) -> None:
    recipient = estate.issue("backup.estate.test")
    key_file(estate.layout).parent.mkdir(parents=True, exist_ok=True)
    write_atomically(key_file(estate.layout), recipient.key)
    host.write(_RECIPIENT, recipient.certificate)
    host.write(_METRICS, "", owner="postgres:postgres")
    put(host, estate, "backup", folder=BACKUPS, recipient=_RECIPIENT, metrics=_METRICS, script=SCRIPT)


def _has_orders(host: Host) -> bool:
    asked = ("psql", "--no-psqlrc", "--command", "SELECT 1 FROM payments LIMIT 1", "shop")
    return host.ask(*asked, user="postgres").stdout.count("(1 row)") == 1


def _start(host: Host, estate: Estate) -> None:
    estate.wait_for(PRIMARY)
    wait_until(lambda: _has_orders(host), "the standby does not get the shop's tables")
    host.run("bash", SCRIPT, user="postgres")


ROLE = Role(name="backup", packages=("openssl",), configure=_configure, start=_start)
