"""Watches a signed release: runs of the monitor stream prove nothing, but their bad news voids the approvals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision import history
from signoff.model import ApprovalStatus, Outcome, State, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from signoff.model import ApprovalStep, Cell, CellResult, ItemResult, Observation, Policy, Waiver


def is_watching(steps: Sequence[ApprovalStep], verdict: Verdict, policy: Policy) -> bool:
    """Return whether a run that begins now only watches: the release is ready and somebody's signature stands.

    Such a run voids the signatures by bad news alone; recorded, it would void them by being there.
    """
    signed = any(step.status is ApprovalStatus.VALID for step in steps)
    return policy.on_new_evidence == "void_if_worse" and signed and verdict in {Verdict.READY, Verdict.GO}


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
    # A connection that was lost and found again within a run is no news: the run's last word counts.
    words = {step.observation.run: step for step in steps}
    bad = [
        step
        for step in words.values()
        if step.outcome is not Outcome.PASS
        and step.observation.fingerprint not in accepted
        # At one instant the worse word counts, as between any two runs.
        and (recorded is None or step.finished >= recorded.finished)
    ]
    return (
        max(bad, key=lambda step: (step.finished, step.outcome.badness, step.observation.run)).observation
        if bad
        else None
    )
