"""Hourly backups by timers on the standby: the shop's database and its settings, encrypted, and copied to the vault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from estate.estate import wait_until
from estate.roles import vault
from estate.roles.database import BACKUPS, PRIMARY
from estate.roles.model import Role
from estate.roles.node_exporter import TEXTFILES
from estate.roles.templates import put
from signoff.probes.postgres.contents import SCRIPT as CONTENTS

if TYPE_CHECKING:
    from estate.estate import Estate
    from estate.hosts import Host

HOST, VAULT = "db2", vault.HOST
DATABASE, FILES = "shop-backup", "files-backup"
"""Names of the units."""
PATTERNS = {DATABASE: "shop-*.dump.age", FILES: "settings-*.tar.age"}
SCRIPTS = {DATABASE: "/usr/local/lib/backup-shop", FILES: "/usr/local/lib/backup-files"}
PATHS = ("etc/postgresql", "etc/pgbouncer")
"""What is backed up beside the database."""
_DUMP, _CONTENTS = "/usr/local/lib/dump-shop", "/usr/local/lib/contents.sql"
_METRICS = f"{TEXTFILES}/backup.prom"
_LATELY = timedelta(minutes=5)
"""So long before the estate is made were the timers due: they start nothing while somebody measures it."""
_RECIPE = "usermod --append --groups backup signoff\n"


def run(estate: Estate, unit: str = DATABASE) -> str:
    """Back up now, and return the new backup's name."""
    estate.host(HOST).start_service(f"{unit}.service")
    return newest(estate, unit)


def newest(estate: Estate, unit: str = DATABASE) -> str:
    """Return the name of the newest backup."""
    listed = (
        f"find {BACKUPS} -maxdepth 1 -name '{PATTERNS[unit]}' -printf '%T@ %f\\n' | sort --numeric-sort | tail -n 1"
    )
    return estate.host(HOST).run(listed).split()[-1]


def _configure(host: Host, estate: Estate) -> None:
    host.write(_METRICS, "", owner="postgres:postgres")
    host.write(_CONTENTS, CONTENTS)
    due = datetime.now(UTC) - _LATELY
    put(
        host,
        estate,
        "backup",
        database_minute=f"{due:%M}",
        files_minute=f"{due + timedelta(minutes=1):%M}",
        folder=BACKUPS,
        recipient=vault.RECIPIENT,
        script=SCRIPTS[DATABASE],
        files_script=SCRIPTS[FILES],
        dump=_DUMP,
        contents=_CONTENTS,
        metrics=_METRICS,
        paths=PATHS,
    )
    host.enable(*(f"{unit}.timer" for unit in PATTERNS))


def _has_orders(host: Host) -> bool:
    asked = ("psql", "--no-psqlrc", "--command", "SELECT 1 FROM payments LIMIT 1", "shop")
    return host.ask(*asked, user="postgres").stdout.count("(1 row)") == 1


def _start(host: Host, estate: Estate) -> None:
    estate.wait_for(PRIMARY)
    wait_until(lambda: _has_orders(host), "the standby does not get the shop's tables")
    wait_until(lambda: vault.is_open(estate), "the vault does not open", seconds=300)
    run(estate, FILES)
    for _ in range(2):  # a size is only an anomaly beside an earlier one
        run(estate)


ROLE = Role(name="backup", packages=("age", "openssl"), recipe=_RECIPE, configure=_configure, start=_start)
