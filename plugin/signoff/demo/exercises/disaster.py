"""Rehearses the loss of everything but the backups: database and files are restored from the newest ones, and judged.

What is restored goes to a scratch database and a scratch folder, and is removed again.
"""

from __future__ import annotations

import io
import tarfile
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pyrage

from signoff.demo import backups, postgres, restore_test
from signoff.demo.exercises.records import Drill
from signoff.demo.layout import DemoError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from signoff.demo.layout import Layout

SCOPE = ("shop-db", "files")
"""What can be recovered, by the names of the demo inventory's record."""
_LOST = "SELECT greatest(0, extract(epoch FROM now() - to_timestamp(%s)))::float8"


def run(layout: Layout, scope: Sequence[str] = SCOPE, *, backup: Path | None = None) -> dict[str, Any]:
    """Return the record; `seconds` is the time of all restores, `lost_seconds` how old the restored data is.

    Args:
        layout: The copy.
        scope: What is recovered.
        backup: Of the database; default: the newest.
    """
    backup = backup or backups.newest(layout)
    drill, findings, lost = Drill(kind="recovery", environment="demo"), [], 0.0
    if "shop-db" in scope:
        with suppress(DemoError), drill.step("restore the database from a backup"):
            findings += _restore_database(layout, backup)
        with suppress(DemoError), drill.step("see how much work is not in it"):
            lost = _lost_seconds(layout, backup)
    if "files" in scope:
        with suppress(DemoError), drill.step("unpack the newest backup of the files"):
            _unpack(layout)
    seconds = sum(step.seconds for step in drill.steps)
    return {
        **drill.record(layout, seconds=seconds, downtime_seconds=seconds),
        "scope": list(scope),
        "lost_seconds": round(lost, 3),
        "findings": [{"title": title, "closed": False} for title in findings],
    }


def _restore_database(layout: Layout, backup: Path) -> list[str]:
    proof = restore_test.run(layout, backup, backups.key_file(layout))
    if not proof["tables"]:
        raise DemoError(proof["detail"])
    return [
        f"table {table['name']} came back different"
        for table in proof["tables"]
        if table["digest"] != table["restored_digest"]
    ]


def _lost_seconds(layout: Layout, backup: Path) -> float:
    taken = backup.stat().st_mtime
    with postgres.connect_admin(layout) as connection:
        row = connection.execute(_LOST, (taken,)).fetchone()
    return float(row[0]) if row else 0.0


def _unpack(layout: Layout) -> None:
    newest = sorted(backups.directory(layout).glob("files-*.tar.age"))[-1:]
    if not newest:
        raise DemoError("there is no backup of the files")
    identity = pyrage.x25519.Identity.from_str(backups.key_file(layout).read_text(encoding="ascii").strip())
    try:
        plain = pyrage.decrypt(newest[0].read_bytes(), [identity])
        with tarfile.open(fileobj=io.BytesIO(plain)) as archive:
            names = archive.getnames()
    except (pyrage.DecryptError, tarfile.TarError) as error:
        raise DemoError(f"{newest[0].name}: {error}") from error
    if not any(name.startswith("repo/") for name in names):
        raise DemoError(f"{newest[0].name}: the repository is not in it")
