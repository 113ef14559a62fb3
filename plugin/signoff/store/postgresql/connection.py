"""Connections to the shared store: limits in time, errors as messages, and never a word of the address' secrets."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg import errors
from psycopg.conninfo import conninfo_to_dict

from signoff.errors import IntegrityError, StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator

    Connection = psycopg.Connection[tuple[Any, ...]]

_LIMITS = "-c statement_timeout=60s -c lock_timeout=15s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
_LOCAL = ("", "localhost", "127.0.0.1", "::1")
_DEFAULTS: dict[str, Any] = {
    "connect_timeout": 5,
    "tcp_user_timeout": 15_000,
    "keepalives_idle": 30,
    "application_name": "signoff",
}
"""Seconds, but milliseconds for the second: a network that swallows packets must not stop a run for minutes."""


class Address:
    """Where a shared store answers, and who we are there."""

    def __init__(self, text: str) -> None:
        """Take the connection string apart.

        Raises:
            StoreError: it is none; what it says is not repeated.
        """
        try:
            given = conninfo_to_dict(text)
        except psycopg.ProgrammingError:
            given = {}
        if not text.startswith(("postgresql://", "postgres://")) or not given.get("dbname"):
            raise StoreError("the store's address must be postgresql://USER:PASSWORD@HOST:PORT/DATABASE")
        host = str(given.get("host") or "")
        remote = host not in _LOCAL and not host.startswith("/")
        # Without this, the library would fall back to a connection that anybody may read and answer.
        security = {"sslmode": "verify-full"} if remote and "sslmode" not in given else {}
        options = {"options": f"{_LIMITS} {given.get('options') or ''}".strip()}
        self._parameters: dict[str, Any] = {**_DEFAULTS, **security, **given, **options}
        port = f":{given['port']}" if given.get("port") else ""
        self.name = f"postgresql://{host}{port}/{given['dbname']}"

    def connect(self) -> Connection:
        """Return a new connection in autocommit mode.

        Raises:
            StoreError: it cannot be had.
        """
        with typed_errors(self.name):
            return psycopg.connect(**self._parameters, autocommit=True)


@contextmanager
def typed_errors(name: str) -> Iterator[None]:
    """Turn errors of the database into ours.

    Raises:
        IntegrityError: the database refused records that do not fit.
        StoreError: anything else.
    """
    try:
        yield
    except (errors.CheckViolation, errors.UniqueViolation) as error:
        raise IntegrityError(f"{name}: {_first_line(error)}") from None
    except errors.InsufficientPrivilege as error:
        hint = "`signoff store roles` prints the grants that are needed"
        raise StoreError(f"{name}: {_first_line(error)}; {hint}") from None
    except (errors.UndefinedTable, errors.InvalidSchemaName) as error:
        raise StoreError(f"{name}: {_first_line(error)}; run `signoff store migrate`") from None
    except psycopg.Error as error:
        lost = isinstance(error, psycopg.OperationalError) and (error.sqlstate or "08").startswith(("08", "57P"))
        if lost:  # other errors of that class, such as a lock that was not had in time, leave the connection as it is
            raise LostError(f"{name} cannot be reached: {_first_line(error)}") from None
        raise StoreError(f"{name}: {_first_line(error)}") from None


class LostError(StoreError):
    """There is no connection, or it went away: the same may work in a moment."""


def _first_line(error: psycopg.Error) -> str:
    text = error.diag.message_primary or str(error)
    return text.partition("\n")[0] or type(error).__name__
