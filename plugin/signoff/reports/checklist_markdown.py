"""The checklist in the plan's order as Markdown, ticked by evidence rather than by hand."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from signoff.reports import symbols
from signoff.reports.background import EMPTY, Background
from signoff.reports.facts import item_fact
from signoff.reports.instants import shown, zone
from signoff.reports.markdown import box, inline
from signoff.reports.messages import Messages
from signoff.reports.standing import headline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.model import ItemResult, Language, Signoff

_FACT_LIMIT = 160


def render_checklist(signoff: Signoff, language: Language, background: Background = EMPTY) -> str:
    """Return the checklist in the language. A box is ticked when the item's state lets the release through."""
    return "\n".join([*_lines(signoff, Messages(language), background), ""])


def _lines(signoff: Signoff, m: Messages, background: Background) -> Iterator[str]:
    head = headline(signoff, m)
    satisfied = sum(result.state.satisfied for result in signoff.judged)
    yield f"# {m('checklist.title')}"
    yield ""
    yield f"- {m('word.product')}: {inline(signoff.product)} {inline(signoff.release)} ({inline(signoff.environment)})"
    yield f"- {m('word.verdict')}: {head.symbol} **{head.title}** ({head.label})"
    yield f"- {m('checklist.progress', total=len(signoff.judged), satisfied=satisfied)}"
    yield f"- {m('word.evaluated_at')}: {shown(signoff.evaluated_at, zone(signoff.timezone))}"
    yield f"- {m('word.digest')}: `{inline(signoff.digest)}`"
    areas = groupby(signoff.items, key=lambda result: result.item.area)
    for number, (area, results) in enumerate(areas, 1):
        yield ""
        yield f"## {number}. {inline(background.area(area, m.language))}"
        for section, members in groupby(results, key=lambda result: result.item.section):
            yield ""
            yield f"- **{inline(background.section(area, section, m.language))}**"
            for result in members:
                yield f"  - {_line(result, signoff, m)}"


def _line(result: ItemResult, signoff: Signoff, m: Messages) -> str:
    state = f"{symbols.STATES[result.state]} {m(f'state.{result.state}')}"
    outside = signoff.scope is not None and result.item.id not in signoff.scope
    if outside:
        state += f" ({m('page.out_of_scope')})"
    tail = f": {inline(str(item_fact(result, m)), _FACT_LIMIT)}" if not result.state.satisfied else ""
    ticked = result.state.satisfied and not outside
    return f"{box(ticked)} **{result.item.id}** {inline(m.text(result.item.title))} — {state}{tail}"
