"""Whether a standby of PostgreSQL may be asked instead of its primary: only if it has replayed all that it received."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signoff.probes.postgres.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class _Step:
    in_step: bool


def is_in_step(database: Database) -> bool:
    """Return whether this server is a standby that streams, is not paused and has replayed what it received.

    Raises:
        NotVerifiedError, TimedOutError, UnreachableError: as of `Database.select`.
    """
    return database.one(_Step, _IN_STEP).in_step


# Replay functions are an error on a primary, so they are asked only behind the first condition.
_IN_STEP = """
SELECT CASE WHEN NOT pg_is_in_recovery() THEN false ELSE
    EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming')
    AND NOT pg_is_wal_replay_paused()
    AND coalesce(pg_last_wal_receive_lsn() <= pg_last_wal_replay_lsn(), false)
END AS in_step
"""
