"""The record of a restore test: which backup was restored, how long it took, and whether the data came back.

A JSON object:

    {"schema_version": 1, "backup": "shop-20261122T010000Z.dump.age", "backup_sha256": "…", "passed": true,
     "started": "2026-11-22T01:10:00Z", "seconds": 4.2, "detail": "",
     "tables": [{"name": "orders", "rows": 120, "restored_rows": 120, "digest": "…", "restored_digest": "…"}]}

`rows` and `digest` describe the table when the backup was taken, `restored_rows` and `restored_digest` the copy.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.importers._json import Node

if TYPE_CHECKING:
    from datetime import datetime

_KIND = "restore test"


@dataclass(frozen=True, kw_only=True, slots=True)
class RestoredTable:
    """One table on both sides of the restore."""

    name: str
    rows: int
    restored_rows: int
    digest: str
    restored_digest: str

    @property
    def equal(self) -> bool:
        """Whether the same rows came back; without digests nobody can tell."""
        return self.rows == self.restored_rows and self.digest == self.restored_digest != ""


@dataclass(frozen=True, kw_only=True, slots=True)
class RestoreTest:
    """One restore test."""

    backup: str
    backup_sha256: str
    started: datetime
    seconds: float
    passed: bool
    detail: str
    """The tool's own words when it did not pass."""
    tables: tuple[RestoredTable, ...]

    @property
    def differing(self) -> tuple[str, ...]:
        """Names of the tables that did not come back as they were."""
        return tuple(table.name for table in self.tables if not table.equal)


def read(text: bytes | str) -> RestoreTest:
    """Return the record.

    Raises:
        NotVerifiedError: not such a record; the message names the place.
    """
    record = Node.parse(text, kind=_KIND)
    passed = record.at("passed").flag()
    return RestoreTest(
        backup=record.at("backup").text(),
        backup_sha256=record.at("backup_sha256").text().lower(),
        started=record.at("started").instant(),
        seconds=record.at("seconds").seconds(),
        passed=passed,
        detail=record.at("detail").text("")[:300],
        # A test that broke early has no tables to show; one that passed must.
        tables=tuple(map(_table, record.at("tables").items())) if passed or "tables" in record else (),
    )


def _table(node: Node) -> RestoredTable:
    return RestoredTable(
        name=node.at("name").text(),
        rows=node.at("rows").count(),
        restored_rows=node.at("restored_rows").count(),
        digest=node.at("digest").text(),
        restored_digest=node.at("restored_digest").text(),
    )
