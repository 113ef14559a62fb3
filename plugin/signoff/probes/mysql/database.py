"""The one guarded way into MySQL and MariaDB: one read-only transaction, one statement at a time, under time limits."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from signoff.errors import AuthenticationError, GuardError, NotVerifiedError, TimedOutError, UnreachableError
from signoff.meter import METER

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_ROWS = 10_000
_INSTALL = "python -m pip install 'pytest-signoff[mysql]'"
_SESSION = (
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "SET SESSION TRANSACTION READ ONLY",
    "SET SESSION lock_wait_timeout = {lock}, innodb_lock_wait_timeout = {lock}, time_zone = '+00:00'",
)
_MARIADB = "SET SESSION max_statement_time = {statement}, idle_transaction_timeout = 15"
_MYSQL = "SET SESSION max_execution_time = {milliseconds}"
_BEGIN = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"

_READS = ("select ", "show ", "explain ", "select\n")
"""Only these go out: others would be refused, or would end the transaction that refuses them."""
_NO_PRIVILEGE = frozenset({1044, 1142, 1143, 1227, 1345, 1370})
_UNKNOWN = frozenset({1054, 1109, 1146, 1305})
_TOO_LONG = frozenset({1205, 1317, 1969, 3024})
_MUST_NOT = frozenset({1060, 1064, 1241, 1242, 1248, 1290, 1295, 1792})
"""No statement of the shape that was asked for, or none of the reading kind."""
_NO_ENTRY = frozenset({1045, 1130, 1698, 2026, 2061, 3118, 3159})
_LOST_IN_READING = 2013


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """Where a database answers and who we are there; the password is handed over apart."""

    host: str
    port: int
    database: str
    user: str
    tls: bool = True
    ca_file: str = ""

    @classmethod
    def of(cls, entry: Any) -> Address:
        """Return the address in an inventory entry of kind mysql."""
        return cls(
            host=entry.host,
            port=entry.port,
            database=entry.database,
            user=entry.user,
            tls=entry.tls,
            ca_file=entry.ca_file,
        )

    def __str__(self) -> str:
        """Return host, port and database."""
        return f"{self.host}:{self.port}/{self.database}"


class Database:
    """An open read-only transaction; made by `connect`."""

    def __init__(self, address: Address, connection: Any) -> None:
        self.address = address
        self.is_mariadb = "mariadb" in str(connection.get_server_info()).lower()
        self._connection = connection

    def rows(self, query: str, parameters: Sequence[object] = (), *, grant: str = "") -> list[tuple[Any, ...]]:
        """Return the query's rows.

        Args:
            query: One statement that reads; `%` is written `%%`.
            parameters: Values for `%s`.
            grant: What to GRANT when the privilege is missing, for the message.

        Raises:
            NotVerifiedError: no privilege, no such table, or more than `MAX_ROWS` rows.
            TimedOutError: statement or lock timeout.
            UnreachableError: the connection was lost.
            GuardError: not one reading statement.
        """
        if not query.lstrip().lower().startswith(_READS):
            raise GuardError(f"{self.address}: {query[:40]!r} does not only read")
        METER.spend("statements")
        with _typed_errors(self.address, grant), self._connection.cursor() as cursor:
            cursor.execute(query, tuple(parameters))
            rows = list(cursor.fetchmany(MAX_ROWS + 1))
            cursor.fetchall()
        if len(rows) > MAX_ROWS:
            raise NotVerifiedError(f"{self.address}: more than {MAX_ROWS} rows; narrow the question")
        return rows

    def status(self) -> dict[str, str]:
        """Return the server's counters by name, in lower case."""
        return {str(name).lower(): str(value) for name, value in self.rows("SHOW GLOBAL STATUS")}

    def variables(self, *names: str) -> tuple[str, ...]:
        """Return settings of the server by name; empty for one that it does not have."""
        wanted = ", ".join(["%s"] * len(names))
        rows = self.rows(f"SHOW GLOBAL VARIABLES WHERE variable_name IN ({wanted})", names)
        found = {str(name).lower(): str(value) for name, value in rows}
        return tuple(found.get(name, "") for name in names)

    def grants(self) -> tuple[str, ...]:
        """Return what the account may do, in the server's own words and in capitals."""
        return tuple(str(row[0]).upper().replace("`", "").replace("\\", "") for row in self.rows("SHOW GRANTS"))

    def require_every_table(self) -> None:
        """Return if no table of the database is hidden from us: the server leaves out what an account may not read.

        Raises:
            NotVerifiedError: tables may be hidden, so that nothing can be said about all of them.
        """
        places = (" ON *.* ", f" ON {self.address.database.upper()}.* ")
        for grant in self.grants():
            privileges, _, _ = grant.partition(" ON ")
            if any(place in grant for place in places) and ("SELECT" in privileges or "ALL PRIVILEGES" in privileges):
                return
        raise NotVerifiedError(
            f"{self.address}: tables that {self.address.user} may not read are hidden from it; "
            f"GRANT SELECT ON {self.address.database}.* TO {self.address.user}"
        )

    def require_performance_schema(self) -> None:
        """Return if the server counts what it does.

        Raises:
            NotVerifiedError: it was started without.
        """
        if self.variables("performance_schema")[0].upper() not in {"ON", "1"}:
            raise NotVerifiedError(
                f"{self.address}: the performance schema is off; set performance_schema=ON and restart the server"
            )


@contextmanager
def connect(
    address: Address,
    password: str = "",
    *,
    connect_timeout: int = 5,
    statement_timeout: float = 3.0,
    lock_timeout: int = 1,
) -> Iterator[Database]:
    """Open one read-only transaction with a consistent view and roll it back at the end. Timeouts in seconds.

    Raises:
        NotVerifiedError: the driver is not installed.
        UnreachableError: no connection, or no such database.
        AuthenticationError: the server refused us, or its certificate is not trusted.
    """
    try:
        import pymysql  # noqa: PLC0415 - an extra: only those who have such a server need it
    except ImportError as error:
        raise NotVerifiedError(f"PyMySQL is not installed where the checks run; {_INSTALL}") from error
    secure: dict[str, Any] = {
        "ssl_verify_cert": address.tls,
        "ssl_verify_identity": address.tls,
        "ssl_ca": address.ca_file or None,
        "ssl_disabled": not address.tls,
    }
    with _typed_errors(address, ""):
        connection = pymysql.connect(
            host=address.host,
            port=address.port,
            database=address.database,
            user=address.user,
            password=password,
            connect_timeout=connect_timeout,
            # The last resort: a server that does not end a statement by itself is left alone.
            read_timeout=max(1, round(statement_timeout * 3)),
            write_timeout=connect_timeout,
            charset="utf8mb4",
            autocommit=False,
            local_infile=False,
            program_name="pytest-signoff",
            **secure,
        )
    try:
        database = Database(address, connection)
        limit = (_MARIADB if database.is_mariadb else _MYSQL).format(
            statement=statement_timeout, milliseconds=int(statement_timeout * 1000)
        )
        with _typed_errors(address, ""), connection.cursor() as cursor:
            for statement in (*_SESSION, limit, _BEGIN):
                cursor.execute(statement.format(lock=lock_timeout))
        yield database
    finally:
        connection.close()  # without COMMIT


@contextmanager
def _typed_errors(address: Address, grant: str) -> Iterator[None]:
    import pymysql  # noqa: PLC0415 - nobody comes here without it

    try:
        yield
    except pymysql.err.Error as error:
        code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
        raise _typed(code, f"{address}: {error.args[-1] if error.args else error}", address, grant) from error


def _typed(code: int, text: str, address: Address, grant: str) -> Exception:
    text = text.splitlines()[0]
    if code in _NO_PRIVILEGE:
        return NotVerifiedError(f"{text}; {grant or f'GRANT SELECT on it TO {address.user}'}")
    if code in _UNKNOWN:
        return NotVerifiedError(f"{text}; correct the inventory or create it")
    if code in _TOO_LONG or (code == _LOST_IN_READING and "timed out" in text):
        return TimedOutError(text)
    if code in _MUST_NOT:
        return GuardError(text)
    if code in _NO_ENTRY or (code != _LOST_IN_READING and "certificate" in text.lower()):
        return AuthenticationError(text)
    return UnreachableError(text)
