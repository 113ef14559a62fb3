"""Facts about the connections of one MySQL or MariaDB server: how many may be open, are, and hold a transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.postgres.connections import Connections, IdleTransaction

if TYPE_CHECKING:
    from signoff.probes.mysql.database import Database


def read(database: Database) -> Connections:
    """Return the facts about the whole server. It keeps one connection for administrators beyond its limit.

    Raises:
        NotVerifiedError: without PROCESS other accounts' transactions are hidden, and "none idle" would be a guess.
    """
    user = database.address.user
    grants = [grant.partition(" ON *.* ") for grant in database.grants()]
    if not any(place and ("PROCESS" in what or "ALL PRIVILEGES" in what) for what, place, _ in grants):
        raise NotVerifiedError(
            f"{database.address}: {user} does not see other sessions; GRANT PROCESS ON *.* TO {user}"
        )
    (limit,) = database.variables("max_connections")
    rows = database.rows(_IDLE)
    return Connections(
        limit=int(limit),
        reserved=0,
        used=int(database.status()["threads_connected"]),
        idle_in_transaction=tuple(
            IdleTransaction(application=str(host or ""), role=str(who or ""), idle=timedelta(seconds=int(seconds)))
            for who, host, seconds in rows
        ),
    )


_IDLE = """
SELECT p.user, substring_index(p.host, ':', 1), p.time
FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
WHERE p.command = 'Sleep' AND p.id <> connection_id() ORDER BY p.time DESC
"""
