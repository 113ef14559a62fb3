"""Inventory entry of a PgBouncer: how to read its console, and its limits."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field

from signoff.config.fields import Duration, Port, Ratio, SecretText
from signoff.config.kinds.base import Service


class PgbouncerService(Service):
    """One PgBouncer in front of a PostgreSQL server."""

    kind: Literal["pgbouncer"] = "pgbouncer"
    host: str
    port: Port = 6432
    user: str = Field(description="One of its stats_users: may ask SHOW, and nothing else.")
    password: SecretText | None = None
    sslmode: Literal["disable", "prefer", "require", "verify-ca", "verify-full"] = "verify-full"
    ca_file: str = ""
    server: str = Field(description="Name of the postgresql service whose connections it opens.")
    pool_modes: tuple[Literal["session", "transaction", "statement"], ...] = ("session", "transaction")
    waiting: int = Field(default=0, ge=0, description="Most clients that may wait for a connection now.")
    longest_wait: Duration = timedelta(seconds=1)
    clients_used: Ratio = Field(default=0.8, description="Clients now, of max_client_conn.")

    @property
    def address(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"
