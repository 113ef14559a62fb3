"""A bounded pool of PostgreSQL connections, and the one way to use it: a transaction."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.rows import dict_row

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

Row = dict[str, Any]
Connection = psycopg.AsyncConnection[Row]

CONNECT_SECONDS = 3


class Database:
    """At most `size` connections, opened when first needed and replaced when the server closed them."""

    def __init__(self, url: str, *, size: int) -> None:
        self.size = size
        self.in_use = 0
        self._url = url
        self._idle: list[Connection] = []
        self._slots = asyncio.Semaphore(size)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction: committed at the end, rolled back on any exception."""
        async with self._slots:
            connection = await self._borrow()
            self.in_use += 1
            try:
                async with connection.transaction():
                    yield connection
            finally:
                self.in_use -= 1
                if not connection.closed:
                    self._idle.append(connection)

    async def close(self) -> None:
        """Close what is idle."""
        while self._idle:
            await self._idle.pop().close()

    async def _borrow(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            try:
                await connection.execute("")
            except psycopg.OperationalError:
                await connection.close()
            else:
                return connection
        return await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, row_factory=dict_row, connect_timeout=CONNECT_SECONDS
        )
