"""Facts from the performance schema: what one MySQL or MariaDB database spent its time on, with constants left out."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.probes.postgres.statements import Statement, Statements, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.probes.mysql.database import Database

_PICOSECONDS = 1_000_000_000
"""In a millisecond."""


def read(database: Database, roles: Sequence[str] = ()) -> Statements:
    """Return the statements of this database, most expensive first.

    The server does not tell them by account, so that an inventory which names roles cannot be answered.

    Raises:
        NotVerifiedError: performance schema off, privilege missing, roles named, or nothing recorded yet.
    """
    database.require_performance_schema()
    if roles:
        raise NotVerifiedError(
            f"{database.address}: statements are not counted by account; leave statements.roles empty"
        )
    grant = f"GRANT SELECT ON performance_schema.* TO {database.address.user}"
    rows = database.rows(_STATEMENTS, [database.address.database], grant=grant)
    if not rows:
        raise NotVerifiedError(f"{database.address}: no statement recorded yet; run the application first")
    status = database.status()
    ((since,),) = database.rows(_SINCE, grant=grant)
    # The table can be emptied at any time: what is left is as old as its oldest row, but not older than the server.
    age = min(int(status["uptime"]), int(since or 0))
    return Statements(
        statements=tuple(
            Statement(
                text=shown(text),
                calls=int(calls),
                mean_ms=float(mean) / _PICOSECONDS,
                max_ms=float(worst) / _PICOSECONDS,
                total_ms=float(total) / _PICOSECONDS,
            )
            for text, calls, mean, worst, total in rows
        ),
        age=timedelta(seconds=age),
        evictions=int(status.get("performance_schema_digest_lost", 0)),
    )


_STATEMENTS = """
SELECT digest_text, count_star, avg_timer_wait, max_timer_wait, sum_timer_wait
FROM performance_schema.events_statements_summary_by_digest
WHERE schema_name = %s AND digest_text IS NOT NULL AND digest_text NOT LIKE '%%performance_schema%%'
ORDER BY sum_timer_wait DESC LIMIT 1000
"""
_SINCE = """
SELECT timestampdiff(SECOND, min(first_seen), now())
FROM performance_schema.events_statements_summary_by_digest WHERE first_seen > 0
"""
