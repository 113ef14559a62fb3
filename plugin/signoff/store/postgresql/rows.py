"""Chains and envelopes as rows of PostgreSQL: how they are read, moved and appended to, whatever they say."""

from __future__ import annotations

import weakref
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from operator import itemgetter
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, LiteralString, TypeVar

from ulid import ULID

from signoff.errors import IntegrityError
from signoff.store import chain as links
from signoff.store.approvals import names_of
from signoff.store.journal import SUFFIX
from signoff.store.lines import whole_lines
from signoff.store.medium import Kind
from signoff.store.postgresql import migrate
from signoff.store.postgresql.connection import Address, LostError, typed_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from signoff.store.postgresql.connection import Connection

    T = TypeVar("T")

TABLES: dict[Kind, LiteralString] = {Kind.JOURNAL: "signoff.journal_line", Kind.LEDGER: "signoff.ledger_line"}
FOLDERS = {Kind.JOURNAL: "runs", Kind.LEDGER: "ledger"}
_PAGE = 2000
"""Rows that are fetched at once."""


class PostgresRows:
    """The rows of one environment, over a connection that is made anew when it was lost."""

    def __init__(self, address: str, environment: str) -> None:
        self._address, self.environment = Address(address), environment
        self._open: Connection | None = None

    @property
    def name(self) -> str:
        """Host, port and database."""
        return self._address.name

    @contextmanager
    def atomic(self) -> Iterator[None]:
        """Keep everything that is written meanwhile, or nothing of it."""
        with typed_errors(self.name), self._connection().transaction():
            yield

    def chains(self, kind: Kind) -> list[str]:
        """Return the ids of all chains of the kind."""
        query = f"SELECT DISTINCT chain FROM {TABLES[kind]} WHERE environment = %s ORDER BY chain"  # noqa: S608
        return [chain for (chain,) in self.rows(query)]

    def lines(self, kind: Kind, chain: str) -> Iterator[bytes]:
        """Yield the chain's records, each without its newline."""
        query = f"SELECT line FROM {TABLES[kind]} WHERE environment = %s AND chain = %s ORDER BY seq"  # noqa: S608
        rows = (bytes(line) + b"\n" for (line,) in self.rows(query, [chain]))
        yield from whole_lines(rows, path_of(kind, chain))

    def head(self, kind: Kind, chain: str) -> tuple[int, str] | None:
        """Return number and hash of the chain's last record."""
        return self.do(lambda connection: self._head(connection, kind, chain))

    def extend(self, kind: Kind, chain: str, start: int, lines: Iterable[bytes]) -> int:
        """Make sure that these records are there."""
        given = list(lines)
        return self.do(lambda connection: self._extend(connection, kind, chain, start, given))

    def ship(self, run: str, seq: int, line: bytes) -> None:
        """Append the next record of a journal, in one round trip.

        Raises:
            StoreError: the database does not take it now.
            IntegrityError: another record has its place.
        """
        try:
            self.do(partial(_insert, Kind.JOURNAL, self.environment, run, seq, [line]), once=True)
        except (LostError, IntegrityError):
            # It may be there: an answer was lost, or somebody brought the same record at the same moment.
            self.extend(Kind.JOURNAL, run, seq, [line])

    def envelopes(self) -> list[tuple[str, bytes]]:
        """Return name and content of every signed approval."""
        rows = self.rows("SELECT name, content FROM signoff.envelope WHERE environment = %s ORDER BY name")
        return [(name, bytes(content)) for name, content in rows]

    def add_envelope(self, stem: str, content: bytes) -> None:
        """Keep an envelope under the first free name."""
        query = (
            "INSERT INTO signoff.envelope (environment, name, content) VALUES (%s, %s, %s) "
            "ON CONFLICT DO NOTHING RETURNING name"
        )
        for name in names_of(stem):
            if self.rows(query, [name, content]):
                return

    # --- the database -------------------------------------------------------------------------------------------

    def _connection(self) -> Connection:
        if self._open is None or self._open.closed or self._open.broken:
            self._open = self._address.connect()
            weakref.finalize(self, self._open.close)
            with typed_errors(self.name):
                migrate.check(self._open, self.name)
        return self._open

    def do(self, work: Callable[[Connection], T], *, once: bool = False) -> T:
        """Do the work; once more on a new connection if this one was lost, unless that could do it twice."""
        fresh = self._open is None
        inside = self._open is not None and not self._open.closed and self._open.info.transaction_status.name != "IDLE"
        try:
            with typed_errors(self.name):
                return work(self._connection())
        except LostError:
            if once or fresh or inside:
                raise
        with typed_errors(self.name):
            return work(self._connection())

    def rows(self, query: LiteralString, arguments: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query whose first parameter is the environment."""
        return self.do(lambda connection: connection.execute(query, [self.environment, *arguments]).fetchall())

    def all_chains(self, kind: Kind) -> Iterator[tuple[PurePosixPath, Iterator[bytes]]]:
        """Yield the chains of the kind with their lines; a chain must be read before the next is asked for."""
        query = f"SELECT chain, line FROM {TABLES[kind]} WHERE environment = %s ORDER BY chain, seq"  # noqa: S608
        connection = self.do(_awake)
        with typed_errors(self.name), connection.transaction(), connection.cursor("chains") as cursor:
            cursor.itersize = _PAGE
            cursor.execute(query, [self.environment])
            for chain, rows in groupby(cursor, key=itemgetter(0)):
                yield path_of(kind, chain), (bytes(line) + b"\n" for _, line in rows)

    def digests(self) -> dict[str, str]:
        """Return the digest of every journal, as the file would have it."""
        lines = "string_agg(line || '\\x0a'::bytea, ''::bytea ORDER BY seq)"
        query = (
            f"SELECT chain, encode(sha256({lines}), 'hex') FROM signoff.journal_line WHERE environment = %s GROUP BY 1"  # noqa: S608
        )
        return dict(self.rows(query))

    def raw(self, run: str) -> Iterator[bytes]:
        """Yield the lines of a journal as they are, whole or not."""
        query = "SELECT line FROM signoff.journal_line WHERE environment = %s AND chain = %s ORDER BY seq"
        return (bytes(line) for (line,) in self.rows(query, [run]))

    def append(self, identity: str, encoded: dict[str, object]) -> None:
        """Append a record to this store's own chain of the ledger, once, however often the connection is lost."""
        self.do(partial(self._append, identity, encoded))

    def _append(self, identity: str, encoded: dict[str, object], connection: Connection) -> None:
        with connection.transaction():
            self._lock(connection, "own")
            chain = self._own_chain(connection)
            query = (
                "SELECT line FROM signoff.ledger_line WHERE environment = %s AND chain = %s ORDER BY seq DESC LIMIT 3"
            )
            last = [bytes(line) for (line,) in connection.execute(query, [self.environment, chain])]
            if any(f'"id":"{identity}"'.encode() in line for line in last):
                return  # the answer was lost, not the record
            seq, prev = links.seal(last[0]) if last else (-1, links.origin(f"{chain}{SUFFIX}"))
            line = links.forge(seq + 1, prev, encoded)[1].removesuffix(b"\n")
            _insert(Kind.LEDGER, self.environment, chain, seq + 1, [line], connection)

    def _own_chain(self, connection: Connection) -> str:
        query = "SELECT chain FROM signoff.own_ledger WHERE environment = %s"
        found = connection.execute(query, [self.environment]).fetchone()
        if found:
            return str(found[0])
        chain = str(ULID())
        insert = "INSERT INTO signoff.own_ledger (environment, chain) VALUES (%s, %s)"
        connection.execute(insert, [self.environment, chain])
        return chain

    def _extend(self, connection: Connection, kind: Kind, chain: str, start: int, lines: list[bytes]) -> int:
        with connection.transaction():
            self._lock(connection, f"{kind}_line/{chain}")
            query = f"SELECT line FROM {TABLES[kind]} WHERE environment = %s AND chain = %s AND seq >= %s ORDER BY seq"  # noqa: S608
            here = [bytes(line) for (line,) in connection.execute(query, [self.environment, chain, start])]
            shared = min(len(here), len(lines))
            if here[:shared] != lines[:shared]:
                raise IntegrityError(
                    f"{self.name}: {path_of(kind, chain)} has other records than the chain that is to continue it"
                )
            _insert(kind, self.environment, chain, start + shared, lines[shared:], connection)
        return len(lines) - shared

    def _head(self, connection: Connection, kind: Kind, chain: str) -> tuple[int, str] | None:
        query = f"SELECT line FROM {TABLES[kind]} WHERE environment = %s AND chain = %s ORDER BY seq DESC LIMIT 1"  # noqa: S608
        found = connection.execute(query, [self.environment, chain]).fetchone()
        if found is None:
            return None
        try:
            return links.seal(bytes(found[0]))
        except IntegrityError as error:
            raise IntegrityError(f"{self.name}: {path_of(kind, chain)}: its last record {error}") from None

    def _lock(self, connection: Connection, what: str) -> None:
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"signoff/{self.environment}/{what}"]
        )


def _awake(connection: Connection) -> Connection:
    connection.execute("SELECT 1")
    return connection


def _insert(  # noqa: PLR0913, PLR0917 - a row has as many columns
    kind: Kind, environment: str, chain: str, start: int, lines: list[bytes], connection: Connection
) -> None:
    columns: LiteralString = f"{TABLES[kind]} (environment, chain, seq, line)"
    rows = [(environment, chain, seq, line) for seq, line in enumerate(lines, start)]
    if len(rows) == 1:
        connection.execute(f"INSERT INTO {columns} VALUES (%s, %s, %s, %s)", rows[0])  # noqa: S608
    elif rows:
        with connection.cursor() as cursor, cursor.copy(f"COPY {columns} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)


def path_of(kind: Kind, chain: str) -> PurePosixPath:
    """Return where the chain would lie if the store were a folder: what messages call it, and what it is chained to."""
    return PurePosixPath(FOLDERS[kind]) / f"{chain}{SUFFIX}"
