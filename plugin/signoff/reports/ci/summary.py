"""The decision as the summary of a CI job, in Markdown: verdict, what blocks, who mends it, and the whole checklist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.reports.background import EMPTY, Background
from signoff.reports.blockers import blockers, general_reasons
from signoff.reports.checklist_markdown import render_checklist
from signoff.reports.facts import item_fact, next_step
from signoff.reports.markdown import inline, table
from signoff.reports.messages import Messages
from signoff.reports.standing import headline
from signoff.reports.state_words import state_counts, state_word

if TYPE_CHECKING:
    from collections.abc import Iterator

    from signoff.model import Language, Signoff
    from signoff.reports.blockers import Blocker

_BLOCKERS = 20
_FACT_LIMIT = 160


def render_summary(signoff: Signoff, language: Language, background: Background = EMPTY) -> str:
    """Return the summary in the language."""
    return "\n".join([*_lines(signoff, Messages(language), background), ""])


def _lines(signoff: Signoff, m: Messages, background: Background) -> Iterator[str]:
    head, found = headline(signoff, m), blockers(signoff)
    what = inline(f"{signoff.product} {signoff.release} ({signoff.environment})")
    yield f"## {head.symbol} {head.title} ({head.label}) — {what}"
    yield ""
    yield inline(head.sentence)
    yield ""
    yield state_counts(signoff.judged, m)
    yield ""
    headings = [m(f"word.{name}") for name in ("item", "state", "observed", "owner", "due", "next_step")]
    yield from table(headings, [_row(blocker, signoff, m, background) for blocker in found[:_BLOCKERS]])
    if len(found) > _BLOCKERS:
        yield m("terminal.more", n=len(found) - _BLOCKERS)
        yield ""
    for reason in general_reasons(signoff):
        yield f"- {inline(m.text(reason.text))}"
    yield ""
    yield f"<details><summary>{m('checklist.title')}</summary>"
    yield ""
    yield render_checklist(signoff, m.language, background)
    yield "</details>"


def _row(blocker: Blocker, signoff: Signoff, m: Messages, background: Background) -> tuple[str, ...]:
    result, issue = blocker.result, blocker.issue
    return (
        f"**{result.item.id}** {inline(m.text(result.item.title))}",
        state_word(result.state, m),
        inline(str(item_fact(result, m)), _FACT_LIMIT),
        inline(background.owner(result.item.owner, m.language)),
        issue.due.isoformat() if issue is not None else "",
        inline(next_step(result, signoff.environment, m).text, _FACT_LIMIT),
    )
