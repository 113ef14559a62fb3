"""The plan's last step before a release: once everything is fixed, everything is looked at once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.decision import history
from signoff.model import Outcome, State

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from signoff.model import Cell, Issue, ItemResult, Observation, Run

SPAN = timedelta(hours=24)
"""How far apart the full runs may have begun that together looked at everything again."""

_ANSWERS = frozenset({Outcome.PASS, Outcome.FAIL})
"""An error is no look at the target, however decisive it is otherwise."""


@dataclass(frozen=True, slots=True)
class Recheck:
    """What is still missing of the full check after the last fix."""

    fixed: datetime
    missing: tuple[Cell, ...] = ()
    too_far_apart: bool = False

    @property
    def done(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing and not self.too_far_apart


def judge(
    results: Sequence[ItemResult],
    issues: Sequence[Issue],
    seen: Mapping[Cell, Sequence[Observation]],
    runs: Sequence[Run],
    now: datetime,
) -> Recheck | None:
    """Return what is missing of the full check; None if nothing was ever fixed.

    An issue was fixed when somebody said so and a later run proved it; if nobody said so, when the run proved it.
    """
    last = max((issue.fixed_at for issue in issues if issue.fixed_at is not None), default=None)
    if last is None:
        return None
    full = {run.id: run for run in runs if run.is_full}
    began: list[datetime] = []
    missing = []
    for cell in _required(results):
        since = [
            full[s.run].started
            for s in seen.get(cell, ())
            if s.run in full
            and s.started > last
            and history.effective(s) in _ANSWERS
            and not history.is_in_future(s.finished, now)
        ]
        if since:
            began.append(max(since))
        else:
            missing.append(cell)
    apart = bool(began) and max(began) - min(began) > SPAN
    return Recheck(last, tuple(missing), too_far_apart=apart)


def _required(results: Sequence[ItemResult]) -> list[Cell]:
    """Return the cells of blocking items that can be looked at: not those waived for want of any answer."""
    return [
        cell.cell
        for result in results
        if result.item.blocking
        for cell in result.cells
        if cell.state is not State.NOT_APPLICABLE
        and not (cell.state is State.WAIVED and (cell.observation is None or cell.observation.outcome not in _ANSWERS))
    ]
