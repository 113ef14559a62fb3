"""The one guarded way into PostgreSQL: one read-only transaction, one statement at a time, under time limits."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

import psycopg
from psycopg import errors
from psycopg.rows import class_row, tuple_row

from signoff.errors import AuthenticationError, GuardError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from psycopg.rows import RowFactory
    from psycopg.sql import Composed

Row = TypeVar("Row")

MAX_ROWS = 10_000
_LIMITS = (
    "-c default_transaction_read_only=on -c row_security=off "
    "-c statement_timeout={statement} -c lock_timeout={lock} -c idle_in_transaction_session_timeout={idle}"
)
_POLICIES = "row-level security"
_REFUSALS = (
    "authentication failed",
    "pg_hba.conf",
    "no password supplied",
    " role ",
    "permission denied",
    "certificate",
    "SSL",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a database answers and who we are there; the password is handed over apart."""

    host: str
    port: int
    database: str
    user: str
    sslmode: str = "verify-full"
    ca_file: str = ""

    @classmethod
    def of(cls, entry: Any) -> Address:
        """Return the address in an inventory entry: in anything that has these fields."""
        return cls(**{one.name: getattr(entry, one.name) for one in fields(cls)})

    def __str__(self) -> str:
        """Return host, port and database."""
        return f"{self.host}:{self.port}/{self.database}"


class Database:
    """An open read-only transaction; made by `connect`."""

    def __init__(self, address: Address, connection: psycopg.Connection) -> None:
        self.address = address
        self._connection = connection

    def select(
        self, row: type[Row], query: LiteralString | Composed, parameters: Sequence[object] = (), *, grant: str = ""
    ) -> list[Row]:
        """Return the query's rows as instances of a dataclass whose fields are named like its columns.

        Args:
            row: The dataclass.
            query: One statement, without values in it; `%` is written `%%`.
            parameters: Values for `%s`.
            grant: What to GRANT when the privilege is missing, for the message.

        Raises:
            NotVerifiedError: no privilege, the relation does not exist, or more than `MAX_ROWS` rows.
            TimedOutError: statement or lock timeout.
            UnreachableError: the connection was lost.
            GuardError: not one reading statement.
        """
        return self._ask(class_row(row), query, parameters, grant)

    def rows(
        self, query: LiteralString | Composed, parameters: Sequence[object] = (), *, grant: str = ""
    ) -> list[tuple[Any, ...]]:
        """Return the query's rows as they come; see `select` for arguments and errors."""
        return self._ask(tuple_row, query, parameters, grant)

    def _ask(
        self, shape: RowFactory[Row], query: LiteralString | Composed, parameters: Sequence[object], grant: str
    ) -> list[Row]:
        METER.spend("statements")
        with self._typed_errors(grant), self._connection.cursor(row_factory=shape) as cursor:
            # Preparing refuses a second statement after a semicolon, which the simple protocol would run.
            cursor.execute(query, parameters, prepare=True)
            rows = cursor.fetchmany(MAX_ROWS + 1)
        if len(rows) > MAX_ROWS:
            raise NotVerifiedError(f"{self.address}: more than {MAX_ROWS} rows; narrow the question")
        return rows

    def one(
        self, row: type[Row], query: LiteralString | Composed, parameters: Sequence[object] = (), *, grant: str = ""
    ) -> Row:
        """Return the only row of the query; see `select` for errors.

        Raises:
            NotVerifiedError: there is not exactly one row.
        """
        rows = self.select(row, query, parameters, grant=grant)
        if len(rows) != 1:
            raise NotVerifiedError(f"{self.address}: expected one row, got {len(rows)}")
        return rows[0]

    @contextmanager
    def _typed_errors(self, grant: str) -> Iterator[None]:
        # A savepoint, so that one question that fails does not end the transaction for the next.
        try:
            with self._connection.transaction():
                yield
        except errors.InsufficientPrivilege as error:
            if _POLICIES in str(error):
                grant = f"a policy hides rows, so counts mean nothing; ALTER ROLE {self.address.user} BYPASSRLS"
            wanted = grant or f"GRANT SELECT on it, or GRANT pg_monitor TO {self.address.user}"
            raise NotVerifiedError(f"{self.address}: {_first_line(error)}; {wanted}") from error
        except (errors.UndefinedTable, errors.UndefinedColumn, errors.UndefinedFunction) as error:
            raise NotVerifiedError(
                f"{self.address}: {_first_line(error)}; correct the inventory or create it"
            ) from error
        except (errors.QueryCanceled, errors.LockNotAvailable) as error:
            raise TimedOutError(f"{self.address}: {_first_line(error)}") from error
        except (errors.ReadOnlySqlTransaction, errors.ActiveSqlTransaction, psycopg.ProgrammingError) as error:
            raise GuardError(f"{self.address}: {_first_line(error)}") from error
        except psycopg.OperationalError as error:
            raise UnreachableError(f"{self.address}: {_first_line(error)}") from error


@contextmanager
def connect(
    address: Address,
    password: str = "",
    *,
    connect_timeout: int = 5,
    statement_timeout: float = 3.0,
    lock_timeout: float = 0.5,
) -> Iterator[Database]:
    """Open one read-only transaction with a consistent view and roll it back at the end. Timeouts in seconds.

    Raises:
        UnreachableError: no connection.
        AuthenticationError: the server refused us, or its certificate is not trusted.
        TimedOutError: no answer while connecting.
    """
    limits = _LIMITS.format(statement=int(statement_timeout * 1000), lock=int(lock_timeout * 1000), idle=15_000)
    try:
        connection = psycopg.connect(
            host=address.host,
            port=address.port,
            dbname=address.database,
            user=address.user,
            password=password or None,
            sslmode=address.sslmode,
            sslrootcert=address.ca_file or None,
            passfile="/nonexistent",
            connect_timeout=connect_timeout,
            options=limits,
            application_name="pytest-signoff",
            client_encoding="utf8",
            tcp_user_timeout=int(statement_timeout * 2000),
        )
    except psycopg.OperationalError as error:
        raise _refusal(address, error) from error
    connection.read_only = True
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    with connection, connection.transaction(force_rollback=True):
        # The first snapshot: from here on not even SET TRANSACTION makes the transaction writable.
        connection.execute("SELECT")
        yield Database(address, connection)


def _refusal(address: Address, error: psycopg.OperationalError) -> Exception:
    text = f"{address}: {_first_line(error)}"
    if isinstance(error, errors.ConnectionTimeout):
        return TimedOutError(text)
    # Before a session exists libpq hands over text alone, without an SQLSTATE.
    if any(word in text for word in _REFUSALS):
        return AuthenticationError(text)
    return UnreachableError(text)


def _first_line(error: psycopg.Error) -> str:
    text = error.diag.message_primary or str(error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
