"""The PostgreSQL role that is handed out: it suffices for every question, and can change nothing."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.postgres import (
    connections,
    constraints,
    indexes,
    migrations,
    plans,
    reconciliation,
    statements,
    structure,
    waste,
)
from signoff.probes.postgres.database import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.software_suite.conftest import Scratch

ROLE = Path(__file__).resolve().parents[4] / "inventories" / "production" / "database-roles" / "postgresql.sql"
NAME = "signoff_as_shipped"


@pytest.fixture
def shop(database: Scratch) -> Iterator[Scratch]:
    database.execute("""
        CREATE EXTENSION pg_stat_statements;
        CREATE TABLE product (id int PRIMARY KEY, price int CHECK (price > 0));
        CREATE TABLE schema_migrations (version text);
        INSERT INTO schema_migrations VALUES ('0001');
        INSERT INTO product VALUES (1, 10);
    """)
    script = re.sub(r":\"role\"", NAME, ROLE.read_text()).replace(':"schema"', "public")
    with database.server.admin(database.name) as admin:
        admin.execute(script.encode())
    yield database
    with database.server.admin(database.name) as admin:
        admin.execute(f"DROP OWNED BY {NAME}; DROP ROLE {NAME}".encode())


def test_it_suffices_for_every_question(shop: Scratch) -> None:
    with connect(shop.server.address(shop.name, user=NAME)) as database:
        assert migrations.read(database, "plain").versions == {"1"}
        assert constraints.read(database).unvalidated == ()
        assert indexes.read(database).indexes
        assert connections.read(database).limit == 20
        assert statements.read(database).statements
        assert waste.read(database).spills == 0
        assert plans.explain(database, "SELECT * FROM product WHERE id = 1").cost
        assert set(structure.digests(database)) == {"product", "schema_migrations"}
        assert reconciliation.rows(database, "SELECT id, price FROM product") == [(1, 10)]


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM product",
        "CREATE TABLE mine (id int)",
        "COPY product TO PROGRAM 'true'",
        "CREATE ROLE other",
        "SELECT pg_reload_conf()",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_it_changes_nothing_even_without_the_guard(shop: Scratch, statement: str) -> None:
    refused = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)
    with psycopg.connect(
        host="127.0.0.1", port=shop.server.port, user=NAME, dbname=shop.name, autocommit=True
    ) as connection:
        connection.execute("SET default_transaction_read_only = off")
        with pytest.raises(refused):
            connection.execute(statement.encode())


def test_rows_that_a_policy_hides_are_no_smaller_count(shop: Scratch) -> None:
    shop.execute("ALTER TABLE product ENABLE ROW LEVEL SECURITY; CREATE POLICY none ON product USING (false)")

    with (
        connect(shop.server.address(shop.name, user=NAME)) as database,
        pytest.raises(NotVerifiedError, match=f"ALTER ROLE {NAME} BYPASSRLS"),
    ):
        reconciliation.figure(database, "SELECT count(*) FROM product")
