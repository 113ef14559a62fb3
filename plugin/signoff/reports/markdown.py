"""Text made safe inside Markdown: no markup of the outside world takes effect, in any renderer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from signoff.reports.plaintext import one_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_MARKUP = re.compile(r"([\\`*_\[\]<>|~#!&])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_FACT_LIMIT = 300


def inline(text: str, limit: int = _FACT_LIMIT) -> str:
    """Return one line with every character that Markdown or HTML could act on made literal, clipped."""
    return _MARKUP.sub(lambda match: _ENTITIES.get(match[1], f"\\{match[1]}"), one_line(text, limit))


def box(ticked: bool) -> str:
    """Return a task-list box."""
    return "[x]" if ticked else "[ ]"


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Yield a table, its rows already safe; nothing at all without rows."""
    written = [f"| {' | '.join(cells)} |" for cells in rows]
    if written:
        yield f"| {' | '.join(headings)} |"
        yield f"|{'---|' * len(headings)}"
        yield from written
        yield ""


def section(level: int, heading: str, lines: Iterable[str], otherwise: str = "") -> Iterator[str]:
    """Yield a section; without lines, what it says instead, or nothing at all."""
    body = list(lines) or ([otherwise] if otherwise else [])
    if body:
        yield f"{'#' * level} {heading}"
        yield ""
        yield from body
        if body[-1]:
            yield ""
