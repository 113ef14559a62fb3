"""Register: an issue is closed only by later runs, whatever was said of it."""

from __future__ import annotations

from typing import Any

from signoff.model import IssueStatus


def test_later_run_that_passes_verifies_without_a_recorded_action(make: Any) -> None:
    (issue,) = make.issues([("fail", 30, "A"), ("pass", 20, "B")])
    assert (issue.status, issue.verified_run, issue.action) == (IssueStatus.VERIFIED, "B", "")
    assert issue.verified_at == make.ago(minutes=20)


def test_retry_in_the_failed_run_verifies_nothing(make: Any) -> None:
    (issue,) = make.issues([make.seen("fail", 30, "A"), make.seen("pass", 20, "A", attempt=2)])
    assert issue.status is IssueStatus.OPEN


def test_run_that_had_begun_before_the_failure_verifies_nothing(make: Any) -> None:
    runs = [make.run("A", 60), make.run("B", 40)]
    (issue,) = make.issues([("fail", 30, "A"), ("pass", 20, "B")], runs=runs)
    assert issue.status is IssueStatus.OPEN


def test_run_that_began_in_the_instant_of_the_failure_verifies_nothing(make: Any) -> None:
    history = [("fail", 30, "A"), ("pass", 20, "B")]
    (issue,) = make.issues(history, runs=[make.run("A", 60), make.run("B", 30)])
    assert issue.status is IssueStatus.OPEN
    (issue,) = make.issues(history, runs=[make.run("A", 60), make.run("B", 29)])
    assert issue.status is IssueStatus.VERIFIED


def test_every_failing_cell_must_pass(make: Any) -> None:
    failed = [make.seen("fail", 30, "A", cell=make.cell(target=target)) for target in ("web1", "web2")]
    one = make.seen("pass", 20, "B")
    two = make.seen("pass", 10, "C", cell=make.cell(target="web2"))
    assert make.issues([*failed, one], targets=("web1", "web2"))[0].status is IssueStatus.OPEN
    (issue,) = make.issues([*failed, one, two], targets=("web1", "web2"))
    assert (issue.status, issue.verified_run) == (IssueStatus.VERIFIED, "C")


def test_work_is_started_claimed_and_proven(make: Any) -> None:
    started = make.act("started", 25, cause="memory limit", planned=("raise maxmemory",))
    claimed = make.act("resolved", 20, action="raised maxmemory to 4 GB")
    history = [("fail", 30, "A"), ("pass", 10, "B")]
    (working,) = make.issues(history[:1], actions=[started])
    assert (working.status, working.cause, working.planned) == (
        IssueStatus.IN_PROGRESS, "memory limit", ("raise maxmemory",)
    )  # fmt: skip
    (resolved,) = make.issues(history[:1], actions=[claimed, started])
    assert (resolved.status, resolved.status.is_open) == (IssueStatus.RESOLVED, True)
    (verified,) = make.issues(history, actions=[claimed, started])
    assert (verified.status, verified.resolved_by) == (IssueStatus.VERIFIED, "dev")
    assert (verified.action, verified.resolved_at) == ("raised maxmemory to 4 GB", make.ago(minutes=20))


def test_run_that_had_begun_before_the_claim_does_not_prove_it(make: Any) -> None:
    runs = [make.run("A", 60), make.run("B", 22)]
    claim = [make.act("resolved", 20)]
    (issue,) = make.issues([("fail", 30, "A"), ("pass", 10, "B")], actions=claim, runs=runs)
    assert issue.status is IssueStatus.RESOLVED


def test_failure_after_the_claim_reopens(make: Any) -> None:
    claim = [make.act("resolved", 20)]
    (issue,) = make.issues([("fail", 30, "A"), ("fail", 10, "B")], actions=claim)
    assert (issue.status, issue.reopen_count, issue.resolved_at) == (IssueStatus.REOPENED, 1, None)


def test_failure_of_a_run_that_had_begun_before_the_claim_does_not_reopen(make: Any) -> None:
    runs = [make.run("A", 60), make.run("B", 22)]
    claim = [make.act("resolved", 20)]
    (issue,) = make.issues([("fail", 30, "A"), ("fail", 15, "B")], actions=claim, runs=runs)
    assert (issue.status, issue.reopen_count) == (IssueStatus.RESOLVED, 0)


def test_failure_after_proof_reopens_every_time(make: Any) -> None:
    lives = [("fail", 30, "A"), ("pass", 25, "B"), ("fail", 20, "C"), ("pass", 15, "D"), ("fail", 10, "E")]
    (issue,) = make.issues(lives)
    assert (issue.status, issue.reopen_count, issue.verified_at) == (IssueStatus.REOPENED, 2, None)
    assert issue.opened == make.ago(minutes=30)


def test_claim_in_the_future_is_not_believed(make: Any) -> None:
    (issue,) = make.issues([("fail", 30, "A")], actions=[make.act("resolved", -60)])
    assert issue.status is IssueStatus.OPEN


def test_action_before_the_issue_or_on_another_one_changes_nothing(make: Any) -> None:
    actions = [make.act("resolved", 40), make.act("resolved", 10, key="ISS-SEC-CFG-1-00000000")]
    assert make.issues([("fail", 30, "A")], actions=actions)[0].status is IssueStatus.OPEN


def test_what_was_done_may_be_told_after_the_proof(make: Any) -> None:
    told = [make.act("resolved", 5, action="restarted")]
    (issue,) = make.issues([("fail", 30, "A"), ("pass", 20, "B")], actions=told)
    assert (issue.status, issue.action) == (IssueStatus.VERIFIED, "restarted")
