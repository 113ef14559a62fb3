"""A whole watch after a release: every window judged, one decision; options may only make the rule stricter."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

from signoff.decision.rollback.rule import Judgement
from signoff.model import RollbackVerdict, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from signoff.model import RollbackRule

_REASONS_SHOWN = 5
_KNOWN = {RollbackVerdict.HOLD: 0, RollbackVerdict.KEEP: 1, RollbackVerdict.ROLL_BACK: 2}
"""Of several judgements on one window: asking again may find what was missing, it never mends what was broken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Watch:
    """The instants at which the windows of a watch end: each window lies wholly after the release."""

    started: datetime
    instants: tuple[datetime, ...]

    @classmethod
    def of(cls, rule: RollbackRule, started: datetime) -> Watch:
        """Return the windows of a watch that began at `started`: the first full one, each step, and the very last."""
        end = started + max(rule.watch, rule.window)
        instants = [started + rule.window]
        while instants[-1] + rule.step < end:
            instants.append(instants[-1] + rule.step)
        return cls(started=started, instants=tuple(dict.fromkeys([*instants, end])))

    @property
    def ended(self) -> datetime:
        """When the last window ends."""
        return self.instants[-1]


def decide(watch: Watch, services: Sequence[str], judged: Iterable[Judgement]) -> Judgement:
    """Return what the whole watch says: the first broken window rolls back, and one that says nothing holds.

    The order of the judgements is irrelevant, and those of other services or instants are left out. Without services
    there is nothing to keep.
    """
    found: dict[tuple[datetime, str], Judgement] = {}
    for one in judged:
        before = found.get((one.at, one.service))
        # Of two different answers of one kind either will do, as long as it is always the same one.
        if before is None or (_KNOWN[one.verdict], str(one)) > (_KNOWN[before.verdict], str(before)):
            found[one.at, one.service] = one
    windows = [
        found.get((at, name)) or Judgement(service=name, at=at, verdict=RollbackVerdict.HOLD)
        for at in watch.instants
        for name in services
    ]
    broken = [one for one in windows if one.verdict is RollbackVerdict.ROLL_BACK]
    if broken:
        return _together(windows, broken[0].at, [one for one in broken if one.at == broken[0].at])
    held = [one for one in windows if one.verdict is RollbackVerdict.HOLD]
    if held or not services:
        judgement = _together(windows, watch.ended, held)
        reasons = (_not_judged(len(held), len(windows)), *judgement.reasons)
        return replace(judgement, verdict=RollbackVerdict.HOLD, reasons=reasons)
    return replace(_together(windows, watch.ended, []), reasons=(_all_within(len(windows)),))


def tightened(
    rule: RollbackRule, given: Mapping[str, float | timedelta | None]
) -> tuple[RollbackRule, tuple[str, ...]]:
    """Return the rule with options in place of its own values, and the options that changed something.

    Raises:
        ValueError: an option is looser than the policy, which is changed in the policy or not at all.
    """
    changed: dict[str, float | timedelta] = {}
    for name, value in given.items():
        policy = rule.mean_limit if name == "mean_seconds" else getattr(rule, name)
        if value is None or value == policy:
            continue
        more_is_stricter = name in {"watch", "min_samples"}
        more = _number(value) > _number(policy)
        if more != more_is_stricter:
            raise ValueError(f"{name} {value} is looser than the policy's {policy}; change it in policy.yaml")
        changed[name] = value
    strict = replace(rule, **changed)  # type: ignore[arg-type]
    if strict.step > strict.window:
        raise ValueError(f"a step of {strict.step} is longer than the window of {strict.window}; name a shorter step")
    return strict, tuple(f"{name}={value}" for name, value in changed.items())


def _number(value: float | timedelta) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else value


def _together(windows: Sequence[Judgement], at: datetime, blamed: Sequence[Judgement]) -> Judgement:
    """Return several services' windows as one: the values measured at the instant, the reasons of those to blame."""
    there = [one for one in windows if one.at == at]
    reasons = dict.fromkeys(reason for one in blamed for reason in one.reasons)
    return Judgement(
        service=", ".join(one.service for one in there),
        at=at,
        verdict=max((one.verdict for one in there), key=lambda verdict: verdict.badness, default=RollbackVerdict.HOLD),
        reasons=tuple(reasons)[:_REASONS_SHOWN],
        values=tuple(value for one in there for value in one.values),
    )


def _not_judged(missing: int, total: int) -> Text:
    return Text(
        ko=f"구간 {total}개 가운데 {missing}개를 판정하지 못함",
        en=f"{missing} of {total} windows could not be judged",
    )


def _all_within(total: int) -> Text:
    return Text(ko=f"구간 {total}개가 모두 한도 이내", en=f"all {total} windows are within the limits")
