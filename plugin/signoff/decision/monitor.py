"""Watches a signed release: runs of the monitor stream prove nothing, but their bad news voids the approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision import history
from signoff.model import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from signoff.model import Cell, CellResult, ItemResult, Observation, Waiver


def bad_news(
    watched: Mapping[Cell, Sequence[Observation]],
    results: Iterable[ItemResult],
    waivers: Sequence[Waiver],
    now: datetime,
) -> tuple[Observation, ...]:
    """Return failures and errors on blocking items, newest last, one for each cell.

    Left out is what a waiver in use accepts, and what evidence has overtaken: a recorded run that came later.
    """
    found: list[Observation] = []
    for result in results:
        if not result.item.blocking:
            continue
        accepted = {f for waiver in waivers if waiver.id in result.waivers for f in waiver.fingerprints}
        for cell in result.cells:
            seen = [s for s in watched.get(cell.cell, ()) if not history.is_in_future(s.finished, now)]
            news = _newest(cell, history.steps(seen, flaky_allowed=result.item.flaky_allowed), accepted)
            if news is not None and cell.state is not State.NOT_APPLICABLE:
                found.append(news)
    return tuple(sorted(found, key=lambda seen: (seen.finished, seen.cell)))


def _newest(cell: CellResult, steps: Sequence[history.Step], accepted: set[str]) -> Observation | None:
    recorded = history.deciding(cell)
    bad = [
        step
        for step in steps
        if step.outcome is not Outcome.PASS
        and step.observation.fingerprint not in accepted
        and (recorded is None or step.finished > recorded.finished)
    ]
    return bad[-1].observation if bad else None
