"""Brings the tables of a shared store to the version that this program knows, and refuses any other."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, LiteralString

from signoff.errors import StoreError

if TYPE_CHECKING:
    import psycopg

_TABLE: LiteralString = """
CREATE SCHEMA IF NOT EXISTS signoff;
CREATE TABLE IF NOT EXISTS signoff.schema_migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    sha256 text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now(),
    applied_by text NOT NULL DEFAULT session_user
);
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Migration:
    """One step; a step that was released is never edited."""

    version: int
    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Digest of the step: what was applied must be what is known."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def known() -> list[Migration]:
    """Return the steps that travel with this program, oldest first."""
    folder = files("signoff.store.postgresql") / "migrations"
    names = sorted(entry.name for entry in folder.iterdir() if entry.name[:4].isdigit())
    return [
        Migration(version=int(name[:4]), name=name, sql=(folder / name).read_text(encoding="utf-8")) for name in names
    ]


def roles() -> str:
    """Return the SQL that makes the roles of least privilege."""
    return (files("signoff.store.postgresql") / "migrations" / "roles.sql").read_text(encoding="utf-8")


def migrate(connection: psycopg.Connection[Any], name: str) -> list[str]:
    """Apply the steps that are missing, all or none, and return their names.

    Raises:
        StoreError: the store was made by a newer program, or by steps that are not ours.
    """
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('signoff.schema_migrations', 0))")
        connection.execute(_TABLE)
        missing = _missing(connection, name)
        for step in missing:
            connection.execute(step.sql.encode())
            connection.execute(
                "INSERT INTO signoff.schema_migrations (version, name, sha256) VALUES (%s, %s, %s)",
                [step.version, step.name, step.sha256],
            )
    return [step.name for step in missing]


def check(connection: psycopg.Connection[Any], name: str) -> None:
    """Return if the store's tables are those that this program knows.

    Raises:
        StoreError: they are older, newer or others; says what to do.
    """
    (table,) = connection.execute("SELECT to_regclass('signoff.schema_migrations')").fetchone() or (None,)
    missing = _missing(connection, name) if table else known()
    if missing:
        raise StoreError(f"{name}: lacks {missing[-1].name}; run `signoff store migrate` as the schema's owner")


def _missing(connection: psycopg.Connection[Any], name: str) -> list[Migration]:
    applied = {
        version: (title, sha256)
        for version, title, sha256 in connection.execute("SELECT version, name, sha256 FROM signoff.schema_migrations")
    }
    steps = known()
    newer = applied.keys() - {step.version for step in steps}
    if newer:
        raise StoreError(
            f"{name}: its tables have version {max(newer)}, this program knows {steps[-1].version}; "
            "update pytest-signoff"
        )
    for step in steps:
        if applied.get(step.version, (step.name, step.sha256)) != (step.name, step.sha256):
            raise StoreError(f"{name}: version {step.version} of its tables is not {step.name} as it was released")
    return [step for step in steps if step.version not in applied]
