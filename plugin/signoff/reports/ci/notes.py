"""What a CI service marks in the files of the suite: one note for each item that blocks, at the check that says so."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.reports.blockers import blockers
from signoff.reports.facts import item_fact, worst_cell
from signoff.reports.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Callable

    from signoff.model import ItemResult, Severity, Signoff, State
    from signoff.reports.messages import Messages

_LIMIT = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Note:
    """One item that blocks, and where its check is written."""

    item: str
    state: State
    severity: Severity
    title: str
    text: str
    """One line."""
    path: str
    """From the root of the repository, with slashes."""
    line: int
    fingerprint: str
    """The same for as long as the item is in this state."""


def notes(signoff: Signoff, m: Messages, place_of: Callable[[str, str], tuple[str, int]]) -> list[Note]:
    """Return the notes, worst first.

    Args:
        signoff: The decision.
        m: The language.
        place_of: Path and line of an item's check; of the item itself where the check is "".
    """
    return [_note(blocker.result, m, place_of) for blocker in blockers(signoff)]


def _note(result: ItemResult, m: Messages, place_of: Callable[[str, str], tuple[str, int]]) -> Note:
    worst = worst_cell(result)
    path, line = place_of(result.item.id, worst.cell.check if worst else "")
    return Note(
        item=result.item.id,
        state=result.state,
        severity=result.item.severity,
        title=one_line(f"{result.item.id} {m.text(result.item.title)}", _LIMIT),
        text=one_line(f"{m(f'state.{result.state}')}: {item_fact(result, m)}", _LIMIT),
        path=path,
        line=line,
        fingerprint=hashlib.sha256(f"{result.item.id}\0{result.state}".encode()).hexdigest(),
    )
