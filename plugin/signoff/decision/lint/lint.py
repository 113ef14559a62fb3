"""What is wrong, useless or about to end among the records that people keep: said before it surprises anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from signoff.decision import history, register
from signoff.decision.items import WHOLE_ITEM, last_failure
from signoff.decision.lint import attestations, people, waivers
from signoff.decision.lint.findings import Finding, order
from signoff.decision.notes import in_both
from signoff.model import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from signoff.model import Cell, IssueAction, Observation, PlannedCell, Policy, Records, Signoff


def lint(  # noqa: PLR0913, PLR0917 - everything that people wrote, and what it is held against
    signoff: Signoff,
    planned: Sequence[PlannedCell],
    observations: Sequence[Observation],
    records: Records,
    actions: Iterable[IssueAction],
    policy: Policy,
    now: datetime,
) -> tuple[Finding, ...]:
    """Return the findings, errors first.

    Args:
        signoff: the decision at `now`.
        planned: every cell, those declared not applicable included.
        observations: everything ever seen here.
        records: waivers and attestations, valid or not.
        actions: what people said about issues.
        policy: the rules.
        now: the instant of judgement.
    """
    results = {result.item.id: result for result in signoff.items}
    failures: dict[str, set[str]] = {}
    for seen in observations:
        if seen.fingerprint and seen.environment == policy.environment:
            failures.setdefault(seen.cell.item, set()).add(seen.fingerprint)
    known = {item: frozenset(found) for item, found in failures.items()}
    items = [result.item for result in signoff.items]
    evidence = _recorded(observations, signoff, policy)
    failed = {item.id: at for item in items if (at := last_failure(item, planned, evidence, now)) is not None}
    attested = [r.item for r in signoff.items if r.item.method.needs_attestation and r.not_applicable is None]
    found = [
        *waivers.lint(records.waivers, results, known, policy, now),
        *attestations.lint(records.attestations, items, failed, policy, now),
        *people.lint(policy, attested, now),
        *_not_applicable(planned, policy),
        *_ignored(actions, policy, now),
        *_unwritten(signoff),
    ]
    return tuple(sorted(found, key=order))


def _recorded(observations: Iterable[Observation], signoff: Signoff, policy: Policy) -> dict[Cell, list[Observation]]:
    monitoring = {run.id for run in signoff.runs if run.stream == "monitor"}
    evidence = (seen for seen in observations if seen.run not in monitoring)
    return history.group(evidence, environment=policy.environment, release=policy.release)


def _not_applicable(planned: Sequence[PlannedCell], policy: Policy) -> Iterator[Finding]:
    cells = {(place.cell.item, place.cell.target) for place in planned}
    whole = {entry.item for entry in policy.not_applicable if entry.target == WHOLE_ITEM}
    step = Text(ko="정책의 not_applicable에서 삭제하십시오.", en="Remove it from not_applicable in the policy.")
    for entry in policy.not_applicable:
        if entry.target == WHOLE_ITEM:
            continue
        if entry.item in whole:
            ko = f"{entry.item}은(는) 전체가 해당 없음으로 선언되어 {entry.target} 선언은 불필요함"
            en = f"{entry.item} is declared not applicable as a whole; declaring {entry.target} too says nothing"
        elif (entry.item, entry.target) not in cells:
            ko = f"{entry.item}에는 {entry.target}에 대한 점검이 없어 해당 없음 선언이 아무것도 가리키지 않음"
            en = f"no check of {entry.item} concerns {entry.target}: the declaration matches nothing"
        else:
            continue
        yield Finding(
            kind="matches-nothing",
            error=False,
            place=entry.place or "not_applicable",
            subject=entry.item,
            text=Text(ko=ko, en=en),
            step=step,
        )


def _ignored(actions: Iterable[IssueAction], policy: Policy, now: datetime) -> Iterator[Finding]:
    for action in actions:
        why = register.why_ignored(register.in_time(action), policy, now)
        if why:
            words = in_both(why)
            yield Finding(
                kind="ignored-action",
                error=True,
                place=f"ledger, {action.at.isoformat(timespec='seconds')}",
                subject=action.key,
                text=Text(
                    ko=f"{action.key}: {action.by}의 기록({action.kind})은 반영되지 않음: {words.ko}",
                    en=f"{action.key}: what {action.by} recorded ({action.kind}) is ignored: {words.en}",
                ),
                step=Text(ko="명부에 있는 사람이 다시 기록하십시오.", en="Let somebody on the roster record it again."),
            )


def _unwritten(signoff: Signoff) -> Iterator[Finding]:
    for issue in signoff.issues:
        if issue.lacks_action:
            yield Finding(
                kind="action-missing",
                error=False,
                place=issue.key,
                subject=issue.key,
                text=Text(
                    ko=f"{issue.key}: 해결이 확인되었으나 조치 내용이 기록되지 않음",
                    en=f"{issue.key}: proven fixed, and nobody wrote down what was done",
                ),
                step=Text(
                    ko=f"최종 승인 전에 기록하십시오: signoff issues note {issue.key} --by 이름 --action 내용",
                    en=f"Before the final approval: signoff issues note {issue.key} --by NAME --action TEXT",
                ),
            )
