"""A PgBouncer, by what its console shows: how much it may open, what is open, and who waits."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from signoff.errors import AuthenticationError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Sequence

    Rows = Sequence[dict[str, Any]]

_CONSOLE = "pgbouncer"
_REFUSALS = ("auth", "not allowed", "no such user", "certificate", "SSL", "password")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pool:
    """The connections of one user to one database."""

    database: str
    user: str
    mode: str
    clients: int
    waiting: int
    longest_wait: timedelta
    servers: int
    """Open to the server now."""
    may_open: int
    """Most that it opens to the server, the reserve included."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pooler:
    """One PgBouncer at one moment."""

    max_clients: int
    pools: tuple[Pool, ...]
    limits: tuple[tuple[str, int], ...]
    """For each database with a limit of its own: the most that all its pools may open together."""

    @property
    def clients(self) -> int:
        """Clients that are connected now, in all pools."""
        return sum(pool.clients + pool.waiting for pool in self.pools)

    @property
    def waiting(self) -> int:
        """Clients that wait for a connection now."""
        return sum(pool.waiting for pool in self.pools)

    @property
    def longest_wait(self) -> timedelta:
        """How long the first of them has waited."""
        return max((pool.longest_wait for pool in self.pools), default=timedelta())

    @property
    def modes(self) -> frozenset[str]:
        """How pools lend connections out."""
        return frozenset(pool.mode for pool in self.pools)

    @property
    def may_open(self) -> int:
        """Most connections that it opens to the server, for the users that have been there."""
        limits = dict(self.limits)
        wanted: dict[str, int] = {}
        for pool in self.pools:
            wanted[pool.database] = wanted.get(pool.database, 0) + pool.may_open
        return sum(min(size, limits.get(name, size)) for name, size in wanted.items())


def read(where: Any, *, timeout: int = 5) -> Pooler:
    """Return the facts, by SHOW CONFIG, SHOW DATABASES and SHOW POOLS alone.

    Args:
        where: An inventory entry of kind pgbouncer.
        timeout: Seconds to connect.

    Raises:
        NotVerifiedError: no console, the user may not ask it, or nobody has used any pool yet.
        AuthenticationError, UnreachableError, TimedOutError: no way in, or no answer.
    """
    shown = f"{where.host}:{where.port}"
    try:
        # The console knows neither transactions nor prepared statements, and no start-up options.
        connection = psycopg.connect(
            host=where.host,
            port=where.port,
            dbname=_CONSOLE,
            user=where.user,
            password=where.password.get_secret_value() if where.password else None,
            sslmode=where.sslmode,
            sslrootcert=where.ca_file or None,
            passfile="/nonexistent",
            connect_timeout=timeout,
            autocommit=True,
            prepare_threshold=None,
            row_factory=dict_row,
        )
    except psycopg.OperationalError as error:
        raise _refusal(shown, error) from error
    with closing(connection):
        config = _show(connection, shown, "SHOW CONFIG")
        databases = _show(connection, shown, "SHOW DATABASES")
        pools = _show(connection, shown, "SHOW POOLS")
    return _pooler(shown, config, databases, pools)


def _pooler(shown: str, config: Rows, databases: Rows, pools: Rows) -> Pooler:
    settings = {row["key"]: row["value"] for row in config}
    sizes = {row["name"]: int(row["pool_size"]) + int(row["reserve_pool"]) for row in databases}
    found = tuple(_pool(row, sizes) for row in pools if row["database"] != _CONSOLE)
    if not found:
        raise NotVerifiedError(f"{shown}: no pool has been used since it started; run the application first")
    limits = tuple(
        (row["name"], int(row["max_connections"])) for row in databases if int(row["max_connections"] or 0) > 0
    )
    return Pooler(max_clients=int(settings["max_client_conn"]), pools=found, limits=limits)


def _pool(row: dict[str, Any], sizes: dict[str, int]) -> Pool:
    return Pool(
        database=row["database"],
        user=row["user"],
        mode=row["pool_mode"],
        clients=int(row["cl_active"]),
        waiting=int(row["cl_waiting"]),
        longest_wait=timedelta(seconds=int(row["maxwait"]), microseconds=int(row["maxwait_us"])),
        servers=sum(int(row[name]) for name in ("sv_active", "sv_idle", "sv_used", "sv_tested", "sv_login")),
        may_open=sizes.get(row["database"], 0),
    )


def _show(connection: psycopg.Connection[dict[str, Any]], shown: str, question: LiteralString) -> Rows:
    METER.spend("statements")
    try:
        return connection.execute(question).fetchall()
    except psycopg.errors.ProtocolViolation as error:
        raise NotVerifiedError(f"{shown}: {question}: {error}; add the user to stats_users") from error
    except psycopg.OperationalError as error:
        raise UnreachableError(f"{shown}: {question}: {_first_line(error)}") from error
    except psycopg.Error as error:
        raise NotVerifiedError(f"{shown}: {question}: {_first_line(error)}; add the user to stats_users") from error


def _refusal(shown: str, error: psycopg.OperationalError) -> Exception:
    text = f"{shown}: {_first_line(error)}"
    if isinstance(error, psycopg.errors.ConnectionTimeout):
        return TimedOutError(text)
    if any(word in text for word in _REFUSALS):
        return AuthenticationError(text)
    return UnreachableError(text)


def _first_line(error: psycopg.Error) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
