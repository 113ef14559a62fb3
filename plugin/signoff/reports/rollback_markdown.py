"""The rollback criteria and what was decided by them, as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.reports.instants import shown, span
from signoff.reports.markdown import inline
from signoff.reports.rollback_text import SYMBOLS, limit_of, measured

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import tzinfo

    from signoff.model import RollbackDecision, RollbackRule
    from signoff.reports.messages import Messages


def rule_lines(rule: RollbackRule | None, m: Messages) -> Iterator[str]:
    """Yield the criteria in words."""
    if rule is None:
        yield f"- {m('rollback.no_rule')}"
        return
    yield f"- {m('page.rollback_intro', window=span(rule.window, m), samples=rule.min_samples)}"
    yield f"  - {m('page.rollback_errors', ratio=f'{rule.error_ratio * 100:g} %')}"
    percentile, seconds = f"{rule.percentile * 100:g}", f"{rule.response_seconds:g}"
    yield f"  - {m('rollback.percentile', percentile=percentile, seconds=seconds)}"
    yield f"  - {m('rollback.mean', seconds=f'{rule.mean_limit:g}')}"
    yield f"- {m('rollback.watch', watch=span(rule.watch, m))}"
    deciders = ", ".join(inline(m.name("role", role)) for role in rule.deciders) or m("word.none")
    yield f"- {m('rollback.deciders', roles=deciders)}"


def decision_lines(decisions: Iterable[RollbackDecision], m: Messages, where: tzinfo) -> Iterator[str]:
    """Yield each decision with its reasons and measured values."""
    for one in decisions:
        who = m("rollback.automatic", by=inline(one.by))
        if not one.automatic:
            who = m("guard.by_hand", by=inline(one.by), role=inline(m.name("role", one.role)))
        name = m(f"rollback.{one.verdict}")
        yield f"- {shown(one.at, where)} {SYMBOLS[one.verdict]} **{name}** ({one.verdict}), {who}"
        yield from (f"  - {inline(m.text(reason))}" for reason in one.reasons)
        for value in one.values:
            limit = "" if value.name in {"requests", "timed"} else f" ({m('rollback.limit', limit=limit_of(value, m))})"
            yield f"  - {inline(value.service)}: {measured(value, m)}{limit}"
        if one.overrides:
            yield f"  - {m('guard.overrides', options=inline(', '.join(one.overrides)))}"
        if one.command:
            yield f"  - {m('rollback.command')}: {inline(one.command)}"
