"""The cells and logs of the run report: readable test ids, bounded logs, and nothing unescaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from signoff.model import Outcome
from signoff.reports.plaintext import one_line, printable
from signoff.reports.symbols import OUTCOMES
from signoff.reports.templating import style

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from signoff.reports.messages import Messages

COLUMNS = ("item", "title", "owner", "target")
"""Our columns, between the result and the test's name; the keys of what the plugin puts on a report."""
LOG_LIMIT = 8_000
"""Characters of log per row; the journal has the full text."""
_TEXT_LIMIT = 300
_QUOTES = "\"'"
"""xdist quotes a subtest's parameters once more on the way."""
_ESCAPE = re.compile(r"\\(?:\\|x([0-9a-f]{2})|u([0-9a-f]{4})|U([0-9a-f]{8}))")
_LINK_SCHEMES = ("http://", "https://", "data:text/plain;", "data:application/json;")


def readable(node_id: str) -> str:
    """Return the node id with the letters that pytest escaped in parameter ids, so that Korean can be read."""
    head, bracket, parameters = node_id.partition("[")
    return head + bracket + _ESCAPE.sub(_unescaped, parameters)


def _unescaped(match: re.Match[str]) -> str:
    digits = match[1] or match[2] or match[3]
    if digits is None:
        return "\\"
    code = int(digits, 16)
    return chr(code) if code <= 0x10FFFF and chr(code).isprintable() else match[0]  # noqa: PLR2004 - Unicode's end


def header_cells(messages: Messages) -> list[str]:
    """Return the headings of our columns."""
    return [
        Markup('<th class="sortable" data-column-type="{}">{}</th>').format(column, messages(f"column.{column}"))
        for column in COLUMNS
    ]


def cell(column: str, text: str) -> str:
    """Return one table cell: one line, bounded, escaped."""
    return Markup('<td class="col-{}">{}</td>').format(column, one_line(text, _TEXT_LIMIT))


def own_cells(facts: Mapping[str, object], redact: Callable[[str], str], owner: Callable[[str], str]) -> list[str]:
    """Return the cells of our columns for what the plugin knows of a report; unknown ones stay empty.

    The symbol after the id tells a failure from a check that could not be made: pytest-html calls both "Failed".
    """
    texts = {column: str(facts.get(column, "")) for column in COLUMNS}
    if facts.get("outcome") in OUTCOMES:
        texts["item"] += f" {OUTCOMES[Outcome(str(facts['outcome']))]}"
    texts["owner"] = owner(texts["owner"])
    return [cell(column, redact(text)) for column, text in texts.items()]


def subtest_name(context: Any) -> str:
    """Return a subtest's message and parameters, as pytest shows them."""
    message = f"[{context.msg}]" if context.msg else ""
    parameters = ", ".join(f"{key}={str(value).strip(_QUOTES)}" for key, value in context.kwargs.items())
    return " ".join(part for part in (message, f"({parameters})" if parameters else "") if part) or "(<subtest>)"


def links_cell(extras: Iterable[Mapping[str, object]]) -> str:
    """Return the links that a test attached; an address that could run something is shown as text."""
    shown = []
    for extra in extras:
        if extra.get("format_type") not in {"json", "text", "url"}:
            continue
        name, address = str(extra.get("name", "")), str(extra.get("content", ""))
        if address.lower().startswith(_LINK_SCHEMES):
            link = '<a class="col-links__extra" target="_blank" rel="noopener noreferrer" href="{}">{}</a>'
            shown.append(Markup(link).format(address, name))  # noqa: S704 - the constant above
        else:
            shown.append(Markup("{} ").format(name))
    return Markup('<td class="col-links">{}</td>').format(Markup("").join(shown))


def clean(text: str, redact: Callable[[str], str], messages: Messages, limit: int = LOG_LIMIT) -> str:
    """Return a log redacted, printable, and with its middle left out if it is longer than the limit."""
    safe = printable(redact(text))
    left_out = len(safe) - limit
    if left_out <= 0:
        return safe
    tail = limit // 4
    return f"{safe[: limit - tail]}\n{messages('run.log_cut', n=left_out)}\n{safe[len(safe) - tail :]}"


def log_html(failure: str, sections: Sequence[tuple[str, str]]) -> str:
    """Return traceback and captured output as one escaped text."""
    parts = [failure, *(f"{f' {name} ':-^80}\n{content}" for name, content in sections)]
    return escape("\n".join(part for part in parts if part))


def style_element() -> Markup:
    """Return the report's style sheet as an element."""
    return Markup("<style>{}</style>").format(style("run_report.css"))
