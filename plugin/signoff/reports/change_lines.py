"""Changes between two decisions as lines of text, with the cause of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision.notes import in_both
from signoff.reports import symbols
from signoff.reports.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from signoff.model import Change, State
    from signoff.reports.messages import Messages

_LIMIT = 160


def change_lines(changes: Iterable[Change], m: Messages) -> Iterator[str]:
    """Yield one line for each change: the item, from what to what, why, and what is behind it."""
    for change in changes:
        cause = m(f"cause.{change.cause}")
        detail = one_line(m.text(in_both(change.detail)), _LIMIT) if change.detail else ""
        place = f"{change.item}{f' [{change.target}]' if change.target else ''}"
        if not change.item:
            yield cause
            continue
        moved = "" if change.before is change.after else f" {_name(change.before, m)} → {_name(change.after, m)}"
        yield one_line(f"{place}{moved}: {cause}{f' ({detail})' if detail else ''}", _LIMIT * 2)


def _name(state: State | None, m: Messages) -> str:
    return m("page.absent") if state is None else f"{symbols.STATES[state]} {m(f'state.{state}')}"
