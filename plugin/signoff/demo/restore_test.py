"""Restores a backup into a scratch database and compares what came back with what was backed up."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyrage
from psycopg import sql

from signoff.demo import postgres, table_digests
from signoff.demo.supervision import base_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from signoff.demo.layout import Layout


class RestoreError(Exception):
    """The backup could not be restored; the message is the tool's own."""


def run(layout: Layout, backup: Path, key: Path) -> dict[str, Any]:
    """Return the record of one restore test, whether it passed or not; the scratch database is gone afterwards."""
    started, clock = datetime.now(UTC), time.monotonic()
    tables: list[dict[str, Any]] = []
    try:
        tables = _compare(layout, backup, _decrypt(backup, key))
        different = [table["name"] for table in tables if table["digest"] != table["restored_digest"]]
        detail = f"different after the restore: {', '.join(different)}" if different else ""
        passed = bool(tables) and not different
    except RestoreError as error:
        detail, passed = str(error), False
    return {
        "schema_version": 1,
        "backup": backup.name,
        "backup_sha256": hashlib.sha256(backup.read_bytes()).hexdigest(),
        "started": _text(started),
        "finished": _text(datetime.now(UTC)),
        "seconds": round(time.monotonic() - clock, 3),
        "passed": passed,
        "detail": detail,
        "tables": tables,
    }


def _decrypt(backup: Path, key: Path) -> bytes:
    content = backup.read_bytes()
    expected = backup.with_name(f"{backup.name}.sha256").read_text(encoding="ascii").split()[0]
    if hashlib.sha256(content).hexdigest() != expected:
        raise RestoreError("the backup's sha256 is not the one in its manifest: the file was changed or is damaged")
    identity = pyrage.x25519.Identity.from_str(key.read_text(encoding="ascii").strip())
    try:
        plain: bytes = pyrage.decrypt(content, [identity])
    except pyrage.DecryptError as error:
        raise RestoreError(f"the backup cannot be decrypted: {error}") from error
    return plain


def _compare(layout: Layout, backup: Path, dump: bytes) -> list[dict[str, Any]]:
    source = json.loads(backup.with_name(f"{backup.name}.json").read_text(encoding="utf-8"))["tables"]
    with _scratch_database(layout) as database:
        _restore(layout, database, dump)
        with postgres.connect_admin(layout, database=database) as connection:
            restored = {table.name: table for table in table_digests.read(connection)}
    return [
        {
            "name": table["name"],
            "rows": table["rows"],
            "restored_rows": restored[table["name"]].rows if table["name"] in restored else 0,
            "digest": table["digest"],
            "restored_digest": restored[table["name"]].digest if table["name"] in restored else "",
        }
        for table in source
    ]


def _restore(layout: Layout, database: str, dump: bytes) -> None:
    command = [postgres.binary("pg_restore"), "--exit-on-error", f"--dbname={database}"]
    environment = {**base_environment(layout), **postgres.client_env(layout)}
    done = subprocess.run(command, input=dump, env=environment, capture_output=True, check=False, timeout=300)
    if done.returncode:
        raise RestoreError(done.stderr.decode(errors="replace").strip()[:500])


@contextmanager
def _scratch_database(layout: Layout) -> Iterator[str]:
    name = f"restore_test_{os.getpid()}"
    identifier = sql.Identifier(name)
    with postgres.connect_admin(layout, database="postgres") as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(identifier))
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(identifier))
        try:
            yield name
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(identifier))


def _text(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%dT%H:%M:%SZ")
