"""A decision as a Slack message, within Slack's limits: header, counts, what is new, what blocks, and a link."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from signoff.model import State
from signoff.reports import symbols
from signoff.reports.blockers import blockers, general_reasons
from signoff.reports.facts import item_fact
from signoff.reports.links import is_safe
from signoff.reports.plaintext import one_line
from signoff.reports.standing import headline

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from signoff.model import Signoff
    from signoff.reports.blockers import Blocker
    from signoff.reports.messages import Messages

_HEADER = 130
"""Slack takes 150 characters; a clipped text says how much was left out."""
_SECTION = 2_900
"""Slack takes 3,000 characters."""
_LINES = 10
_LINE = 160
_DIGEST = 12


def message(  # noqa: PLR0913 - a decision, and what was told before
    signoff: Signoff, m: Messages, *, facts: Sequence[str], earlier: Sequence[str], page: str, daily: bool
) -> tuple[list[dict[str, Any]], str]:
    """Return the message's blocks, and its text for notifications.

    Args:
        signoff: the decision.
        m: messages in the channel's language.
        facts: what is true now, by machine name.
        earlier: what was told before.
        page: address to link to; empty: none.
        daily: whether it is the message of the day, which says all that blocks and not only what is new.
    """
    head = headline(signoff, m)
    title = f"{head.symbol} {head.label}: {signoff.product} {signoff.release} ({signoff.environment})"
    news = [fact for fact in facts if fact not in earlier]
    gone = sum(fact.startswith("blocker:") and fact not in facts for fact in earlier)
    blocks = [
        {"type": "header", "text": {"type": "plain_text", "text": one_line(title, _HEADER), "emoji": False}},
        _section(
            [f"*{escape(head.title)}*{' · ' + escape(m('publish.digest')) if daily else ''}", _counts(signoff, m)]
        ),
    ]
    told = list(_news(news, earlier, gone, m))
    if told:
        blocks.append(_section(told))
    blocks += _blocking(signoff, m, news=news, everything=daily or not earlier)
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": _footer(signoff, m, page)}]})
    return blocks, escape(one_line(f"{title} - {head.title}", _SECTION))


def escape(text: str) -> str:
    """Return the text so that Slack shows it literally: no mention, no link, no formatting from outside."""
    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return plain.translate({ord(mark): f"\N{ZERO WIDTH SPACE}{mark}" for mark in "*_~`@"})


def _section(lines: Sequence[str]) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": _bounded(lines)}}


def _bounded(lines: Sequence[str]) -> str:
    """Join as many whole lines as Slack takes."""
    text = ""
    for line in lines:
        if len(text) + len(line) + 1 > _SECTION:
            return f"{text}\n…"
        text = f"{text}\n{line}" if text else line
    return text


def _counts(signoff: Signoff, m: Messages) -> str:
    counts = [f"{symbols.STATES[s]} {m(f'state.{s}')} {n}" for s in State if (n := signoff.count(s))]
    return escape(m("publish.counts", total=len(signoff.judged), counts=" · ".join(counts)))


def _news(news: Sequence[str], earlier: Sequence[str], gone: int, m: Messages) -> Iterator[str]:
    before = next((fact.partition(":")[2] for fact in earlier if fact.startswith("verdict:")), "")
    if before and any(fact.startswith("verdict:") for fact in news):
        yield escape(m("publish.verdict_was", verdict=before))
    if gone:
        yield escape(m("publish.told.blocker_gone", n=gone))
    for fact in news:
        kind, _, rest = fact.partition(":")
        first, _, second = rest.partition(":")
        if kind == "waiver":
            yield escape(one_line(m("publish.told.waiver", item=first, name=second), _LINE))
        elif kind == "approval":
            status = m.name("approval", second)
            yield escape(one_line(m("publish.told.approval", role=m.name("role", first), status=status), _LINE))
        elif kind == "requested":
            yield escape(m("publish.told.requested", role=m.name("role", first)))


def _blocking(signoff: Signoff, m: Messages, *, news: Sequence[str], everything: bool) -> list[dict[str, Any]]:
    found = [one for one in blockers(signoff) if everything or f"blocker:{one.result.item.id}" in news]
    lines = [_blocker(one, m) for one in found[:_LINES]]
    while sum(map(len, lines)) > _SECTION - 10 * _LINE:
        lines.pop()
    if len(found) > len(lines):
        lines.append(escape(m("publish.overflow", n=len(found) - len(lines))))
    if everything:
        lines += [f"• {escape(one_line(m.text(reason.text), _LINE))}" for reason in general_reasons(signoff)[:_LINES]]
    if not lines:
        return []
    return [_section([f"*{escape(m('publish.still_blocking' if everything else 'publish.new_blockers'))}*", *lines])]


def _blocker(blocker: Blocker, m: Messages) -> str:
    result = blocker.result
    text = f"{result.item.id} {m.text(result.item.title)}: {item_fact(result, m)}"
    due = f" ({m('word.due')} {blocker.issue.due.isoformat()})" if blocker.issue else ""
    return f"{symbols.STATES[result.state]} {escape(one_line(text, _LINE) + due)}"


def _footer(signoff: Signoff, m: Messages, page: str) -> str:
    digest = f"{m('word.digest')} {signoff.digest[:_DIGEST]}"
    link = f" · <{page}|{escape(m('publish.page'))}>" if page and is_safe(page) and not set(page) & set("<>|") else ""
    return f"{escape(digest)}{link}"
