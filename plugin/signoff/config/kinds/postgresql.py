"""Inventory entry of a PostgreSQL database: how to read it, what may use it, and its limits."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.fields import Port, SecretText
from signoff.config.kinds.base import Service, Strict
from signoff.config.kinds.sql_database import Connections, Indexes, KeyQuery, Migrations, Statements, Waste


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
    waste: Waste = Waste()
    key_queries: tuple[KeyQuery, ...] = ()
    roles: Roles | None = None

    @property
    def address(self) -> str:
        """Host, port and database."""
        return f"{self.host}:{self.port}/{self.database}"
