"""What the scratch host said, as the record that checks read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from signoff.cli.restore.request import stamp
from signoff.errors import GuardError
from signoff.importers._json import Node
from signoff.probes.postgres.contents import TableContents, table
from signoff.reports.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from signoff.cli.restore.request import Request

_LONGEST = 400
"""Letters of what a tool said: it may repeat what the backup holds."""


@dataclass(kw_only=True)
class Said:
    """The lines of the scratch host, understood."""

    words: dict[str, str] = field(default_factory=dict)
    """`begun`, `sha256`, `server`, `restored`, `failed` and `cannot`, as far as they were said."""
    tools: list[dict[str, Any]] = field(default_factory=list)
    tables: list[TableContents] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    """What could not be removed."""
    ended: bool = False

    @property
    def unknown(self) -> str:
        """Why nothing is known of the backup; empty: the test came to a result."""
        if "cannot" in self.words:
            return self.words["cannot"]
        known = self.ended or "failed" in self.words
        return "" if known else "the scratch host stopped in the middle"


def understand(text: str) -> Said:
    """Return what the script said.

    Raises:
        GuardError: it refused to begin.
        NotVerifiedError: it described a table in a form that is none.
    """
    said = Said()
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        match word:
            case "refused":
                raise GuardError(one_line(rest, _LONGEST))
            case "tool":
                name, _, outcome = rest.partition(" ")
                found = one_line(outcome.removeprefix("found "), _LONGEST)
                ok = outcome == "ok"
                said.tools.append({"name": one_line(name, 40), "ok": ok, "detail": "" if ok else found})
            case "table":
                said.tables.append(table(Node.parse(rest, kind="restored table")))
            case "left":
                said.left.append(one_line(rest, _LONGEST))
            case "done":
                said.ended = True
            case _:
                said.words[word] = one_line(rest, _LONGEST)
    return said


def record(
    request: Request, said: Said, contents: Sequence[TableContents], *, host: str, seconds: float
) -> dict[str, Any]:
    """Return the record of a test that came to its end, whether the backup is good or not."""
    left_out = frozenset(request.scratch.uncompared)
    lost = sorted(left_out - {one.name for one in said.tables}) if said.ended else []
    tables = _compared(contents, said.tables, left_out) if said.ended else []
    different = [one["name"] for one in tables if one["digest"] != one["restored_digest"] or _rows_differ(one)]
    damaged = [one["name"] for one in said.tools if not one["ok"]]
    detail = said.words.get("failed", "")
    if not detail and not tables:
        detail = "no table was compared"
    if not detail and lost:
        detail = f"did not come back: {', '.join(lost)}"
    if not detail and different:
        detail = f"different after the restore: {', '.join(different)}"
    if not detail and damaged:
        detail = f"damage found by {', '.join(damaged)}"
    return {
        "schema_version": 1,
        "state": "finished",
        "backup": request.backup.name,
        "backup_sha256": said.words.get("sha256", request.digest),
        "backup_bytes": request.backup.size,
        "started": stamp(request.started),
        "seconds": float(said.words.get("restored", seconds)),
        "passed": bool(said.ended and tables and not detail),
        "detail": one_line(detail, _LONGEST),
        "host": host,
        "server": said.words.get("server", ""),
        "tools": said.tools,
        "uncompared": sorted(left_out),
        "tables": tables,
    }


def text_of(found: dict[str, Any]) -> str:
    """Return the record as it is written."""
    return json.dumps(found, indent=1) + "\n"


def _compared(
    noted: Sequence[TableContents], restored: Sequence[TableContents], left_out: frozenset[str]
) -> list[dict[str, Any]]:
    """Return every table of either side: one that nobody noted shows that the note is of another moment."""
    before, after = ({one.name: one for one in tables} for tables in (noted, restored))
    return [
        {
            "name": name,
            "rows": before[name].rows if name in before else 0,
            "restored_rows": after[name].rows if name in after else 0,
            "digest": before[name].digest if name in before else "",
            "restored_digest": after[name].digest if name in after else "",
        }
        for name in dict.fromkeys((*before, *after))
        if name not in left_out
    ]


def _rows_differ(one: dict[str, Any]) -> bool:
    return bool(one["rows"] != one["restored_rows"])
