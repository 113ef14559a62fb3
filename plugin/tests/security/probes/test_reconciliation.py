"""Numbers from a real database, and statements that give none."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.errors import GuardError, NotVerifiedError, TimedOutError
from signoff.probes.postgres.database import connect
from signoff.probes.postgres.reconciliation import figure


@pytest.mark.parametrize(
    ("statement", "value"),
    [
        ("SELECT count(*) FROM generate_series(1, 7)", 7.0),
        (" SELECT 12.5 ;\n", 12.5),
        ("WITH w AS (SELECT 3 AS n) SELECT n FROM w", 3.0),
        ("SELECT 10 %% 4", 2.0),
    ],
)
def test_a_select_of_one_number_gives_it(postgres: Any, statement: str, value: float) -> None:
    with connect(postgres.address()) as database:
        assert figure(database, statement) == value


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT n FROM generate_series(1, 2) n",
        "SELECT 1, 2",
        "SELECT 1 WHERE false",
        "SELECT 'ten'",
        "SELECT 'NaN'::float8",
        "SELECT sum(amount) FROM no_such_table",
        "SELECT 1; SELECT 2",
        "TRUNCATE orders",
        "",
    ],
)
def test_anything_else_is_no_number(postgres: Any, statement: str) -> None:
    with connect(postgres.address()) as database, pytest.raises(NotVerifiedError):
        figure(database, statement)


def test_a_statement_can_neither_write_nor_run_on(postgres: Any) -> None:
    with postgres.admin() as admin:
        admin.execute("CREATE SEQUENCE IF NOT EXISTS counter; GRANT USAGE ON SEQUENCE counter TO reader")
    with connect(postgres.address()) as database, pytest.raises(GuardError):
        figure(database, "SELECT nextval('counter')")
    with connect(postgres.address(), statement_timeout=1.0) as database, pytest.raises(TimedOutError):
        figure(database, "SELECT count(*) FROM pg_sleep(60)")
