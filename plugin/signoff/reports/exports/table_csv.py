"""The decision as a table for spreadsheets: one row an item, and one for each of its cells."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from signoff.model import NO_TARGET
from signoff.reports.instants import machine
from signoff.reports.plaintext import printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.model import CellResult, ItemResult
    from signoff.reports.exports.wording import Wording

COLUMNS = (
    "row",
    "environment",
    "release",
    "verdict",
    "item",
    "title",
    "area",
    "section",
    "owner",
    "stage",
    "severity",
    "blocking",
    "method",
    "state",
    "check",
    "target",
    "fact",
    "observed",
    "expected",
    "waivers",
    "attested_by",
    "valid_until",
    "at",
    "run",
    "evidence_sha256",
)
_BYTE_ORDER_MARK = "\ufeff"
"""Without it, spreadsheets read Korean as if it were in a code page."""
_FORMULA = ("=", "+", "-", "@", "\t")


def render_csv(wording: Wording) -> str:
    """Return the table (RFC 4180, UTF-8 with byte order mark); no value of it is ever taken for a formula."""
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS, restval="")
    writer.writeheader()
    for row in _rows(wording):
        writer.writerow({name: _safe(value) for name, value in row.items()})
    return _BYTE_ORDER_MARK + table.getvalue()


def _safe(value: str) -> str:
    text = printable(value)
    return f"'{text}" if text.startswith(_FORMULA) else text


def _rows(wording: Wording) -> Iterator[dict[str, str]]:
    for result in wording.signoff.items:
        common = _common(result, wording)
        yield {**common, **_item(result, wording)}
        for cell in result.cells:
            yield {**common, **_cell(cell, wording)}


def _common(result: ItemResult, wording: Wording) -> dict[str, str]:
    item, signoff = result.item, wording.signoff
    return {
        "environment": signoff.environment,
        "release": signoff.release,
        "verdict": signoff.verdict.value,
        "item": item.id,
        "title": wording.title(item),
        "area": item.area,
        "section": item.section,
        "owner": item.owner,
        "stage": str(item.stage),
        "severity": item.severity.value,
        "blocking": "yes" if item.blocking else "no",
        "method": item.method.value,
    }


def _item(result: ItemResult, wording: Wording) -> dict[str, str]:
    made = result.attestation
    return {
        "row": "item",
        "state": result.state.value,
        "fact": wording.why(result),
        "waivers": " ".join(result.waivers),
        "attested_by": f"{made.by} ({made.role})" if made else "",
        "valid_until": machine(result.valid_until) if result.valid_until else "",
    }


def _cell(cell: CellResult, wording: Wording) -> dict[str, str]:
    seen = cell.observation
    row = {
        "row": "cell",
        "state": cell.state.value,
        "check": cell.cell.check,
        "target": "" if cell.cell.target == NO_TARGET else cell.cell.target,
        "fact": wording.fact(cell),
        "waivers": cell.waiver,
    }
    if seen is not None:
        row |= {"observed": seen.observed, "expected": seen.expected, "at": machine(seen.finished), "run": seen.run}
        row["evidence_sha256"] = seen.evidence_sha256
    return row
