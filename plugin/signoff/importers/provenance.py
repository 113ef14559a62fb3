"""A note beside a report that tells what the report itself leaves out: when, for which commit, from which data."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.errors import NotVerifiedError
from signoff.importers._json import Node

if TYPE_CHECKING:
    from datetime import datetime

_KIND = "provenance note"


@dataclass(frozen=True, kw_only=True, slots=True)
class Provenance:
    """Who made a report, and of what."""

    tool: str
    commit: str
    created: datetime
    database_updated: datetime | None
    """When the data that the tool judged by was last updated; None for tools without such data."""
    inspected: int
    """Files that were looked at; 0 when the note does not say."""
    target: str = ""
    """The address that was tested; empty when the note does not say."""


def read(text: bytes | str, *, report: bytes) -> Provenance:
    """Return the note, once it is proved to speak of this report.

    The note is a JSON object: `report_sha256`, `tool`, `commit`, `created`; for tools that consult a database
    `database_updated`; for reports that do not list what was looked at `inspected`, the number of files; for tests of
    something that runs `target`, its address.

    Raises:
        NotVerifiedError: not such a note, or one about another file.
    """
    note = Node.parse(text, kind=_KIND)
    actual = hashlib.sha256(report).hexdigest()
    if note.at("report_sha256").text() != actual:
        raise NotVerifiedError(f"{_KIND}: it speaks of another report, not of sha256 {actual[:12]}…; write it again")
    return Provenance(
        tool=note.at("tool").text(),
        commit=note.at("commit").text(),
        created=note.at("created").instant(),
        database_updated=note.at("database_updated").instant() if "database_updated" in note else None,
        inspected=note.at("inspected").count() if "inspected" in note else 0,
        target=note.at("target").text(""),
    )
