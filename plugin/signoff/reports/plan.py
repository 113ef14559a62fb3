"""What a run would do, before it does anything: every check, its targets, where they answer and what is asked."""

from __future__ import annotations

from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from signoff.meter import KINDS
from signoff.model import NO_TARGET
from signoff.reports.messages import Messages

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from signoff.model import Check, Checklist, Item, Language, PlannedCell


def render_plan(
    checklist: Checklist, planned: Sequence[PlannedCell], scope: Collection[str] | None, language: Language
) -> str:
    """Return the plan as text; `scope` limits it to those items. Items without a check are listed too."""
    messages = Messages(language)
    cells = {item: list(group) for item, group in groupby(planned, key=lambda entry: entry.cell.item)}
    chosen = [item for item in checklist.items if scope is None or item.id in scope]
    lines = [line for item in chosen for line in _item(item, cells.get(item.id, []), language, messages)]
    ready = [entry for item in chosen for entry in cells.get(item.id, []) if entry.source is not None]
    targets = {entry.target.name for entry in ready} - {NO_TARGET}
    lines += ["", messages("plan.total", items=len(chosen), cells=len(ready), targets=len(targets))]
    lines += _sum(checklist, ready, messages)
    return "\n".join(lines)


def _item(item: Item, cells: Sequence[PlannedCell], language: Language, messages: Messages) -> Iterator[str]:
    yield f"{item.id}  {item.title.get(language)}"
    for check in item.checks:
        mine = [entry for entry in cells if entry.cell.check == check.name]
        yield f"    {check.name}"
        yield from _asks(check, messages)
        if not mine:
            yield f"        {messages('plan.no_target', selector=str(check.targets))}"
        elif any(entry.source is None for entry in mine):
            yield f"        {messages('plan.no_test')}"
        for entry in mine:
            if entry.target.name != NO_TARGET:
                yield f"        → {entry.target.name}  {entry.target.address}".rstrip()
    if not item.checks:
        yield f"    {messages(f'plan.{item.method}')}"


def _asks(check: Check, messages: Messages) -> Iterator[str]:
    if check.touches:
        yield f"        {check.touches}"
    if check.at_most is not None:
        yield f"        {_promise(check.at_most, messages)}"


def _sum(checklist: Checklist, ready: Sequence[PlannedCell], messages: Messages) -> Iterator[str]:
    """Say what all checks together may ask at most, and how many of them promise nothing."""
    promises = [checklist.check(entry.cell).at_most for entry in ready]
    total: Counter[str] = Counter()
    for promise in promises:
        total.update({kind: count for kind, count in (promise or {}).items() if kind != "seconds"})
    if total:
        yield messages("plan.total_at_most", counts=", ".join(_counts(total, messages)))
    if unlimited := promises.count(None):
        yield messages("plan.unlimited", n=unlimited)


def _promise(promised: Mapping[str, int], messages: Messages) -> str:
    """Return `at most 3 requests, 120 seconds`, or that nothing is asked of others, within some seconds."""
    asked, seconds = _counts(promised, messages), messages("plan.seconds", n=promised["seconds"])
    said = messages("plan.at_most", counts=", ".join([*asked, seconds]))
    return said if asked else f"{messages('plan.asks_nothing')}, {said}"


def _counts(counts: Mapping[str, int], messages: Messages) -> list[str]:
    return [messages(f"plan.{kind}", n=counts[kind]) for kind in KINDS if counts.get(kind)]
