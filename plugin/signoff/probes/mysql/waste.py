"""What one MySQL or MariaDB server lost to conflicts and to too little memory since it was started."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.postgres.waste import Waste

if TYPE_CHECKING:
    from signoff.probes.mysql.database import Database


def read(database: Database) -> Waste:
    """Return the counters of the whole server; temporary tables on disk are counted, their bytes are not.

    Raises:
        NotVerifiedError: nothing counts deadlocks, or we may not ask.
    """
    status = database.status()
    deadlocks = status.get("innodb_deadlocks")
    if deadlocks is None:
        grant = f"GRANT PROCESS ON *.* TO {database.address.user}"
        rows = database.rows(_DEADLOCKS, grant=grant)
        if not rows:
            raise NotVerifiedError(f"{database.address}: deadlocks are not counted; set innodb_monitor_enable")
        deadlocks = rows[0][0]
    return Waste(
        age=timedelta(seconds=int(status.get("uptime_since_flush_status", status["uptime"]))),
        deadlocks=int(deadlocks),
        spilled_bytes=None,
        spills=int(status["created_tmp_disk_tables"]),
        reads=int(status["innodb_buffer_pool_read_requests"]),
        misses=int(status["innodb_buffer_pool_reads"]),
    )


_DEADLOCKS = "SELECT count FROM information_schema.innodb_metrics WHERE name = 'lock_deadlocks' AND status = 'enabled'"
