"""Facts about the connections of one PostgreSQL server: how many may be open, are open, and hold a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from datetime import timedelta

    from signoff.probes.postgres.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class IdleTransaction:
    """A connection that holds a transaction open and does nothing: it blocks vacuum and keeps locks."""

    application: str
    role: str
    idle: timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class _Counts:
    limit: int
    reserved: int
    used: int
    sees_everybody: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Connections:
    """The server's budget and who holds what."""

    limit: int
    """max_connections."""
    reserved: int
    """Kept by the server for superusers and privileged roles."""
    used: int
    """Client connections that are open now, ours included."""
    idle_in_transaction: tuple[IdleTransaction, ...]
    """Longest first."""

    @property
    def available(self) -> int:
        """Connections that applications can share."""
        return self.limit - self.reserved

    @property
    def used_ratio(self) -> float:
        """Open now, of what applications can share."""
        return self.used / max(self.available, 1)


def read(database: Database) -> Connections:
    """Return the facts about the whole server.

    Raises:
        NotVerifiedError: without pg_monitor other roles' connections have no state, and "none idle" would be a guess.
    """
    counts = database.one(_Counts, _COUNTS)
    if not counts.sees_everybody:
        user = database.address.user
        raise NotVerifiedError(f"{database.address}: {user} does not see other sessions; GRANT pg_monitor TO {user}")
    return Connections(
        limit=counts.limit,
        reserved=counts.reserved,
        used=counts.used,
        idle_in_transaction=tuple(database.select(IdleTransaction, _IDLE)),
    )


# reserved_connections exists from PostgreSQL 16 on; current_setting(…, true) is NULL before.
_COUNTS = """
SELECT current_setting('max_connections')::int AS "limit",
       current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true)::int, 0) AS reserved,
       (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
       pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS sees_everybody
"""

_IDLE = """
SELECT coalesce(application_name, '') AS application,
       coalesce(usename::text, '') AS role,
       clock_timestamp() - state_change AS idle
FROM pg_stat_activity
WHERE state IN ('idle in transaction', 'idle in transaction (aborted)') AND pid <> pg_backend_pid()
ORDER BY state_change
"""
