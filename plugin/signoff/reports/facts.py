"""What was seen, in the words of the check: the one fact that explains a cell or an item."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from signoff.decision.next_steps import Kind, kind_of
from signoff.decision.notes import in_both
from signoff.model import NO_TARGET, State

if TYPE_CHECKING:
    from signoff.model import CellResult, ItemResult
    from signoff.reports.messages import Messages


@dataclass(frozen=True, kw_only=True, slots=True)
class Fact:
    """Why an item is in its state, in one line."""

    target: str
    """Empty when it concerns the release as a whole."""
    text: str
    expected: str = ""

    def __str__(self) -> str:
        """Return `target: text`."""
        return f"{self.target}: {self.text}" if self.target else self.text


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """What to do next, and the command that does it if there is one."""

    text: str
    command: str = ""


def worst_cell(result: ItemResult) -> CellResult | None:
    """Return the cell that explains the item's state; None if every cell holds and something else is missing."""
    worst = min(result.cells, key=lambda cell: cell.state.rank, default=None)
    return None if worst and worst.state.satisfied and not result.state.satisfied else worst


def cell_fact(cell: CellResult, messages: Messages) -> Fact:
    """Return what the failure said, else what was observed, else why nothing is known."""
    seen = cell.observation
    target = "" if cell.cell.target == NO_TARGET else cell.cell.target
    said = (seen and (seen.reason.removeprefix(f"{target}: ") or seen.observed)) or ""
    if cell.state is State.STALE and cell.note:
        said = f"{_note(cell.note, messages)} ({said})" if said else ""
    return Fact(target=target, text=said or _note(cell.note, messages), expected=seen.expected if seen else "")


def item_fact(result: ItemResult, messages: Messages) -> Fact:
    """Return the fact of the worst cell or, if it is no cell's fault, of the item itself."""
    worst = worst_cell(result)
    if worst:
        return cell_fact(worst, messages)
    attestation = result.attestation
    if attestation and not attestation.passed:
        return Fact(target="", text=attestation.statement)
    if result.note:
        return Fact(target="", text=_note(result.note, messages))
    missing = result.item.method.needs_attestation and not attestation
    return Fact(target="", text=messages("word.attestation_missing" if missing else "word.no_evidence"))


def next_step(result: ItemResult, environment: str, messages: Messages) -> Step:
    """Return what to do now: mend what failed, make possible what could not be checked, run what was not."""
    kind = kind_of(result)
    if kind is None or kind is Kind.MEND:
        return Step(text=messages.text(result.item.remediation))
    if kind in {Kind.ATTEST, Kind.NAME_TARGET, Kind.IMPLEMENT}:
        return Step(text=messages(f"next.{kind}"))
    command = f"pytest -m \"checklist(id='{result.item.id}')\" --inventory {shlex.quote(environment)}"
    return Step(text=messages(f"next.{result.state}"), command=command)


def _note(note: str, messages: Messages) -> str:
    return messages.text(in_both(note)) if note else messages("word.no_evidence")
