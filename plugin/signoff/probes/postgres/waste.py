"""What one PostgreSQL database lost to conflicts and to too little memory: deadlocks, files of sorts, cold reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import timedelta

    from signoff.probes.postgres.database import Database


@dataclass(frozen=True, kw_only=True, slots=True)
class Waste:
    """Counters since the statistics of the database began."""

    age: timedelta
    deadlocks: int
    spilled_bytes: int | None
    """Written to temporary files by sorts and joins that did not fit into memory; None: the server counts no bytes."""
    spills: int
    """How many of them there were."""
    reads: int
    """Blocks that were asked for."""
    misses: int
    """Of those, not found in the server's own memory."""

    @property
    def days(self) -> float:
        """How long was counted; less than a day counts as one, so that one deadlock after a restart is not a flood."""
        return max(self.age.total_seconds() / 86_400, 1.0)

    @property
    def deadlocks_per_day(self) -> float:
        """Deadlocks a day."""
        return self.deadlocks / self.days

    @property
    def spilled_mib_per_hour(self) -> float:
        """Mebibytes an hour; no hour is shorter than one."""
        return (self.spilled_bytes or 0) / 2**20 / max(self.age.total_seconds() / 3_600, 1.0)

    @property
    def hit_ratio(self) -> float:
        """The part of reads that memory answered."""
        return 1 - self.misses / self.reads if self.reads else 0.0


def read(database: Database) -> Waste:
    """Return the counters of the current database; any role may ask them.

    Raises:
        NotVerifiedError, TimedOutError, UnreachableError: as of `Database.select`.
    """
    return database.one(Waste, _WASTE)


_WASTE = """
SELECT clock_timestamp() - coalesce(stats_reset, pg_postmaster_start_time()) AS age,
       deadlocks, temp_bytes AS spilled_bytes, temp_files AS spills,
       blks_read + blks_hit AS reads, blks_read AS misses
FROM pg_stat_database WHERE datname = current_database()
"""
