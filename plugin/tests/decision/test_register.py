"""Register: which failures open an issue, and what it is called."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest

from signoff.decision.register import why_ignored
from signoff.model import IssueStatus, Severity


def test_failure_opens_an_issue_with_owner_and_due_day(make: Any) -> None:
    (issue,) = make.issues([("fail", 30, "A")])
    assert (issue.key, issue.item, issue.owner, issue.targets) == (make.issue_key, "SEC-CFG-1", "security", ("web1",))
    assert (issue.status, issue.opened_run, issue.summary) == (IssueStatus.OPEN, "A", "fail because")
    assert issue.due == date(2026, 6, 8)


def test_due_days_come_from_the_policy_and_count_in_the_projects_zone(make: Any) -> None:
    late_evening = make.seen("fail", finished=make.now.replace(day=31, month=5, hour=23))  # June 1st in Seoul
    (issue,) = make.issues([late_evening], policy=make.policy(due_days={Severity.HIGH: 2}))
    assert issue.due == date(2026, 6, 3)


@pytest.mark.parametrize(
    ("severity", "days"), [(Severity.CRITICAL, 1), (Severity.HIGH, 3), (Severity.MEDIUM, 7), (Severity.LOW, 14)]
)
def test_due_days_where_the_policy_does_not_say(make: Any, severity: Severity, days: int) -> None:
    items = (make.item(severity=severity),)
    (issue,) = make.issues([("fail", 30, "A")], items=items, policy=make.policy(due_days={}))
    assert (issue.due, issue.severity) == (date(2026, 6, 1) + timedelta(days=days), severity)


SUMMARIES = {
    "one line": ("port 22 is open", "port 22 is open"),
    "the first of several": ("\n  port 22 is open\nsince yesterday", "port 22 is open"),
    "none": (" \n", "Title"),
}


@pytest.mark.parametrize(("reason", "summary"), SUMMARIES.values(), ids=SUMMARIES)
def test_summary_is_what_the_last_failure_said(make: Any, reason: str, summary: str) -> None:
    (issue,) = make.issues([("fail", 30, "A"), make.seen("fail", 20, "B", reason=reason)])
    assert (issue.summary, issue.opened_run, issue.fingerprint) == (summary, "A", "f" * 64)


def test_failures_of_two_checks_without_a_fingerprint_are_two_issues(make: Any) -> None:
    items = (make.item(checks=("locked", "patched")),)
    seen = [make.seen("fail", 30, "A", cell=make.cell(check=name), fingerprint="") for name in ("locked", "patched")]
    first, second = make.issues(seen, items=items)
    assert first.key != second.key
    assert {first.fingerprint, second.fingerprint} == {sha256(name).hexdigest() for name in (b"locked", b"patched")}


def test_failure_dated_ahead_opens_nothing_yet(make: Any) -> None:
    assert make.issues([("pass", 30, "A"), ("fail", -6, "B")]) == ()
    assert make.issues([("fail", -5, "B")])[0].status is IssueStatus.OPEN


def test_issues_are_named_oldest_first_and_then_by_key(make: Any) -> None:
    seen = [make.seen("fail", ago, f, fingerprint=f * 64) for ago, f in ((20, "1"), (30, "3"), (30, "2"))]
    assert [issue.key[-1] for issue in make.issues(seen)] == ["2", "3", "1"]


def test_targets_and_what_is_unproven_are_named_in_order(make: Any) -> None:
    names = tuple(f"web{number}" for number in range(1, 10))
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=name)) for name in names[::-1]]
    (issue,) = make.issues(seen, targets=names)
    assert issue.targets == tuple(cell.target for cell in issue.unproven) == names


def test_why_nobody_listens_to_an_action(make: Any) -> None:
    policy = make.policy()
    assert why_ignored(make.act("noted", 5), policy, make.now) == ""
    assert why_ignored(make.act("noted", -5), policy, make.now) == ""
    ahead = why_ignored(make.act("noted", -6), policy, make.now)
    assert ahead == "it is dated in the future, 2026-06-01T12:06:00+00:00"
    assert why_ignored(make.act("noted", 5, by="mallory"), policy, make.now) == "mallory is not on the roster"


def test_run_that_is_not_known_began_when_its_observation_did(make: Any) -> None:
    slow = make.seen("pass", 20, "B", started=make.ago(minutes=31))
    runs = [make.run("A", 40)]
    assert make.issues([("fail", 30, "A"), slow], runs=runs)[0].status is IssueStatus.OPEN


def test_passes_skips_and_a_single_error_open_nothing(make: Any) -> None:
    assert make.issues([("pass", 9, "A"), ("skip", 8, "B"), ("error", 7, "C")]) == ()


ERRORS = {
    "two runs in a row": ([("error", 9, "A"), ("error", 8, "B")], 1),
    "two attempts of one run": ([("error", 9, "A"), ("error", 8, "A")], 0),
    "with a pass between": ([("error", 9, "A"), ("pass", 8, "B"), ("error", 7, "C")], 0),
    "with a skip between": ([("error", 9, "A"), ("skip", 8, "B"), ("error", 7, "C")], 1),
    "retried well in the first run": ([("error", 9, "A"), ("pass", 8, "A"), ("error", 7, "B")], 0),
}


@pytest.mark.parametrize(("history", "count"), ERRORS.values(), ids=ERRORS)
def test_errors_open_an_issue_when_two_runs_in_a_row_cannot_check(make: Any, history: list[Any], count: int) -> None:
    attempts: dict[str, int] = {}
    seen = []
    for outcome, ago, run in history:
        attempts[run] = attempts.get(run, 0) + 1
        seen.append(make.seen(outcome, ago, run, attempt=attempts[run]))
    assert len(make.issues(seen)) == count


def test_each_fingerprint_is_an_issue_of_its_own(make: Any) -> None:
    other = make.seen("fail", 20, "B", fingerprint="0" * 64)
    assert [issue.key for issue in make.issues([("fail", 30, "A"), other])] == [
        make.issue_key,
        "ISS-SEC-CFG-1-00000000",
    ]


def test_failure_without_a_fingerprint_is_told_apart_by_its_check(make: Any) -> None:
    (issue,) = make.issues([make.seen("fail", fingerprint="")])
    assert issue.key.startswith("ISS-SEC-CFG-1-")
    assert len(issue.key) == len(make.issue_key)


def test_one_failure_on_several_targets_is_one_issue(make: Any) -> None:
    seen = [make.seen("fail", 9, cell=make.cell(target=target)) for target in ("web2", "web1")]
    (issue,) = make.issues(seen, targets=("web1", "web2"))
    assert issue.targets == ("web1", "web2")


def test_register_does_not_depend_on_the_order_of_what_was_seen(make: Any) -> None:
    targets = ("web1", "web2", "web3")
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=t), reason=f"{t} is open") for t in targets]
    seen += [make.seen("pass", 20, "B", cell=make.cell(target=t)) for t in targets]
    runs = [replace(make.run("A", 40), id="A"), replace(make.run("B", 25), id="B")]
    forwards = make.issues(seen, targets=targets, runs=runs)
    assert forwards == make.issues(seen[::-1], targets=targets, runs=runs[::-1])
