"""PostgreSQL: roles, standby, archive."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from signoff.demo import postgres, supervision
from signoff.demo.environment import wait_until_ready

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.demo.layout import Layout

pytestmark = pytest.mark.demo


def eventually(question: Callable[[], object], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if question():
            return True
        time.sleep(0.1)
    return False


def test_the_standby_streams(demo: Layout) -> None:
    with postgres.connect_admin(demo) as primary, postgres.connect_admin(demo, standby=True) as standby:
        query = "SELECT application_name, state FROM pg_stat_replication"
        assert eventually(lambda: primary.execute(query).fetchall() == [("db2", "streaming")])
        assert standby.execute("SELECT pg_is_in_recovery()").fetchone() == (True,)
        primary.execute("CREATE TABLE IF NOT EXISTS streamed (n int)")
        primary.execute("INSERT INTO streamed VALUES (42)")
        assert eventually(lambda: standby.execute("SELECT to_regclass('streamed')").fetchone() != (None,))
        assert eventually(lambda: standby.execute("SELECT n FROM streamed").fetchall() == [(42,)])
        primary.execute("DROP TABLE streamed")


def test_the_check_role_reads_the_shop_and_the_statistics_and_changes_nothing(demo: Layout) -> None:
    with psycopg.connect(postgres.url(demo, "signoff")) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() != (0,)
        assert connection.execute("SELECT count(*) FROM pg_stat_statements").fetchone() != (0,)
        assert connection.pgconn.ssl_in_use
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            connection.execute("CREATE TABLE mine ()")
        connection.rollback()
        connection.execute("SET default_transaction_read_only = off")
        connection.commit()
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM orders")


def test_the_shop_role_owns_nothing(demo: Layout) -> None:
    with (
        psycopg.connect(postgres.url(demo, "shop_app")) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute("DROP TABLE orders")


def test_connections_without_tls_are_refused(demo: Layout) -> None:
    url = postgres.url(demo, "signoff").replace("verify-full", "disable")
    with pytest.raises(psycopg.OperationalError, match="no encryption"):
        psycopg.connect(url, connect_timeout=30).close()


def test_finished_wal_reaches_the_backup_host(demo: Layout) -> None:
    with postgres.connect_admin(demo) as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()
        assert row is not None
        assert eventually((demo.host("backup1") / "wal" / str(row[0])).exists)
        assert connection.execute("SELECT failed_count FROM pg_stat_archiver").fetchone() == (0,)


def test_pg_dump_connects_by_the_client_environment(demo: Layout) -> None:
    result = subprocess.run(
        [postgres.binary("pg_dump"), "--schema-only"],
        env=postgres.client_env(demo),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "CREATE TABLE public.orders" in result.stdout


def test_a_killed_database_comes_back_and_the_standby_follows_again(demo: Layout) -> None:
    primary = postgres.programs(demo)[0]
    before = {one.name: one.pid for one in supervision.status(demo)}
    supervision.send_signal(demo, primary.name, "KILL")
    assert eventually(
        lambda: {one.name: one.pid for one in supervision.status(demo)}[primary.name] not in {0, before[primary.name]}
    )
    wait_until_ready(demo, [primary])

    def streams() -> bool:
        with postgres.connect_admin(demo) as connection:
            return connection.execute("SELECT state FROM pg_stat_replication").fetchall() == [("streaming",)]

    assert eventually(streams)
