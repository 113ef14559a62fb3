"""What entries of SQL databases have in common: migrations, the budget of connections, and limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Ratio
from signoff.config.kinds.base import Strict


class Lint(Strict):
    """What the linter of migrations reads, and which of its rules are accepted."""

    path: str = Field(
        default="",
        description="Directory of the migrations as SQL, if they are written in Python (alembic upgrade --sql, "
        "manage.py sqlmigrate); empty: the migrations' own directory.",
    )
    since: str = Field(
        default="", description="First version that is judged: older ones ran when nobody used the tables yet."
    )
    accepted: tuple[str, ...] = Field(default=(), description="Rules of squawk that this team does without.")


class Migrations(Strict):
    """Where the schema's version is written, on both sides."""

    repository: str = Field(description="Name of the repository service that holds the migration files.")
    path: str = Field(default="migrations", description="Directory within the repository; django: the project's.")
    tool: Literal["plain", "alembic", "flyway", "django"] = "plain"
    table: str = Field(default="", description="Table of applied versions; empty: the tool's own default.")
    proof: str = Field(default="", description="Record of up, down and up again on a copy (JSON).")
    proof_max_age: Duration = timedelta(days=30)
    up_within: Duration = Field(default=timedelta(minutes=30), description="Longest that going up took on the copy.")
    down_within: Duration = Field(default=timedelta(minutes=15), description="Longest that the way back took.")
    lint: Lint = Lint()


class Pool(Strict):
    """Connections that one application may open."""

    application: str
    instances: int = Field(ge=1)
    size: int = Field(ge=1)
    overflow: int = Field(default=0, ge=0)
    through: str = Field(
        default="", description="Name of the pgbouncer service it connects to; its server connections count instead."
    )


class Connections(Strict):
    """The budget of connections."""

    pools: tuple[Pool, ...] = ()
    reserve: int = Field(default=5, ge=0, description="Kept free for people, backups and monitoring.")
    used_ratio: Ratio = Field(default=0.8, description="Open now, of what is allowed.")
    limit_used: Ratio = Field(
        default=0.7, description="Most of max_connections that may be used, now and by all pools; INF-CLD-3."
    )
    idle_in_transaction: Duration = timedelta(minutes=5)


class Indexes(Strict):
    """What the index checks overlook."""

    min_size_mib: float = Field(default=0, ge=0, description="Smaller tables may lack an index on a foreign key.")
    unused_min_size_mib: float = Field(default=1, ge=0, description="Smaller indexes may go unused.")
    unused_after: Duration = Field(
        default=timedelta(days=30), description="Statistics younger than this cannot show disuse."
    )
    ignore: tuple[str, ...] = ()


class Statements(Strict):
    """Limits on the statements that the server remembers."""

    mean_ms: float = Field(default=200, gt=0)
    max_ms: float = Field(default=5_000, gt=0)
    share: Ratio = Field(default=0.5, description="Of the whole execution time, by one statement.")
    share_from_mean_ms: float = Field(default=10, ge=0, description="Cheaper statements may take any share.")
    min_calls: int = Field(default=20, ge=1, description="Rarer statements are left out.")
    min_total_ms: float = Field(default=1_000, ge=0, description="With less time in all, shares say nothing.")
    min_statistics_age: Duration = Field(default=timedelta(hours=24), description="Younger statistics prove nothing.")
    max_evictions: int = Field(default=10, ge=0, description="How often statements may have been dropped for space.")
    roles: tuple[str, ...] = Field(default=(), description="Roles of the application; empty: all but our own.")


class Waste(Strict):
    """Limits on what a database loses to conflicts and to too little memory, since its statistics began."""

    deadlocks_per_day: float = Field(default=1, ge=0)
    spilled_mib_per_hour: float = Field(default=1_024, ge=0, description="Sorts and joins that went to disk.")
    cache_hit: Ratio = Field(default=0.9, description="Least part of reads that memory answers.")
    cache_from_reads: int = Field(default=100_000, ge=1, description="With fewer reads, that part says nothing.")


class KeyQuery(Strict):
    """A query that must stay quick: its plan is asked for, and it is never run."""

    name: str
    sql: str = Field(description="One SELECT with values as they occur; a percent sign is written twice.")
    max_cost: float | None = Field(default=None, gt=0, description="In the planner's own unit; default: any.")
    scan_rows: int = Field(default=10_000, ge=0, description="No table of more rows may be read from end to end.")
