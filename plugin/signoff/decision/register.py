"""The register of issues, replayed from the history: opened by failures, closed only by later runs that pass."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from signoff.decision import history, roster
from signoff.decision.life import Life, Report, late_word, order
from signoff.decision.notes import Why, joined
from signoff.decision.waivers import names, why_invalid
from signoff.model import Issue, IssueStatus, Outcome, Severity, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date, datetime

    from signoff.model import Cell, IssueAction, Item, ItemResult, Observation, Policy, Run, Waiver

DUE_DAYS: Mapping[Severity, int] = {Severity.CRITICAL: 1, Severity.HIGH: 3, Severity.MEDIUM: 7, Severity.LOW: 14}
"""Days until an issue is due where the policy does not say."""


def issue_key(item_id: str, fingerprint: str) -> str:
    """Return the issue's key, stable over runs: `ISS-<ITEM>-<first 8 of the fingerprint>`."""
    return f"ISS-{item_id}-{fingerprint[:8]}"


def issues(  # noqa: PLR0913, PLR0917 - the register rests on all of these
    results: Sequence[ItemResult],
    seen: Mapping[Cell, Sequence[Observation]],
    runs: Sequence[Run],
    actions: Iterable[IssueAction],
    waivers: Sequence[Waiver],
    policy: Policy,
    now: datetime,
) -> tuple[Issue, ...]:
    """Return every issue of the release, oldest first. Observations of items that are gone open none.

    Args:
        results: the judged items, waivers applied.
        seen: observations of the policy's environment and release, by cell.
        runs: for when a run began; of an unknown run, its observation's own beginning counts.
        actions: what people said about issues, by key; what lies in the future, or was said by somebody who was not on
            the roster then, is ignored.
        waivers: of any item, valid or not.
        policy: due days and the project's time zone.
        now: the instant of judgement.
    """
    by_item = {result.item.id: result for result in results}
    began = {run.id: run.started for run in runs}
    said: dict[str, list[IssueAction]] = {}
    for action in map(in_time, actions):
        if not why_ignored(action, policy, now):
            said.setdefault(action.key, []).append(action)
    opened: dict[tuple[str, str], list[Report]] = {}
    for cell, mine in seen.items():
        result = by_item.get(cell.item)
        if result is not None and any(s.outcome in {Outcome.FAIL, Outcome.ERROR} for s in mine):
            _sort_in(opened, _reports(mine, began, result.item, now))
    found = []
    for (item_id, fingerprint), reports in opened.items():
        life = Life()
        key = issue_key(item_id, fingerprint)
        for event in sorted((*reports, *said.get(key, ())), key=order):
            life.replay(event)
        issue = _issue(life, key, by_item[item_id].item, fingerprint, policy)
        issue = _moved(issue, said.get(key, ()), policy)
        valid = [w for w in waivers if w.item == item_id and not why_invalid(w, by_item[item_id].item, policy, now)]
        issue = _accepted(issue, life, by_item[item_id], valid)
        found.append(_dated(issue, policy, now))
    return tuple(sorted(found, key=lambda issue: (issue.opened, issue.key)))


def in_time(action: IssueAction) -> IssueAction:
    """Return the action with the time at which it counts: when it was recorded; a claim may speak of an earlier one."""
    if action.recorded is None or (action.kind == "resolved" and action.at <= action.recorded):
        return action
    return replace(action, at=action.recorded)


def why_ignored(action: IssueAction, policy: Policy, now: datetime) -> str:
    """Return why nobody listens to the action; empty if it counts."""
    if history.is_in_future(action.at, now):
        return Why.FUTURE(at=action.at.isoformat())
    return roster.why_absent(policy.roster, action.by, action.at)


def day(instant: datetime, policy: Policy) -> date:
    """Return the instant's day in the project's time zone: what due days are reckoned in."""
    return instant.astimezone(ZoneInfo(policy.timezone)).date()


def _sort_in(opened: dict[tuple[str, str], list[Report]], reports: Sequence[Report]) -> None:
    """Add the reports on one cell to every issue that the cell has: its passes concern all of them."""
    passes = [report for report in reports if report.passed]
    failures: dict[tuple[str, str], list[Report]] = {}
    for report in reports:
        if not report.passed:
            cell = report.seen.cell
            # A fingerprint is the plugin's; a failure without one is told apart by its check.
            own = report.seen.fingerprint or hashlib.sha256(cell.check.encode()).hexdigest()
            failures.setdefault((cell.item, own), []).append(report)
    for key, mine in failures.items():
        opened.setdefault(key, []).extend([*passes, *mine])


def _reports(mine: Sequence[Observation], began: Mapping[str, datetime], item: Item, now: datetime) -> list[Report]:
    """Return what the runs said of one cell; an error only where the run before could not check it either."""
    counted = [seen for seen in mine if not history.is_in_future(seen.finished, now)]
    reports: list[Report] = []
    previous_run, previous_error, in_error = "", False, False
    for step in history.steps(counted, flaky_allowed=item.flaky_allowed):
        seen = step.observation
        if seen.run != previous_run:
            previous_run, previous_error = seen.run, in_error
        in_error = step.outcome is Outcome.ERROR
        if previous_error or not in_error:
            passed = step.outcome is Outcome.PASS
            reports.append(Report(step.finished, passed, seen, began.get(seen.run, seen.started)))
    return reports


def _issue(life: Life, key: str, item: Item, fingerprint: str, policy: Policy) -> Issue:
    if life.opened is None or life.first is None or life.last is None:
        raise AssertionError(f"{key}: an issue without a failure")
    days = policy.due_days.get(item.severity, DUE_DAYS[item.severity])
    return Issue(
        key=key,
        item=item.id,
        fingerprint=fingerprint,
        targets=tuple(sorted({cell.target for cell in life.episode})),
        status=life.status,
        owner=life.owner or item.owner,
        severity=item.severity,
        summary=life.last.reason.strip().partition("\n")[0] or item.title.en,
        opened=life.opened,
        opened_run=life.first.run,
        due=day(life.opened, policy) + timedelta(days=days),
        cause=life.cause,
        planned=life.planned,
        action=life.action,
        resolved_at=life.resolved_at,
        resolved_by=life.resolver,
        claim_recorded=late_word(life.claim) if life.claim else None,
        verified_at=life.verified_at,
        verified_run=life.verified_run,
        fixed_at=life.fixed_at,
        reopen_count=life.reopened,
        unproven=tuple(sorted(life.failing)),
        last_failed=life.last_failed,
        history=tuple(life.history),
    )


def _moved(issue: Issue, said: Iterable[IssueAction], policy: Policy) -> Issue:
    """Return the issue with the due day that people set; one that has passed cannot be moved any more."""
    for action in sorted((a for a in said if a.kind == "due" and a.at >= issue.opened), key=order):
        today = day(action.at, policy)
        if action.due is None or today > issue.due or action.due < today:
            continue
        by_policy = issue.due_by_policy or issue.due
        issue = replace(issue, due=action.due, due_by_policy=by_policy, due_set_by=action.by, due_reason=action.reason)
    return issue


def _accepted(issue: Issue, life: Life, result: ItemResult, valid: Sequence[Waiver]) -> Issue:
    """Return the issue with what the records say of it: waived, or not applicable any more."""
    if not issue.status.is_open:
        return issue
    if result.not_applicable is not None:
        return replace(issue, status=IssueStatus.CLOSED, action=issue.action or result.note, unproven=())
    dropped = {cell.cell: cell for cell in result.cells if cell.state is State.NOT_APPLICABLE}
    planned = {cell.cell for cell in result.cells}
    # A cell that merely vanished from the plan proves nothing: somebody must have said what was done.
    gone = {cell for cell in life.failing if cell in dropped or (cell not in planned and life.claim is not None)}
    left = life.failing - gone
    if not left:
        notes = joined(*(dropped[cell].note for cell in sorted(gone) if cell in dropped))
        # What was taken away was fixed when somebody said so: everything is looked at once more after that, too.
        fixed_at = issue.resolved_at or issue.fixed_at
        return replace(issue, status=IssueStatus.CLOSED, action=issue.action or notes, fixed_at=fixed_at, unproven=())
    state = State.ERROR if life.last is not None and life.last.outcome is Outcome.ERROR else State.FAIL
    accepting = [waiver for waiver in valid if issue.fingerprint in waiver.fingerprints and state in waiver.covers]
    waived = all(any(names(waiver, cell.target) for waiver in accepting) for cell in left)
    return replace(issue, status=IssueStatus.WAIVED) if waived else issue


def _dated(issue: Issue, policy: Policy, now: datetime) -> Issue:
    done = issue.resolved_at or issue.verified_at
    late = max(0, (day(done, policy) - issue.due).days) if done is not None else 0
    return replace(issue, overdue=issue.status.is_open and day(now, policy) > issue.due, late_days=late)
