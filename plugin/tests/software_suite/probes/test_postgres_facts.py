from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import psycopg
import pytest

from signoff.errors import NotVerifiedError
from signoff.probes.postgres import connections as postgres_connections
from signoff.probes.postgres import indexes as postgres_indexes
from signoff.probes.postgres import statements as postgres_statements
from signoff.probes.postgres.database import connect

if TYPE_CHECKING:
    from tests.software_suite.conftest import Scratch

TABLES = """
    CREATE TABLE customer (id int PRIMARY KEY, email text UNIQUE);
    CREATE TABLE purchase (id int PRIMARY KEY, customer_id int REFERENCES customer, placed date);
"""


def indexes(database: Scratch) -> postgres_indexes.Indexes:
    with connect(database.address) as opened:
        return postgres_indexes.read(opened)


def test_a_foreign_key_without_an_index_is_seen_until_it_has_one(database: Scratch) -> None:
    database.execute(TABLES)
    assert [(key.table, key.has_index) for key in indexes(database).foreign_keys] == [("purchase", False)]

    database.execute("CREATE INDEX ON purchase (placed, customer_id)")
    assert not indexes(database).foreign_keys[0].has_index, "the key's column does not come first"

    database.execute("CREATE INDEX ON purchase (customer_id) WHERE placed > '2026-01-01'")
    assert not indexes(database).foreign_keys[0].has_index, "a partial index does not serve the key"

    database.execute("CREATE INDEX ON purchase (customer_id, placed)")
    assert indexes(database).foreign_keys[0].has_index


def test_the_columns_of_a_composite_key_may_come_in_any_order(database: Scratch) -> None:
    database.execute("""
        CREATE TABLE a (x int, y int, PRIMARY KEY (x, y));
        CREATE TABLE b (x int, y int, z int, FOREIGN KEY (x, y) REFERENCES a);
        CREATE INDEX ON b (y, x, z);
    """)

    assert indexes(database).foreign_keys[0].has_index


def test_indexes_that_answer_the_same_questions_are_duplicates(database: Scratch) -> None:
    database.execute(TABLES)
    database.execute("""
        CREATE INDEX one ON purchase (placed);
        CREATE INDEX two ON purchase (placed);
        CREATE INDEX descending ON purchase (placed DESC);
        CREATE INDEX partial ON purchase (placed) WHERE id > 7;
        CREATE INDEX hashed ON purchase USING hash (placed);
        CREATE INDEX again ON customer (email);
        CREATE INDEX lowered ON customer (lower(email));
        CREATE INDEX trimmed ON customer (trim(email));
    """)

    assert [[index.name for index in group] for group in indexes(database).duplicates] == [
        ["again", "customer_email_key"],
        ["one", "two"],
    ]


def test_an_index_that_failed_to_build_is_invalid(database: Scratch) -> None:
    database.execute("CREATE TABLE t (v int); INSERT INTO t VALUES (1), (1)")
    with database.server.admin(database.name) as admin, pytest.raises(psycopg.errors.UniqueViolation):
        admin.execute("CREATE UNIQUE INDEX CONCURRENTLY broken ON t (v)")

    assert [index.name for index in indexes(database).invalid] == ["broken"]


def test_an_index_that_nothing_reads_is_unused_unless_it_guards_a_constraint(database: Scratch) -> None:
    database.execute(TABLES + "CREATE INDEX idle ON purchase (placed)")

    assert [index.name for index in indexes(database).unused] == ["idle"]
    assert indexes(database).statistics_age < timedelta(hours=1)


def test_a_database_without_indexes_cannot_be_judged(database: Scratch) -> None:
    with pytest.raises(NotVerifiedError, match="no index in any user table"):
        indexes(database)


def test_the_budget_of_connections_is_the_servers(database: Scratch) -> None:
    with connect(database.address) as opened:
        seen = postgres_connections.read(opened)

    assert (seen.limit, seen.reserved, seen.available) == (20, 3, 17)
    assert seen.used >= 1
    assert seen.used_ratio == seen.used / 17


def test_a_transaction_left_open_is_seen(database: Scratch) -> None:
    with database.server.admin(database.name) as forgotten, forgotten.transaction():
        forgotten.execute("SET application_name = 'forgetful'; SELECT 1")
        with connect(database.address) as opened:
            seen = postgres_connections.read(opened).idle_in_transaction

    assert [(idle.application, idle.role) for idle in seen] == [("forgetful", "postgres")]
    assert timedelta() <= seen[0].idle < timedelta(minutes=5)


def test_without_pg_monitor_other_sessions_cannot_be_judged(database: Scratch) -> None:
    stranger = database.server.address(database.name, user="stranger")

    with connect(stranger) as opened:
        with pytest.raises(NotVerifiedError, match="GRANT pg_monitor TO stranger"):
            postgres_connections.read(opened)
        with pytest.raises(NotVerifiedError, match="not installed"):
            postgres_statements.read(opened)

    database.execute("CREATE EXTENSION pg_stat_statements")
    with connect(stranger) as opened, pytest.raises(NotVerifiedError, match="GRANT pg_monitor TO stranger"):
        postgres_statements.read(opened)


def test_statements_are_told_with_their_cost_and_without_their_constants(database: Scratch) -> None:
    database.execute("CREATE SCHEMA statistics; CREATE EXTENSION pg_stat_statements SCHEMA statistics")
    with connect(database.address) as opened, pytest.raises(NotVerifiedError, match="GRANT USAGE ON SCHEMA statistics"):
        postgres_statements.read(opened)

    database.execute("GRANT USAGE ON SCHEMA statistics TO reader")
    database.execute("/* app:shop */ SELECT 'confidential', pg_sleep(0.05)")
    database.execute("SELECT 'confidential'")
    database.execute("SELECT 'confidential'")

    with connect(database.address) as opened:
        seen = postgres_statements.read(opened, ["postgres"])

    slow = next(statement for statement in seen.statements if statement.text == "SELECT $1, pg_sleep($2)")
    assert slow.calls == 1
    assert slow.mean_ms == slow.max_ms >= 50
    assert 0 < seen.share(slow) <= 1
    assert [each.total_ms for each in seen.statements] == sorted((s.total_ms for s in seen.statements), reverse=True)
    assert [statement.calls for statement in seen.statements if statement.text == "SELECT $1"] == [2]
    assert "confidential" not in str(seen)
    assert seen.evictions >= 0


def test_commands_whose_text_keeps_its_constants_are_not_shown(database: Scratch) -> None:
    database.execute("CREATE EXTENSION pg_stat_statements; CREATE ROLE temporary")
    database.execute("ALTER ROLE temporary PASSWORD 'confidential'")
    database.execute("DROP ROLE temporary")

    with connect(database.address) as opened:
        seen = postgres_statements.read(opened)

    assert "confidential" not in str(seen)
    assert any(statement.text.startswith("command ") for statement in seen.statements)


def test_roles_that_never_ran_anything_cannot_be_judged(database: Scratch) -> None:
    database.execute("CREATE EXTENSION pg_stat_statements")

    with connect(database.address) as opened, pytest.raises(NotVerifiedError, match="no statement recorded yet"):
        postgres_statements.read(opened, ["stranger"])
