"""The way into MySQL and MariaDB: it writes nothing, waits for nothing for long, and says why it could not look."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pymysql
import pytest

from signoff.errors import AuthenticationError, GuardError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.probes.mysql import connections, indexes, migrations, plans, reconciliation, statements, waste
from signoff.probes.mysql.database import Address, connect

if TYPE_CHECKING:
    from signoff.probes.postgres.connections import IdleTransaction
    from tests.conftest import MariaDb

ROLE = Path(__file__).resolve().parents[4] / "inventories" / "production" / "database-roles" / "mysql.sql"
SHOP = (
    "CREATE TABLE IF NOT EXISTS product (id int PRIMARY KEY, price decimal(9, 2))",
    "CREATE TABLE IF NOT EXISTS schema_migrations (version varchar(9))",
    "REPLACE INTO product VALUES (1, 10.50), (2, 3)",
    "INSERT INTO schema_migrations VALUES ('0001')",
)


@pytest.fixture
def address(mariadb: MariaDb) -> Address:
    mariadb.execute("guarded", *SHOP)
    return Address(host="127.0.0.1", port=mariadb.port, database="guarded", user="reader", tls=False)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO product VALUES (9, 9)",
        "COMMIT",
        "SET SESSION TRANSACTION READ WRITE",
        "CREATE TABLE product_2 (id int)",
        "SELECT 1; DELETE FROM product",
        "SELECT NEXTVAL(counter)",
        "",
    ],
)
def test_a_statement_that_does_not_only_read_is_refused(mariadb: MariaDb, address: Address, statement: str) -> None:
    mariadb.execute("guarded", "CREATE SEQUENCE IF NOT EXISTS counter", "GRANT ALL ON guarded.* TO reader@'127.0.0.1'")
    with connect(address, mariadb.PASSWORD) as database, pytest.raises(GuardError):
        database.rows(statement)


def test_a_long_statement_and_a_locked_table_are_given_up(mariadb: MariaDb, address: Address) -> None:
    with connect(address, mariadb.PASSWORD, statement_timeout=1) as database, pytest.raises(TimedOutError):
        database.rows("SELECT SLEEP(60)")
    with mariadb.admin("guarded") as admin, admin.cursor() as cursor:
        cursor.execute("LOCK TABLES product WRITE")
        with connect(address, mariadb.PASSWORD, statement_timeout=1) as database, pytest.raises(TimedOutError):
            database.rows("SELECT * FROM product")


@pytest.mark.parametrize(
    ("changes", "password", "error"),
    [
        ({"port": 1}, "", UnreachableError),
        ({}, "wrong", AuthenticationError),
        ({"database": "nowhere", "user": "stranger"}, None, NotVerifiedError),
        ({"tls": True}, None, AuthenticationError),
    ],
    ids=["closed", "password", "database", "no TLS there"],
)
def test_no_way_in_is_told_by_its_reason(
    mariadb: MariaDb,
    address: Address,
    changes: dict[str, object],
    password: str | None,
    error: type[Exception],
) -> None:
    where = replace(address, **changes)  # type: ignore[arg-type] # fields by name
    secret = mariadb.PASSWORD if password is None else password
    with pytest.raises(error), connect(where, secret):
        pass


def test_without_the_driver_the_extra_is_named(address: Address, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pymysql", None)
    with pytest.raises(NotVerifiedError, match=r"pytest-signoff\[mysql\]"), connect(address):
        pass


def test_a_transaction_left_open_is_seen(mariadb: MariaDb, address: Address) -> None:
    with mariadb.admin("guarded") as forgotten, forgotten.cursor() as cursor:
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM product FOR UPDATE")
        cursor.fetchall()
        began = time.monotonic()
        seen = idle_in_transaction(mariadb, address)
        while not seen:  # the server notes that a session sleeps only after it has answered
            assert time.monotonic() - began < 30, "the open transaction is not seen"
            time.sleep(0.1)
            seen = idle_in_transaction(mariadb, address)

    assert [idle.role for idle in seen] == ["root"]
    assert timedelta() <= seen[0].idle < timedelta(minutes=5)


def idle_in_transaction(mariadb: MariaDb, address: Address) -> tuple[IdleTransaction, ...]:
    with connect(address, mariadb.PASSWORD) as database:
        return connections.read(database).idle_in_transaction


def test_only_one_number_is_a_figure(mariadb: MariaDb, address: Address) -> None:
    with connect(address, mariadb.PASSWORD) as database:
        assert reconciliation.figure(database, "SELECT sum(price) FROM product;") == 13.5
        for statement in ("SELECT 1, 2", "SELECT id FROM product", "SELECT NULL", "SELECT 'x'", "DELETE FROM product"):
            with pytest.raises(NotVerifiedError):
                reconciliation.figure(database, statement)


def test_the_shipped_account_suffices_for_every_question_and_writes_nothing(mariadb: MariaDb, address: Address) -> None:
    script = ROLE.read_text().replace("10.0.0.%", "127.0.0.1").replace("`shop`", "`guarded`")
    lines = [line for line in script.splitlines() if not line.startswith("--")]
    mariadb.execute("guarded", "DROP USER IF EXISTS signoff@'127.0.0.1'")
    mariadb.execute("guarded", *filter(str.strip, "\n".join(lines).split(";")))

    with connect(replace(address, user="signoff"), "change-me") as database:
        assert migrations.read(database, "plain").versions == {"1"}
        assert indexes.read(database).indexes
        assert connections.read(database).limit == 20
        assert statements.read(database).statements
        assert waste.read(database).reads
        assert plans.explain(database, "SELECT * FROM product WHERE id = 1").scans == ()
        assert reconciliation.rows(database, "SELECT id FROM product ORDER BY id") == [(1,), (2,)]
    with (
        mariadb.as_user("signoff", "change-me", "guarded") as connection,
        pytest.raises(pymysql.err.OperationalError, match="denied"),
    ):
        connection.cursor().execute("DELETE FROM product")
