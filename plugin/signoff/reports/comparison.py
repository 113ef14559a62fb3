"""Two decisions side by side, and the history of runs: for the terminal and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.reports import symbols
from signoff.reports.change_lines import change_lines
from signoff.reports.instants import machine, shown, zone
from signoff.reports.layout import dumps
from signoff.reports.messages import Messages
from signoff.reports.plaintext import one_line, pad
from signoff.reports.readiness_json import change_document

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from signoff.decision.flapping import ItemLine, RunFacts, RunHistory
    from signoff.decision.snapshot import Snapshot
    from signoff.model import Change, Language

SCHEMA_VERSION = 1
_DEPTH = 3
_ABSENT = "·"
_LIMIT = 120


def render_diff(before: Snapshot, after: Snapshot, changes: Sequence[Change], language: Language, timezone: str) -> str:
    """Return what changed from one decision to the other, without a final newline."""
    m, where = Messages(language), zone(timezone)
    heads = [
        m("diff.side", at=shown(each.at, where), verdict=each.verdict, digest=each.digest[:8])
        for each in (before, after)
    ]
    lines = [f"A  {heads[0]}", f"B  {heads[1]}", ""]
    lines += [f"  {line}" for line in change_lines(changes, m)] or [f"  {m('diff.same')}"]
    if "file" not in {before.kind, after.kind} and {before.kind, after.kind} != {"now"}:
        lines += ["", m("diff.rules")]
    return "\n".join(lines)


def render_diff_json(before: Snapshot, after: Snapshot, changes: Sequence[Change]) -> str:
    """Return the same as JSON, with a final newline."""
    sides = {
        name: {"kind": each.kind, "at": machine(each.at), "verdict": each.verdict, "digest": each.digest}
        for name, each in (("before", before), ("after", after))
    }
    changed = [change_document(change) for change in changes]
    return dumps({"schema_version": SCHEMA_VERSION, **sides, "changes": changed}, _DEPTH)


def render_history(history: RunHistory, chosen: Collection[str], language: Language, timezone: str) -> str:
    """Return the runs with their facts and one line of outcomes for each item that a run ever looked at.

    Args:
        history: runs and items.
        chosen: ids of the items to show; empty: all that were ever looked at.
        language: of the text.
        timezone: of the instants.
    """
    m = Messages(language)
    if not history.runs:
        return m("page.no_runs")
    lines = [*_runs(history.runs, m, timezone), ""]
    shown_items = [i for i in history.items if (i.item in chosen if chosen else any(i.outcomes))]
    widest = max((len(line.item) for line in shown_items), default=0)
    for line in shown_items:
        marks = "".join(symbols.OUTCOMES[o] if o is not None else _ABSENT for o in line.outcomes)
        lines.append(f"{pad(line.item, widest)}  {marks}{_remarks(line, m)}")
    if any(line.flapping for line in shown_items):
        lines += ["", m("history.flapping_means", n=history.turns, runs=history.window)]
    return "\n".join(lines)


def render_history_json(history: RunHistory, chosen: Collection[str]) -> str:
    """Return the same as JSON, with a final newline."""
    return dumps(
        {
            "schema_version": SCHEMA_VERSION,
            "runs": [
                {
                    "id": facts.run.id,
                    "started": machine(facts.run.started),
                    "seconds": facts.took.total_seconds() if facts.took is not None else None,
                    "selector": facts.run.selector,
                    "stream": facts.run.stream,
                    "planned": facts.planned,
                    "observed": facts.observed,
                    "interrupted": facts.interrupted,
                }
                for facts in history.runs
            ],
            "items": [
                {
                    "id": line.item,
                    "outcomes": [str(outcome) if outcome is not None else None for outcome in line.outcomes],
                    "flapping": [str(cell) for cell in line.flapping],
                    "flaky": [str(cell) for cell in line.flaky],
                }
                for line in history.items
                if not chosen or line.item in chosen
            ],
        },
        _DEPTH,
    )


def _runs(runs: Sequence[RunFacts], m: Messages, timezone: str) -> Iterator[str]:
    where = zone(timezone)
    for number, facts in enumerate(runs, 1):
        run = facts.run
        took = str(facts.took).split(".", maxsplit=1)[0] if facts.took is not None else "–"  # noqa: RUF001 - as in tables
        said = [
            m("history.cells", observed=facts.observed, planned=facts.planned),
            took,
            run.selector or m("page.run_all"),
        ]
        said += [m("page.run_interrupted")] if facts.interrupted else []
        said += [m("page.run_monitor")] if run.stream == "monitor" else []
        yield f"{number:>3}  {shown(run.started, where)}  {run.id}  {one_line(' · '.join(said), _LIMIT)}"


def _remarks(line: ItemLine, m: Messages) -> str:
    remarks = []
    if line.flapping:
        remarks.append(m("history.flapping", cells=", ".join(f"{c.check}[{c.target}]" for c in line.flapping[:3])))
    if line.flaky:
        remarks.append(m("history.flaky", cells=", ".join(f"{c.check}[{c.target}]" for c in line.flaky[:3])))
    return f"  {one_line('; '.join(remarks), _LIMIT)}" if remarks else ""
