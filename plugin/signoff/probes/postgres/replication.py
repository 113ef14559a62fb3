"""What a standby of PostgreSQL knows and lacks, asked on both sides, and what is safe beside it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError

if TYPE_CHECKING:
    from signoff.probes.postgres.database import Database

_GRANT = "GRANT pg_monitor to the role"
_HIDDEN = "hidden"


@dataclass(frozen=True, kw_only=True, slots=True)
class Sender:
    """The primary's view of one standby."""

    name: str
    state: str
    behind_bytes: int | None
    """What the standby has not replayed; None before it says so."""
    lag: float | None
    """Seconds that the newest replayed change needed to get there; None while nothing is written."""
    sync: str = "async"
    """`sync` or `quorum`: a commit waits for it; `potential`: it is next in line; `async`."""

    @property
    def is_streaming(self) -> bool:
        """Whether it has caught up and follows; a base backup in progress does not."""
        return self.state == "streaming"


@dataclass(frozen=True, kw_only=True, slots=True)
class Standby:
    """A standby's view of itself; positions are bytes of WAL since the cluster was made."""

    in_recovery: bool
    receiver: str
    """State of the process that receives WAL: `streaming` when all is well, `none` without one."""
    received: int
    replayed: int
    system_id: str
    replay_paused: bool = False
    """What it receives is not applied: it would have to be resumed and wait before it could take over."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Archiver:
    """How the WAL archive stands."""

    enabled: bool
    archived: int
    failed_last: bool
    """The newest attempt failed."""
    age: float | None
    """Seconds since the newest segment was archived, by the server's clock; None if none ever was."""
    unarchived_bytes: int | None
    """Written after the newest archived segment."""
    segment_bytes: int
    timeout: int
    """Seconds after which a segment with changes is archived even if it is not full; 0: never."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Row:
    system_id: str
    position: int


def senders(primary: Database) -> tuple[Sender, ...]:
    """Return every standby that is connected to the primary now.

    Raises:
        NotVerifiedError: the role may not see them.
    """
    rows = primary.select(Sender, _SENDERS)
    if any(row.state == _HIDDEN for row in rows):
        raise NotVerifiedError(f"{primary.address}: replication is hidden from this role; {_GRANT}")
    return tuple(rows)


def standby(database: Database) -> Standby:
    """Return the standby's own view.

    Raises:
        NotVerifiedError: the role may not see it.
    """
    facts = database.one(Standby, _STANDBY, grant=_GRANT)
    if facts.receiver == _HIDDEN:
        raise NotVerifiedError(f"{database.address}: replication is hidden from this role; {_GRANT}")
    return facts


def position(primary: Database) -> tuple[str, int]:
    """Return the primary's system identifier, and the position of its WAL in bytes."""
    row = primary.one(_Row, _POSITION, grant=_GRANT)
    return row.system_id, row.position


def archiver(primary: Database) -> Archiver:
    """Return how the WAL archive stands.

    Raises:
        NotVerifiedError: the role may not see it.
    """
    return primary.one(Archiver, _ARCHIVER, grant=_GRANT)


def exposed(facts: Archiver) -> timedelta | None:
    """Return how much work would be lost if only the archive survived; None if nothing was ever archived.

    The age of the newest archived segment is an upper bound: a primary that writes nothing archives nothing. So
    PostgreSQL's own promise counts where it holds, which is that changes are archived after `archive_timeout`.
    """
    if facts.age is None or facts.unarchived_bytes is None:
        return None
    keeps_up = not facts.failed_last and facts.unarchived_bytes <= facts.segment_bytes
    seconds = min(facts.age, facts.timeout) if keeps_up and facts.timeout else facts.age
    return timedelta(seconds=max(seconds, 0))


_SENDERS = """
SELECT application_name AS name, coalesce(state, 'hidden') AS state,
    pg_wal_lsn_diff(pg_current_wal_lsn(), replay_lsn)::bigint AS behind_bytes,
    extract(epoch FROM replay_lag)::float8 AS lag, coalesce(sync_state, 'async') AS sync
FROM pg_stat_replication ORDER BY application_name
"""
_STANDBY = """
SELECT pg_is_in_recovery() AS in_recovery,
    coalesce((SELECT coalesce(status, 'hidden') FROM pg_stat_wal_receiver), 'none') AS receiver,
    coalesce(pg_wal_lsn_diff(pg_last_wal_receive_lsn(), '0/0'), 0)::bigint AS received,
    coalesce(pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0'), 0)::bigint AS replayed,
    (SELECT system_identifier::text FROM pg_control_system()) AS system_id,
    CASE WHEN pg_is_in_recovery() THEN pg_is_wal_replay_paused() ELSE false END AS replay_paused
"""
_POSITION = """
SELECT (SELECT system_identifier::text FROM pg_control_system()) AS system_id,
    pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')::bigint AS position
"""
_ARCHIVER = """
WITH setting AS (
    SELECT (SELECT setting::bigint FROM pg_settings WHERE name = 'wal_segment_size') AS segment_bytes,
        (SELECT setting::int FROM pg_settings WHERE name = 'archive_timeout') AS timeout
)
SELECT current_setting('archive_mode') <> 'off' AS enabled, archived_count AS archived,
    coalesce(last_failed_time > coalesce(last_archived_time, '-infinity'), false) AS failed_last,
    extract(epoch FROM clock_timestamp() - last_archived_time)::float8 AS age, segment_bytes, timeout,
    -- A base backup's own file is named like the segment that it begins in, which is there by then.
    CASE WHEN last_archived_wal ~ '^[0-9A-F]{24}([.][0-9A-F]{8}[.]backup)?$' THEN greatest(0,
        pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') - segment_bytes * (
            ('x' || substr(last_archived_wal, 9, 8))::bit(32)::bigint * (4294967296 / segment_bytes)
            + ('x' || substr(last_archived_wal, 17, 8))::bit(32)::bigint + 1))::bigint
    END AS unarchived_bytes
FROM pg_stat_archiver, setting
"""
