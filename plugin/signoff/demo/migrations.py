"""Applies a directory of plain SQL migrations, `NNNN_name.up.sql` and `NNNN_name.down.sql`, and writes down which."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from psycopg import Connection

TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version text PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""
"""Where it is written down which migrations were applied."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One step of the schema, in both directions."""

    version: str
    name: str
    up: str
    down: str

    @property
    def sha256(self) -> str:
        """Digest of what was applied: a migration edited afterwards is noticed."""
        return hashlib.sha256(self.up.encode()).hexdigest()


def read(directory: Path) -> tuple[Migration, ...]:
    """Return the migrations, oldest first."""
    return tuple(_read(directory))


def up(connection: Connection[Any], directory: Path) -> None:
    """Apply what has not been applied yet, each migration in a transaction of its own."""
    connection.execute(TABLE)
    applied = {row[0] for row in connection.execute("SELECT version FROM schema_migrations").fetchall()}
    for migration in read(directory):
        if migration.version not in applied:
            apply(connection, migration)


def apply(connection: Connection[Any], migration: Migration) -> None:
    """Apply one migration and record it."""
    with connection.transaction():
        connection.execute(migration.up)
        connection.execute(
            "INSERT INTO schema_migrations (version, name, sha256) VALUES (%s, %s, %s)",
            (migration.version, migration.name, migration.sha256),
        )


def revert(connection: Connection[Any], migration: Migration) -> None:
    """Undo one migration and its record."""
    with connection.transaction():
        connection.execute(migration.down)
        connection.execute("DELETE FROM schema_migrations WHERE version = %s", (migration.version,))


def _read(directory: Path) -> Iterator[Migration]:
    for path in sorted(directory.glob("*.up.sql")):
        version, _, name = path.name.removesuffix(".up.sql").partition("_")
        down = path.with_name(path.name.replace(".up.sql", ".down.sql"))
        yield Migration(
            version=version, name=name, up=path.read_text(encoding="utf-8"), down=down.read_text(encoding="utf-8")
        )
