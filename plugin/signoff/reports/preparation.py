"""What the plan's first stage prepares, as far as the files say: team and roles, checks, and access to the targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision.notes import Note
from signoff.model import NO_TARGET, Outcome, State
from signoff.reports.markdown import inline, table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.model import Signoff
    from signoff.reports.background import Background
    from signoff.reports.messages import Messages

_ANSWERED = frozenset({Outcome.PASS, Outcome.FAIL})
_NAMED = 10


def preparation(signoff: Signoff, background: Background, m: Messages) -> Iterator[str]:
    """Yield the team with its roles, then whether every item has its checks and every target answers."""
    yield from table([m("prepare.role"), m("prepare.people"), m("prepare.items")], _team(signoff, background, m))
    cells = [cell for result in signoff.items for cell in result.cells]
    unready = [
        result.item.id
        for result in signoff.items
        if (result.item.checks and not result.cells and result.state is State.NOT_VERIFIED)
        or any(cell.note == Note.NO_IMPLEMENTATION.value.en for cell in result.cells)
    ]
    targets = {cell.cell.target for cell in cells if cell.cell.target != NO_TARGET}
    answered = {
        cell.cell.target for cell in cells if cell.observation is not None and cell.observation.outcome in _ANSWERED
    }
    silent = sorted(targets - answered)
    yield f"- {m('prepare.checks', n=len(signoff.items) - len(unready), total=len(signoff.items))}{_names(unready, m)}"
    yield f"- {m('prepare.access', n=len(targets) - len(silent), total=len(targets))}{_names(silent, m)}"
    yield ""


def _team(signoff: Signoff, background: Background, m: Messages) -> Iterator[tuple[str, ...]]:
    for role in background.owners or dict.fromkeys(result.item.owner for result in signoff.items):
        people = ", ".join(inline(name) for name in background.people(role)) or m("prepare.nobody")
        count = sum(result.item.owner == role for result in signoff.items)
        yield inline(background.owner(role, m.language)), people, str(count)


def _names(names: list[str], m: Messages) -> str:
    if not names:
        return ""
    more = f" {m('word.more', n=len(names) - _NAMED)}" if len(names) > _NAMED else ""
    return f" ({m('prepare.missing')}: {', '.join(inline(name) for name in names[:_NAMED])}{more})"
