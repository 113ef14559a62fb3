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
from typing import TYPE_CHECKING

import psycopg
import pytest

from signoff.config.kinds.pgbouncer import PgbouncerService
from signoff.errors import AuthenticationError, NotVerifiedError, UnreachableError
from signoff.probes.postgres.pooler import read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.software_suite.conftest import Server

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
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    (folder / "users").write_text('"reader" ""\n"postgres" ""\n"stranger" ""\n')
    (folder / "settings.ini").write_text(SETTINGS.format(server=postgres.port, port=port, folder=folder))
    if user is not None:
        os.chown(folder, user, user)
    command = [program, "-q", str(folder / "settings.ini")]
    with subprocess.Popen(command, user=user, stderr=subprocess.DEVNULL) as running:
        deadline = time.monotonic() + 30
        while not answers(port):
            assert time.monotonic() < deadline, "PgBouncer does not answer"
            time.sleep(0.02)
        yield port
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
            waiting.start()
            deadline = time.monotonic() + 20
            while not (seen := read(service(pooler_port))).waiting:
                assert time.monotonic() < deadline, "nobody waits"
                time.sleep(0.02)
        waiting.join()

    assert (seen.max_clients, seen.waiting) == (40, 1)
    assert seen.modes == {"transaction"}
    assert {pool.database for pool in seen.pools} == {"postgres", "limited"}
    assert seen.may_open == 3 + 3, "one and two in reserve; five, of which the limit lets three"
    assert seen.clients >= 2
    assert seen.longest_wait.total_seconds() < 20


def test_why_it_could_not_be_asked(pooler_port: int) -> None:
    with pytest.raises((NotVerifiedError, AuthenticationError)):
        read(service(pooler_port, user="stranger"))
    with pytest.raises(UnreachableError):
        read(service(1))
