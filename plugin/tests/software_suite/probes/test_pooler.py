"""A real PgBouncer before a real server: what it may open, who waits, and why it could not be asked."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

from signoff.config.kinds.pgbouncer import PgbouncerService
from signoff.config.kinds.postgresql import PostgresqlService
from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.probes.postgres.pooler import read
from tests.ports import free_port
from tests.suite_checks import SuiteChecks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.software_suite.conftest import Server

AT_ONCE, ADMITS = "pooler_serves_its_clients_at_once", "pooler_admits_every_application"
SETTINGS = """
[databases]
postgres = host=127.0.0.1 port={server} dbname=postgres pool_size=1 reserve_pool=2
limited = host=127.0.0.1 port={server} dbname=postgres pool_size=5 max_db_connections=3
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
stats_users = reader
pool_mode = transaction
max_client_conn = 40
reserve_pool_timeout = 600
pidfile = {folder}/pid
logfile = {folder}/log
"""


@pytest.fixture(scope="module")
def pooler_port(postgres: Server) -> Iterator[int]:
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("needs a real PgBouncer (apt-get install pgbouncer)")
    folder = Path(tempfile.mkdtemp(prefix="signoff-pooler-", dir="/tmp"))
    user = 65_534 if os.geteuid() == 0 else None
    port = free_port()
    (folder / "users").write_text('"reader" ""\n"postgres" ""\n"stranger" ""\n')
    (folder / "settings.ini").write_text(SETTINGS.format(server=postgres.port, port=port, folder=folder))
    if user is not None:
        os.chown(folder, user, user)
    command = [program, "-q", str(folder / "settings.ini")]
    with subprocess.Popen(command, user=user, stderr=subprocess.DEVNULL) as running:
        try:
            deadline = time.monotonic() + 30
            while not answers(port):
                assert time.monotonic() < deadline, "PgBouncer does not answer"
                time.sleep(0.02)
            yield port
        finally:
            running.terminate()
    shutil.rmtree(folder)


def answers(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def service(port: int, user: str = "reader") -> PgbouncerService:
    return PgbouncerService(host="127.0.0.1", port=port, user=user, sslmode="disable", server="shop-db")


@contextmanager
def client(port: int, database: str = "postgres") -> Iterator[psycopg.Connection]:
    with psycopg.connect(
        host="127.0.0.1", port=port, dbname=database, user="postgres", autocommit=True, prepare_threshold=None
    ) as connection:
        yield connection


def test_nobody_has_used_it_yet_then_its_pools_are_seen_and_who_waits(pooler_port: int) -> None:
    with pytest.raises(NotVerifiedError, match="no pool has been used"):
        read(service(pooler_port))

    def wait_in_vain() -> None:
        with client(pooler_port) as second:
            second.execute("SELECT 2")

    with client(pooler_port) as first, client(pooler_port, "limited") as other:
        other.execute("SELECT 1")
        with first.transaction():
            first.execute("SELECT 1")
            waiting = threading.Thread(target=wait_in_vain)
            began = time.monotonic()
            waiting.start()
            deadline = began + 60
            while not (seen := read(service(pooler_port))).waiting:
                assert time.monotonic() < deadline, "nobody waits"
                time.sleep(0.02)
            waited = time.monotonic() - began
        waiting.join()

    assert (seen.max_clients, seen.waiting) == (40, 1)
    assert seen.modes == {"transaction"}
    assert {pool.database for pool in seen.pools} == {"postgres", "limited"}
    assert seen.may_open == 3 + 3, "one and two in reserve; five, of which the limit lets three"
    assert seen.clients >= 2
    assert seen.longest_wait.total_seconds() <= waited + 1, "the pooler's clock stands still for moments"

    assert judge(AT_ONCE, pooler_port, pooler=seen) == ("FAIL", "pooler: 1 clients wait for a connection")
    assert judge(AT_ONCE, pooler_port, pooler=seen, waiting=1) == ("PASS", "")
    few = judge(AT_ONCE, pooler_port, pooler=seen, waiting=1, clients_used=0.01)
    assert few == ("FAIL", f"pooler: {seen.clients} clients of max_client_conn 40")
    by_session = judge(AT_ONCE, pooler_port, pooler=seen, waiting=1, pool_modes=("session",))
    assert by_session == ("FAIL", "pooler: pools by transaction")


def test_checks_of_what_it_shows_now(pooler_port: int) -> None:
    with client(pooler_port) as one:
        one.execute("SELECT 1")

    assert judge(AT_ONCE, pooler_port) == ("PASS", "")
    assert judge(ADMITS, pooler_port, pool={"size": 20}) == ("PASS", "")
    refused = "pooler: applications may open 41 connections, max_client_conn is 40"
    assert judge(ADMITS, pooler_port, pool={"size": 40}) == ("FAIL", refused)
    assert judge(ADMITS, pooler_port, pool={"through": "another"})[0] == "NOT_VERIFIED"
    for check in (AT_ONCE, ADMITS):
        assert judge(check, 1)[0] == "ERROR"
        assert judge(check, pooler_port, known=()) == (
            "NOT_VERIFIED",
            "no pgbouncer service 'pooler' in services.yaml; add it, or correct connections.pools.through",
        )


def judge(
    check: str,
    port: int,
    *,
    pool: dict[str, Any] | None = None,
    known: tuple[str, ...] = ("pooler",),
    **given: Any,
) -> tuple[str, str]:
    """Return state and reason of a check of the pooler, before a database that an application uses through it."""
    seen = {"pooler": given.pop("pooler")} if "pooler" in given else {}
    settings = service(port).model_copy(update=given)
    used = {"application": "shop", "instances": 1, "size": 10, "overflow": 1, "through": "pooler"} | (pool or {})
    database = PostgresqlService.model_validate(
        {"host": "db", "database": "shop", "user": "reader", "connections": {"pools": [used]}}
    )
    inventory = SimpleNamespace(
        service={"pooler": settings, "shop-db": database}.__getitem__,
        services_of=lambda kind: {name: settings for name in known if kind == "pgbouncer"},
    )
    found = SuiteChecks().one(check, settings, name="pooler", inventory=inventory, **seen)
    return found.state, found.reason


def test_why_it_could_not_be_asked(pooler_port: int) -> None:
    with pytest.raises((NotVerifiedError, AuthenticationError)):
        read(service(pooler_port, user="stranger"))
    with pytest.raises(UnreachableError):
        read(service(1))
