from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from signoff.errors import AuthenticationError, GuardError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.probes.postgres import database as probe
from signoff.probes.postgres.database import Address, connect
from tests.ports import free_port

if TYPE_CHECKING:
    from tests.software_suite.conftest import Scratch, Server


@dataclass(frozen=True, kw_only=True, slots=True)
class Number:
    value: int


def test_rows_come_back_as_the_callers_dataclass(database: Scratch) -> None:
    with connect(database.address) as opened:
        rows = opened.select(Number, "SELECT v AS value FROM generate_series(1, 10) AS v WHERE v %% 5 = %s", [0])

    assert rows == [Number(value=5), Number(value=10)]


@pytest.mark.parametrize(
    "statement",
    ["CREATE TABLE t ()", "DELETE FROM a", "INSERT INTO a VALUES (1)", "SELECT v AS value FROM a FOR UPDATE", "VACUUM"],
)
def test_nothing_can_be_written(database: Scratch, statement: str) -> None:
    database.execute("CREATE TABLE a (v int); GRANT ALL ON a TO reader; GRANT CREATE ON SCHEMA public TO reader")

    with connect(database.address) as opened, pytest.raises(GuardError):
        opened.select(Number, statement)


def test_a_second_statement_cannot_hide_behind_a_semicolon(database: Scratch) -> None:
    with connect(database.address) as opened, pytest.raises(GuardError, match="multiple commands"):
        opened.select(Number, "COMMIT; CREATE TABLE t ()")


def test_the_transaction_cannot_be_made_writable(database: Scratch) -> None:
    with connect(database.address) as opened:
        with pytest.raises(GuardError):
            opened.select(Number, "SET TRANSACTION READ WRITE")
        with pytest.raises(GuardError):
            opened.select(Number, "CREATE TABLE t ()")


def test_a_slow_statement_is_cut_off(database: Scratch) -> None:
    with (
        connect(database.address, statement_timeout=1) as opened,
        pytest.raises(TimedOutError, match="statement timeout"),
    ):
        opened.select(Number, "SELECT 1 AS value FROM pg_sleep(60)")


def test_a_locked_table_is_not_waited_for(database: Scratch) -> None:
    database.execute("CREATE TABLE a (v int); GRANT SELECT ON a TO reader")

    with database.server.admin(database.name) as blocker, blocker.transaction():
        blocker.execute("LOCK TABLE a")
        with connect(database.address, lock_timeout=0.1) as opened, pytest.raises(TimedOutError, match="lock timeout"):
            opened.select(Number, "SELECT v AS value FROM a")


def test_one_failed_question_does_not_end_the_next(database: Scratch) -> None:
    with connect(database.address) as opened:
        with pytest.raises(NotVerifiedError, match='relation "absent" does not exist; correct'):
            opened.select(Number, "SELECT v AS value FROM absent")

        assert opened.one(Number, "SELECT 1 AS value") == Number(value=1)


def test_a_missing_privilege_names_the_grant(database: Scratch) -> None:
    database.execute("CREATE TABLE a (v int)")

    with connect(database.address) as opened:
        with pytest.raises(NotVerifiedError, match="permission denied for table a; GRANT SELECT ON a TO reader"):
            opened.select(Number, "SELECT v AS value FROM a", grant="GRANT SELECT ON a TO reader")
        with pytest.raises(NotVerifiedError, match="GRANT pg_monitor TO reader"):
            opened.select(Number, "SELECT v AS value FROM a")


def test_one_wants_exactly_one_row(database: Scratch) -> None:
    with connect(database.address) as opened, pytest.raises(NotVerifiedError, match="expected one row, got 2"):
        opened.one(Number, "SELECT 1 AS value FROM generate_series(1, 2)")


def test_more_rows_than_the_limit_are_not_judged(database: Scratch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probe, "MAX_ROWS", 3)

    with connect(database.address) as opened, pytest.raises(NotVerifiedError, match="more than 3 rows"):
        opened.select(Number, "SELECT 1 AS value FROM generate_series(1, 4)")


def test_a_lost_connection_is_unreachable(database: Scratch) -> None:
    with connect(database.address) as opened:
        with database.server.admin("postgres") as admin:
            admin.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'pytest-signoff'"
                " AND datname = %s",
                [database.name],
            )
        with pytest.raises(UnreachableError):
            opened.select(Number, "SELECT 1 AS value")


def test_a_closed_port_is_unreachable() -> None:
    port = free_port()
    address = Address(host="127.0.0.1", port=port, database="d", user="u", sslmode="disable")

    with pytest.raises(UnreachableError, match=f"127.0.0.1:{port}/d: "), connect(address):
        pass


def test_a_server_that_never_answers_is_timed_out() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = Address(host="127.0.0.1", port=silent.getsockname()[1], database="d", user="u", sslmode="disable")

        with pytest.raises(TimedOutError), connect(address, connect_timeout=2):
            pass


@pytest.mark.parametrize(("user", "password"), [("nobody-knows-me", ""), ("guarded", "wrong"), ("guarded", "")])
def test_refused_identities_are_no_verdict_on_the_database(postgres: Server, user: str, password: str) -> None:
    with pytest.raises(AuthenticationError) as refused, connect(postgres.address("postgres", user=user), password):
        pass

    assert "wrong" not in str(refused.value)


def test_a_password_opens_the_door(postgres: Server) -> None:
    with connect(postgres.address("postgres", user="guarded"), "throw-away-password") as opened:
        assert opened.one(Number, "SELECT 1 AS value").value == 1


def test_a_server_without_tls_is_refused_when_tls_is_asked_for(postgres: Server) -> None:
    address = Address(host="127.0.0.1", port=postgres.port, database="postgres", user="reader", sslmode="require")

    with pytest.raises(AuthenticationError, match="SSL"), connect(address):
        pass
