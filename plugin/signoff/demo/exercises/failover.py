"""Rehearses a fail-over on a copy: a fresh standby follows the primary, is promoted, and takes writes.

The environment's own pair is left alone: promoting db2 would end the replication that later checks look at.
"""

from __future__ import annotations

import shutil
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import psycopg

from signoff.demo import postgres, table_digests
from signoff.demo.exercises.records import Drill
from signoff.demo.layout import DemoError
from signoff.demo.supervision import base_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from psycopg import Connection

    from signoff.demo.layout import Layout

_LIMIT_SECONDS = 60.0
_OUTAGE = ("promote it", "write to it")
"""The steps during which nobody could write."""
_SETTINGS = (
    *("-c", "hot_standby=on", "-c", "archive_mode=off", "-c", "shared_buffers=8MB", "-c", "fsync=off"),
    *("-c", "cluster_name=failover_drill", "-c", "primary_slot_name="),
)


def run(layout: Layout) -> dict[str, Any]:
    """Return the record; `seconds` is the time from the decision to promote until the first write."""
    drill = Drill(kind="failover", environment="copy of db1")
    directory, port = layout.run / "failover", layout.port("pg_drill")
    shutil.rmtree(directory, ignore_errors=True)
    directory.parent.mkdir(parents=True, exist_ok=True)
    try:
        with suppress(DemoError):
            _rehearse(layout, drill, directory, port)
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    seconds = sum(step.seconds for step in drill.steps if step.name in _OUTAGE)
    return drill.record(layout, seconds=seconds, downtime_seconds=seconds)


def _rehearse(layout: Layout, drill: Drill, directory: Path, port: int) -> None:
    with drill.step("build a standby from a base backup"):
        _base_backup(layout, directory)
    with _server(layout, directory, port):
        with drill.step("wait until it has everything that the primary had"):
            _follow(layout, port)
        with drill.step(_OUTAGE[0]), _connect(layout, port) as standby:
            standby.execute("SELECT pg_promote(true)")
        with drill.step(_OUTAGE[1]), _connect(layout, port) as standby:
            standby.execute("CREATE TABLE after_failover (one integer)")
        with drill.step("compare its data with the primary's"):
            _compare(layout, port)


def _base_backup(layout: Layout, directory: Path) -> None:
    options = ("--checkpoint=fast", "--wal-method=stream", "--no-sync", "--write-recovery-conf")
    command = postgres.command("pg_basebackup", f"--pgdata={directory}", *options)
    environment = {**base_environment(layout), **postgres.client_env(layout, "replicator")}
    environment.pop("PGDATABASE")
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise DemoError(f"pg_basebackup: {done.stderr.strip()}")


def _follow(layout: Layout, port: int) -> None:
    with postgres.connect_admin(layout) as primary:
        row = primary.execute("SELECT pg_current_wal_lsn()").fetchone()
    deadline = time.monotonic() + _LIMIT_SECONDS
    while not _has_replayed(layout, port, str(row[0]) if row else ""):
        if time.monotonic() > deadline:
            raise DemoError(f"the drill's standby did not catch up within {_LIMIT_SECONDS:g} s")
        time.sleep(0.03)


def _has_replayed(layout: Layout, port: int, position: str) -> bool:
    try:
        with _connect(layout, port) as standby:
            row = standby.execute("SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn", (position,)).fetchone()
    except psycopg.OperationalError:
        return False  # it is still starting
    return bool(row and row[0])


def _compare(layout: Layout, port: int) -> None:
    with postgres.connect_admin(layout) as primary, _connect(layout, port) as promoted:
        ours = {table.name: table for table in table_digests.read(primary)}
        theirs = {table.name: table for table in table_digests.read(promoted)}
    # The shop goes on selling on the primary; these tables hold still.
    if any(ours[name] != theirs.get(name) for name in ("customers", "schema_migrations")) or ours.keys() - theirs:
        raise DemoError("the promoted standby does not hold the primary's data")


@contextmanager
def _server(layout: Layout, directory: Path, port: int) -> Iterator[None]:
    command = postgres.command("postgres", "-D", str(directory), "-p", str(port), *_SETTINGS)
    # It carries the copy's marker: should we be killed, `down` still finds it.
    process = subprocess.Popen(
        command, env=base_environment(layout), cwd=layout.run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        process.kill()
        process.wait()


def _connect(layout: Layout, port: int) -> Connection[Any]:
    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        user="postgres",
        password=layout.password("pg_postgres"),
        dbname=postgres.DATABASE,
        autocommit=True,
        connect_timeout=30,
    )
