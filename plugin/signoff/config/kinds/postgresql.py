"""Inventory entry of a PostgreSQL database: how to read it, what may use it, and its limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Port, Ratio, SecretText
from signoff.config.kinds.base import Service, Strict


class Migrations(Strict):
    """Where the schema's version is written, on both sides."""

    repository: str = Field(description="Name of the repository service that holds the migration files.")
    path: str = Field(default="migrations", description="Directory within the repository.")
    tool: Literal["plain", "alembic", "flyway"] = "plain"
    table: str = Field(default="", description="Table of applied versions; empty: the tool's own default.")
    proof: str = Field(default="", description="Record of up, down and up again on a copy (JSON).")
    proof_max_age: Duration = timedelta(days=30)


class Pool(Strict):
    """Connections that one application may open."""

    application: str
    instances: int = Field(ge=1)
    size: int = Field(ge=1)
    overflow: int = Field(default=0, ge=0)


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
    """What the index check overlooks."""

    min_size_mib: float = Field(default=0, ge=0, description="Smaller tables may lack an index on a foreign key.")
    unused_after: Duration = Field(
        default=timedelta(days=30), description="Statistics younger than this cannot show disuse."
    )
    ignore: tuple[str, ...] = ()


class Statements(Strict):
    """Limits on what pg_stat_statements saw."""

    mean_ms: float = Field(default=200, gt=0)
    max_ms: float = Field(default=5_000, gt=0)
    share: Ratio = Field(default=0.5, description="Of the whole execution time, by one statement.")
    share_from_mean_ms: float = Field(default=10, ge=0, description="Cheaper statements may take any share.")
    min_calls: int = Field(default=20, ge=1, description="Rarer statements are left out.")
    min_total_ms: float = Field(default=1_000, ge=0, description="With less time in all, shares say nothing.")
    min_statistics_age: Duration = Field(default=timedelta(hours=24), description="Younger statistics prove nothing.")
    max_evictions: int = Field(default=10, ge=0, description="How often statements may have been dropped for space.")
    roles: tuple[str, ...] = Field(default=(), description="Roles of the application; empty: all but our own.")


class Roles(Strict):
    """Who may do what in the server; whoever is not listed may not."""

    login: tuple[str, ...] = Field(min_length=1, description="Roles that may sign in.")
    superusers: tuple[str, ...] = Field(default=("postgres",), description="Roles that may do everything.")
    powers: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="By role: CREATEROLE, CREATEDB, REPLICATION, BYPASSRLS, or a group such as pg_write_all_data.",
    )
    open_to_all: tuple[str, ...] = Field(
        default=(), description="Where everybody may create objects, such as `schema public`."
    )


class PostgresqlService(Service):
    """One database of one PostgreSQL server."""

    kind: Literal["postgresql"] = "postgresql"
    host: str
    port: Port = 5432
    database: str
    user: str = Field(description="A role that may only read: pg_monitor, and SELECT on the migrations table.")
    password: SecretText | None = None
    sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = "verify-full"
    ca_file: str = ""
    migrations: Migrations | None = None
    connections: Connections = Connections()
    indexes: Indexes = Indexes()
    statements: Statements = Statements()
    roles: Roles | None = None

    @property
    def address(self) -> str:
        """Host, port and database."""
        return f"{self.host}:{self.port}/{self.database}"
