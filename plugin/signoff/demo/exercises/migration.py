"""Proves on a scratch database with the first data in it that every migration goes up, down and up again."""

from __future__ import annotations

import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal

import psycopg
from psycopg import sql

from signoff.demo import migrations, postgres, seed
from signoff.demo.exercises.records import instant
from signoff.demo.layout import load

if TYPE_CHECKING:
    from collections.abc import Iterator

    from psycopg import Connection

    from signoff.demo.layout import Layout

_DATABASE = "migration_rehearsal"


def run(layout: Layout) -> dict[str, Any]:
    """Return the record of every step."""
    every = migrations.read(layout.repo / "migrations")
    with _scratch_database(layout) as connection:
        connection.execute(migrations.TABLE)
        steps = [_step(connection, "up", migration) for migration in every]
        seed.fill(connection, layout)
        steps += [_step(connection, "down", migration) for migration in reversed(every)]
        steps += [_step(connection, "up", migration) for migration in every]
    return {
        "schema_version": 1,
        "commit": load(layout).commit,
        "database": "scratch database with the first data",
        "finished": instant(datetime.now(UTC)),
        "steps": steps,
    }


def _step(
    connection: Connection[Any], action: Literal["up", "down"], migration: migrations.Migration
) -> dict[str, Any]:
    started = time.monotonic()
    try:
        (migrations.apply if action == "up" else migrations.revert)(connection, migration)
        succeeded = True
    except psycopg.Error:
        succeeded = False
    seconds = round(time.monotonic() - started, 4)
    return {"action": action, "version": migration.version, "seconds": seconds, "ok": succeeded}


@contextmanager
def _scratch_database(layout: Layout) -> Iterator[Connection[Any]]:
    name = sql.Identifier(_DATABASE)
    with postgres.connect_admin(layout, database="postgres") as admin:
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        admin.execute(sql.SQL("CREATE DATABASE {} OWNER shop_owner TEMPLATE template0").format(name))
        try:
            with psycopg.connect(postgres.url(layout, "shop_owner", database=_DATABASE), autocommit=True) as connection:
                yield connection
        finally:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
