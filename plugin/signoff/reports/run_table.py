"""Runs as a Markdown table: what was asked, when, how long, with what result, and whether it came to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.reports import symbols
from signoff.reports.instants import shown, span
from signoff.reports.markdown import inline, table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import tzinfo

    from signoff.model import Outcome, Run
    from signoff.reports.messages import Messages


def run_table(
    runs: Sequence[Run], m: Messages, where: tzinfo, results: Mapping[str, Mapping[Outcome, int]]
) -> Iterator[str]:
    """Yield the table; `results` are the outcomes of each run, by its id."""
    headings = ("word.run", "page.run_scope", "page.run_cells", "daily.outcomes", "page.run_started", "page.run_took")
    rows = (_row(run, m, where, results.get(run.id, {})) for run in runs)
    yield from table([*map(m, headings), m("page.run_by")], rows)


def _row(run: Run, m: Messages, where: tzinfo, outcomes: Mapping[Outcome, int]) -> tuple[str, ...]:
    took = m("page.run_interrupted")
    if run.ended is not None and not run.interrupted:
        took = span(run.ended - run.started, m)
    scope = inline(run.selector) or m("page.run_all")
    if run.stream == "monitor":
        scope += f" ({m('page.run_monitor')})"
    counts = [
        f"{symbols.OUTCOMES[outcome]} {outcomes[outcome]}" for outcome in symbols.OUTCOMES if outcomes.get(outcome)
    ]
    by = f"{inline(run.user)} @ {inline(run.controller)}" if run.controller else inline(run.user)
    started = shown(run.started, where)
    return inline(run.id), scope, str(len(run.planned)), " ".join(counts) or "–", started, took, by  # noqa: RUF001 - dash
