"""Who is asking: customers, their sessions in Redis, and the brake on guessing passwords."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from .passwords import matches

if TYPE_CHECKING:
    from redis.asyncio import Redis

    from .database import Database

FAILURES_ALLOWED = 10
FAILURES_WINDOW_SECONDS = 15 * 60


@dataclass(frozen=True, kw_only=True)
class Customer:
    """Somebody who has logged in."""

    id: int
    email: str
    name: str
    role: str


class TooManyFailuresError(Exception):
    """Too many wrong passwords for one address within the window."""


class Accounts:
    """Logs in and out. Only digests of session tokens are stored: a leaked cache opens no account."""

    def __init__(self, database: Database, sessions: Redis, *, idle_seconds: int, lifetime_seconds: int) -> None:
        self._database = database
        self._sessions = sessions
        self._idle_seconds = idle_seconds
        self.lifetime_seconds = lifetime_seconds

    async def log_in(self, email: str, password: str) -> tuple[str, Customer] | None:
        """Return a new session token and the customer; None if address or password is wrong.

        Raises:
            TooManyFailuresError: whatever the password is.
        """
        failures = f"login-failures:{_digest(email)}"
        if int(await self._sessions.get(failures) or 0) >= FAILURES_ALLOWED:
            raise TooManyFailuresError
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT id, email, name, role, password_hash FROM customers WHERE email = %s", (email,)
            )
            row = await cursor.fetchone()
        stored = row.pop("password_hash") if row else None
        if not await asyncio.to_thread(matches, password, stored) or row is None:
            await self._sessions.incr(failures)
            await self._sessions.expire(failures, FAILURES_WINDOW_SECONDS)
            return None
        await self._sessions.delete(failures)
        customer = Customer(**row)
        return await self._open(customer), customer

    async def customer(self, token: str) -> Customer | None:
        """Return whose session it is and start its idle time anew; None if it ended or never was."""
        key = _key(token)
        text = await self._sessions.get(key)
        if text is None:
            return None
        session = json.loads(text)
        if session.pop("ends") <= time.time():
            await self._sessions.delete(key)
            return None
        await self._sessions.expire(key, self._idle_seconds)
        return Customer(**session)

    async def log_out(self, token: str) -> None:
        """End the session, here and on every other instance."""
        await self._sessions.delete(_key(token))

    async def _open(self, customer: Customer) -> str:
        token = secrets.token_urlsafe(32)
        session = {**asdict(customer), "ends": time.time() + self.lifetime_seconds}
        await self._sessions.set(_key(token), json.dumps(session), ex=self._idle_seconds)
        return token


def _key(token: str) -> str:
    return f"session:{_digest(token)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
