"""What a primary of PostgreSQL keeps for its standbys, and whether its commits wait for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signoff.probes.postgres.database import Database

_GRANT = "GRANT pg_monitor to the role"
_ENOUGH = frozenset({"reserved", "extended"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Slot:
    """One physical replication slot."""

    name: str
    active: bool
    """Whether a standby uses it now."""
    wal: str
    """`reserved` or `extended`: all is there; `unreserved`: about to be removed; `lost`; `none`: never used."""
    retained_bytes: int
    """WAL that is kept because of it."""
    standby: str
    """application_name of the standby that uses it; empty: nobody does."""

    @property
    def keeps_everything(self) -> bool:
        """Whether its standby can go on from where it is, however long it was away."""
        return self.wal in _ENOUGH


@dataclass(frozen=True, kw_only=True, slots=True)
class Commits:
    """What a commit waits for."""

    names: str
    """`synchronous_standby_names`; empty: for nobody."""
    level: str
    """`synchronous_commit`."""

    @property
    def wait_for_standbys(self) -> bool:
        """Whether a commit that was confirmed is on a standby too."""
        return self.names != "" and self.level not in {"off", "local"}


def slots(primary: Database) -> tuple[Slot, ...]:
    """Return every physical slot.

    Raises:
        NotVerifiedError: the role may not see them.
    """
    return tuple(primary.select(Slot, _SLOTS, grant=_GRANT))


def commits(primary: Database) -> Commits:
    """Return what a commit on the primary waits for."""
    return primary.one(Commits, _COMMITS, grant=_GRANT)


_SLOTS = """
SELECT slot_name::text AS name, active, coalesce(wal_status, 'none') AS wal,
    coalesce(pg_wal_lsn_diff(pg_current_wal_lsn(), restart_lsn), 0)::bigint AS retained_bytes,
    coalesce((SELECT application_name FROM pg_stat_replication WHERE pid = active_pid), '') AS standby
FROM pg_replication_slots WHERE slot_type = 'physical' AND NOT temporary ORDER BY slot_name
"""
_COMMITS = """
SELECT current_setting('synchronous_standby_names') AS names, current_setting('synchronous_commit') AS level
"""
