"""Text made safe inside Markdown: no markup of the outside world takes effect, in any renderer."""

from __future__ import annotations

import re

from signoff.reports.plaintext import one_line

_MARKUP = re.compile(r"([\\`*_\[\]<>|~#!&])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_FACT_LIMIT = 300


def inline(text: str, limit: int = _FACT_LIMIT) -> str:
    """Return one line with every character that Markdown or HTML could act on made literal, clipped."""
    return _MARKUP.sub(lambda match: _ENTITIES.get(match[1], f"\\{match[1]}"), one_line(text, limit))


def box(ticked: bool) -> str:
    """Return a task-list box."""
    return "[x]" if ticked else "[ ]"
