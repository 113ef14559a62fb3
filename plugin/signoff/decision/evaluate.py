"""The one entry point of the decision: what is asked, what was seen and what people recorded, into one `Signoff`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from signoff.canonical import digest
from signoff.decision import approvals, changes, derived, gate, history, monitor, recheck, register
from signoff.decision.items import judge_item
from signoff.decision.manifest import manifest, newest
from signoff.decision.notes import Note
from signoff.decision.rollback import standing
from signoff.decision.separation import involved
from signoff.decision.snapshot import snapshot
from signoff.model import ApprovalStatus, IssueStatus, Signoff

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from signoff.decision.snapshot import Snapshot
    from signoff.model import (
        ApprovalStep,
        Cell,
        Checklist,
        Checkpoint,
        Issue,
        IssueAction,
        ItemResult,
        Observation,
        PlannedCell,
        Policy,
        Records,
        RollbackDecision,
        Run,
    )


@dataclass(frozen=True, slots=True)
class _Seen:
    """The admissible history, sorted by what it may be used for."""

    recorded: Mapping[Cell, Sequence[Observation]]
    """Evidence."""
    watched: Mapping[Cell, Sequence[Observation]]
    """Of the monitor stream: never evidence, only a reason to void approvals."""


def evaluate(  # noqa: PLR0913, PLR0917 - the decision rests on exactly these; hiding them in a bag would not help
    checklist: Checklist,
    planned: Sequence[PlannedCell],
    policy: Policy,
    observations: Iterable[Observation],
    runs: Sequence[Run],
    records: Records,
    actions: Iterable[IssueAction],
    now: datetime,
    *,
    scope: frozenset[str] | None = None,
    problems: Sequence[str] = (),
    question: gate.Question = "readiness",
    checkpoints: Sequence[Checkpoint] = (),
    before: Snapshot | None = None,
    inventory_sha256: str = "",
    rollbacks: Iterable[RollbackDecision] = (),
) -> Signoff:
    """Return the decision at `now`.

    The order of `observations`, `runs`, records and `actions` is irrelevant, and repeating any of them changes nothing.

    Args:
        checklist: every item; each appears in the result.
        planned: every cell that checklist and inventory require, those declared not applicable included.
        policy: environment, release, roster, freshness and approval rules.
        observations: everything ever seen; other environments and releases are left out here.
        runs: the runs behind the observations.
        records: waivers, attestations and approvals (signatures already verified).
        actions: what people said about issues.
        now: the instant of judgement, UTC.
        scope: ids of the items of a selection; None judges the release. A selection is never READY or GO.
        problems: what the store found broken, one sentence each; any makes the verdict INVALID.
        question: `readiness` asks for no approvals (READY; GO if all are there), `release` does.
        checkpoints: of all journals; those that the decision rests on enter the digest.
        before: the decision to compare with.
        inventory_sha256: digest of the inventory; by default, of the definitions of all planned targets.
        rollbacks: what was ever decided on keeping a live release.

    Raises:
        ConfigError: an item names a derivation rule that does not exist.
    """
    mine = [run for run in runs if run.environment == policy.environment and run.release == policy.release]
    seen = _sort(observations, policy, mine)
    said = tuple(dict.fromkeys(actions))
    results, issues = _judge(checklist, planned, policy, seen.recorded, mine, records, said, now)
    valid_until = min((r.valid_until for r in results if r.valid_until is not None), default=None)
    relied_on = _relied_on(results, checkpoints)
    inventory_sha256 = inventory_sha256 or _targets_sha256(planned)
    evidence = digest(manifest(checklist, inventory_sha256, policy, results, issues, records, relied_on, valid_until))
    bad = monitor.bad_news(seen.watched, results, records.waivers, now)
    steps = _chain(results, issues, records, policy, bad, evidence, now)
    judged = [result for result in results if scope is None or result.item.id in scope]
    watches = standing.of_release(rollbacks, policy, now)
    rollback = standing.standing(watches, policy)
    reasons = gate.reasons(
        judged,
        issues,
        steps,
        recheck.judge(results, issues, seen.recorded, mine, now),
        problems,
        bad,
        policy=policy,
        question=question,
        partial=scope is not None,
        rollback=rollback,
    )
    signoff = Signoff(
        product=policy.product,
        environment=policy.environment,
        release=policy.release,
        commit=policy.commit,
        evaluated_at=now,
        timezone=policy.timezone,
        verdict=gate.verdict(reasons, steps, partial=scope is not None),
        reasons=reasons,
        items=results,
        issues=_closed(issues, steps),
        approvals=steps,
        runs=tuple(sorted(mine, key=lambda run: (run.started, run.id))),
        digest=evidence,
        valid_until=valid_until,
        scope=scope,
        checkpoints=relied_on,
        inputs={"checklist": checklist.sha256, "inventory": inventory_sha256, "policy": policy.sha256},
        relaxed=policy.relaxed,
        rollback=rollback,
        rollbacks=watches,
    )
    if before is None:
        return signoff
    found = changes.diff(before, snapshot(signoff), records.waivers)
    return replace(signoff, changes=found, changes_since=before.at, changes_from=before.kind)


def _sort(observations: Iterable[Observation], policy: Policy, runs: Sequence[Run]) -> _Seen:
    monitoring = {run.id for run in runs if run.stream == "monitor"}
    recorded: list[Observation] = []
    watched: list[Observation] = []
    for seen in observations:
        (watched if seen.run in monitoring else recorded).append(seen)
    return _Seen(
        history.group(recorded, environment=policy.environment, release=policy.release),
        history.group(watched, environment=policy.environment, release=policy.release),
    )


def _judge(  # noqa: PLR0913, PLR0917 - private, one caller
    checklist: Checklist,
    planned: Sequence[PlannedCell],
    policy: Policy,
    seen: Mapping[Cell, Sequence[Observation]],
    runs: Sequence[Run],
    records: Records,
    actions: Sequence[IssueAction],
    now: datetime,
) -> tuple[tuple[ItemResult, ...], tuple[Issue, ...]]:
    places: dict[str, list[PlannedCell]] = {}
    for place in planned:
        places.setdefault(place.cell.item, []).append(place)
    results = {
        item.id: judge_item(item, places.get(item.id, ()), seen, policy, records, now)
        for item in checklist.items
        if not item.derives
    }
    computed = derived.in_order(checklist.items)
    any_evidence = any(history.deciding(cell) is not None for result in results.values() for cell in result.cells)
    # Computed items may have checks of their own, and these may open issues too.
    own = [judge_item(item, places.get(item.id, ()), seen, policy, records, now) for item in computed]
    issues = register.issues([*results.values(), *own], seen, runs, actions, records.waivers, policy, now)
    for item in computed:
        rule = derived.RULES[item.derives](tuple(results.values()), issues, any_evidence=any_evidence, policy=policy)
        results[item.id] = judge_item(item, places.get(item.id, ()), seen, policy, records, now, derived=rule)
    return tuple(results[item.id] for item in checklist.items), issues


def _targets_sha256(planned: Sequence[PlannedCell]) -> str:
    return digest(sorted({(place.target.name, place.target.kind, place.target.sha256) for place in planned}))


def _relied_on(results: Sequence[ItemResult], checkpoints: Sequence[Checkpoint]) -> tuple[Checkpoint, ...]:
    runs = {seen.run for result in results for cell in result.cells if (seen := history.deciding(cell)) is not None}
    return tuple(sorted({checkpoint for checkpoint in checkpoints if checkpoint.run in runs}))


def _chain(  # noqa: PLR0913, PLR0917 - private, one caller
    results: Sequence[ItemResult],
    issues: Sequence[Issue],
    records: Records,
    policy: Policy,
    bad: Sequence[Observation],
    evidence: str,
    now: datetime,
) -> tuple[ApprovalStep, ...]:
    subject = approvals.Subject(
        digest=evidence,
        involved=involved(results, issues, records.waivers, policy.relaxed),
        broken_at=bad[-1].finished if bad else None,
        broken_by=Note.MONITOR_BROKE(run=bad[-1].run, outcome=bad[-1].outcome, cell=bad[-1].cell) if bad else "",
        newest=newest(results, issues),
        undescribed=tuple(issue.key for issue in issues if issue.lacks_action),
    )
    return approvals.chain(records.approvals, policy, subject, now)


def _closed(issues: Sequence[Issue], steps: Sequence[ApprovalStep]) -> tuple[Issue, ...]:
    """Return the register once the release is signed: what was verified is closed. Not part of the digest."""
    signed = bool(steps) and all(step.status is ApprovalStatus.VALID for step in steps)
    return tuple(
        replace(issue, status=IssueStatus.CLOSED) if signed and issue.status is IssueStatus.VERIFIED else issue
        for issue in issues
    )
