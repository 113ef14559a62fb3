"""Inventory entry of a MySQL or MariaDB database: how to read it, what may use it, and its limits."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from signoff.config.fields import Port, SecretText
from signoff.config.kinds.base import Service
from signoff.config.kinds.sql_database import Connections, Indexes, KeyQuery, Migrations, Statements, Waste


class MysqlService(Service):
    """One database (schema) of one MySQL or MariaDB server; needs the extra `mysql`."""

    kind: Literal["mysql"] = "mysql"
    host: str
    port: Port = 3306
    database: str
    user: str = Field(description="An account that may only read, as in database-roles/mysql.sql.")
    password: SecretText | None = None
    tls: bool = Field(default=True, description="Encrypted, and the server's certificate and name are verified.")
    ca_file: str = Field(default="", description="PEM file of a private certificate authority.")
    migrations: Migrations | None = None
    connections: Connections = Connections()
    indexes: Indexes = Indexes()
    statements: Statements = Statements()
    waste: Waste = Waste()
    key_queries: tuple[KeyQuery, ...] = ()

    @property
    def address(self) -> str:
        """Host, port and database."""
        return f"{self.host}:{self.port}/{self.database}"
