"""The record of a restore test: which backup was restored, how long it took, and whether the data came back.

A JSON object:

    {"schema_version": 1, "backup": "shop-20261122T010000Z.dump.age", "backup_sha256": "…", "passed": true,
     "started": "2026-11-22T01:10:00Z", "seconds": 4.2, "detail": "",
     "tables": [{"name": "orders", "rows": 120, "restored_rows": 120, "digest": "…", "restored_digest": "…"}]}

`rows` and `digest` describe the table when the backup was taken, `restored_rows` and `restored_digest` the copy.
And, where they are known: `state` (`finished`, or `interrupted` for a test that began and never came to an end),
`backup_bytes`, `host`, `server` (the version that ran the copy), `uncompared` (names of tables that came back but were
not compared, because they always change) and `tools`, each with `name`, `ok` and `detail`.
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
class ToolResult:
    """What a verification tool said of the copy, such as pg_amcheck."""

    name: str
    ok: bool
    detail: str


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
    ended: bool = True
    """False: it was interrupted, and proves nothing in either direction."""
    backup_bytes: int | None = None
    tools: tuple[ToolResult, ...] = ()
    uncompared: tuple[str, ...] = ()
    """Names of tables that came back, but that nobody compared."""

    @property
    def failed_tools(self) -> tuple[str, ...]:
        """Names of the verification tools that found something."""
        return tuple(tool.name for tool in self.tools if not tool.ok)

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
    ended = record.at("state").choice({"finished": True, "interrupted": False}) if "state" in record else True
    if passed and not ended:
        raise record.at("state").refuse("interrupted and passed exclude each other")
    return RestoreTest(
        backup=record.at("backup").text(),
        backup_sha256=record.at("backup_sha256").text().lower(),
        started=record.at("started").instant(),
        seconds=record.at("seconds").seconds(),
        passed=passed,
        detail=record.at("detail").text("")[:300],
        # A test that broke early has no tables to show; one that passed must.
        tables=tuple(map(_table, record.at("tables").items())) if passed or "tables" in record else (),
        ended=ended,
        backup_bytes=record.at("backup_bytes").count() if "backup_bytes" in record else None,
        tools=tuple(map(_tool, record.some("tools"))),
        uncompared=tuple(one.text() for one in record.some("uncompared")),
    )


def _table(node: Node) -> RestoredTable:
    return RestoredTable(
        name=node.at("name").text(),
        rows=node.at("rows").count(),
        restored_rows=node.at("restored_rows").count(),
        digest=node.at("digest").text(),
        restored_digest=node.at("restored_digest").text(),
    )


def _tool(node: Node) -> ToolResult:
    return ToolResult(name=node.at("name").text(), ok=node.at("ok").flag(), detail=node.at("detail").text("")[:300])
