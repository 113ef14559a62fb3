"""The database: PostgreSQL over TLS, a primary and a streaming standby, each behind PgBouncer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import psycopg

from estate import shop_release
from estate.estate import wait_until
from estate.roles import vault
from estate.roles.model import Role
from estate.roles.templates import put, put_certificate, render
from signoff.demo import migrations, seed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from psycopg import Connection

    from estate.estate import Estate
    from estate.hosts import Host

PRIMARY, STANDBY = "db1", "db2"
SETTINGS = "/etc/postgresql/15/main/conf.d/estate.conf"
DATA = "/var/lib/postgresql/15/main"
UNIT = "postgresql@15-main"
BACKUPS = "/var/backups/shop"
"""A small file system of its own, so that backups never fill the database's."""
BACKUPS_INODES = 2000
_BACKUPS_OPTIONS = f"size=64m,nr_inodes={BACKUPS_INODES},mode=2750,uid=postgres,gid=backup"
_POOLER_USERS = "/etc/pgbouncer/userlist.txt"
EXPORTER = "prometheus-postgres-exporter"
QUERIES = "/etc/prometheus/postgres-queries.yml"
"""What the exporter asks beside what it asks anyway."""
_READY = """
SELECT EXISTS (SELECT FROM schema_migrations) AND last_archived_time > coalesce(last_failed_time, '-infinity')
FROM pg_stat_archiver
"""
_RECIPE = """
pg_dropcluster 15 main
pg_createcluster --locale=C.UTF-8 --encoding=UTF8 15 main -- --wal-segsize=1 --no-sync
"""


def sql(host: Host, text: str, *, database: str = "shop") -> str:
    """Run statements as the superuser of the host's server and return the rows, one a line."""
    quiet = ("--no-psqlrc", "--quiet", "--tuples-only", "--no-align", "--set", "ON_ERROR_STOP=1")
    return host.run("psql", *quiet, "--dbname", database, user="postgres", stdin=text).strip()


def connect(host: Host, role: str) -> Connection[tuple[Any, ...]]:
    """Return a connection in autocommit mode through the server's own socket, as the administrator of its machine."""
    socket = host.path("/run/postgresql/.s.PGSQL.5432").parent
    return psycopg.connect(host=str(socket), user=role, dbname="shop", connect_timeout=3, autocommit=True)


def _configure(host: Host, estate: Estate) -> None:
    private = {SETTINGS: "root:postgres", _POOLER_USERS: "root:postgres"}
    is_primary = host.name == PRIMARY
    sending = {"recipient": vault.RECIPIENT, "vault_key": vault.SENDER_KEY, "known_hosts": vault.KNOWN_HOSTS}
    put(host, estate, "database", private=private, primary=PRIMARY, is_primary=is_primary, queries=QUERIES, **sending)
    vault.equip_sender(host, estate)
    put_certificate(host, estate, "/etc/postgresql/tls", owner="root:postgres")
    password = f"*:*:*:replicator:{estate.secret('pg_replicator')}\n"
    host.write("/var/lib/postgresql/.pgpass", password, mode=0o600, owner="postgres:postgres")
    if not is_primary:
        # Both begin as the image's cluster, which was never started: the cheapest base backup there is.
        host.write(f"{DATA}/standby.signal", "", mode=0o600, owner="postgres:postgres")
    host.write("/etc/fstab", f"tmpfs {BACKUPS} tmpfs {_BACKUPS_OPTIONS} 0 0\n")
    host.enable("postgresql", "pgbouncer", EXPORTER)


def _start(host: Host, estate: Estate) -> None:
    if host.name != PRIMARY:
        return
    sql(host, render(host, estate, "database.sql", standby=STANDBY), database="postgres")
    release = shop_release.prepare(estate)
    with connect(host, "shop_owner") as connection:
        migrations.up(connection, release.repo / "migrations")
        seed.fill(connection, release)
    # The first segment is archived before anybody asks whether changes are; what the vault refused before it opened is
    # sent again then, and not only a minute later.
    wait_until(lambda: vault.is_open(estate), "the vault does not open", seconds=300)
    sql(host, "ANALYZE; SELECT pg_stat_statements_reset(); SELECT pg_switch_wal();")


def _ready(host: Host, _estate: Estate) -> bool:
    if host.name == PRIMARY:
        return sql(host, _READY) == "t"
    return sql(host, "SELECT status FROM pg_stat_wal_receiver", database="postgres") == "streaming"


def _exports(estate: Estate) -> Mapping[str, str]:
    return {"ESTATE_PG_PASSWORD": estate.secret("pg_signoff")}


ROLE = Role(
    name="database",
    packages=("postgresql-15", "pgbouncer", EXPORTER),
    recipe=_RECIPE,
    configure=_configure,
    start=_start,
    ready=_ready,
    exports=_exports,
)
