"""Register: opened by failures, closed only by later runs; the replay of whole lives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from hashlib import sha256
from typing import Any

import pytest

from signoff.decision.register import why_ignored
from signoff.model import IssueAction, IssueStatus, NotApplicable, Records, Severity, State

KEY = "ISS-SEC-CFG-1-ffffffff"


def _register(make: Any, history: list[Any], **fields: Any) -> Any:
    """Evaluate observations given as (outcome, minutes ago, run)."""
    seen = [make.seen(*one) if isinstance(one, tuple) else one for one in history]
    return make.judge(seen, **fields).issues


def _act(make: Any, kind: str, minutes_ago: float, **fields: Any) -> IssueAction:
    return IssueAction(**({"key": KEY, "kind": kind, "at": make.ago(minutes=minutes_ago), "by": "dev"} | fields))


def test_failure_opens_an_issue_with_owner_and_due_day(make: Any) -> None:
    (issue,) = _register(make, [("fail", 30, "A")])
    assert (issue.key, issue.item, issue.owner, issue.targets) == (KEY, "SEC-CFG-1", "security", ("web1",))
    assert (issue.status, issue.opened_run, issue.summary) == (IssueStatus.OPEN, "A", "fail because")
    assert issue.due == date(2026, 6, 8)


def test_due_days_come_from_the_policy_and_count_in_the_projects_zone(make: Any) -> None:
    late_evening = make.seen("fail", finished=make.now.replace(day=31, month=5, hour=23))  # June 1st in Seoul
    (issue,) = _register(make, [late_evening], policy=make.policy(due_days={Severity.HIGH: 2}))
    assert issue.due == date(2026, 6, 3)


@pytest.mark.parametrize(
    ("severity", "days"), [(Severity.CRITICAL, 1), (Severity.HIGH, 3), (Severity.MEDIUM, 7), (Severity.LOW, 14)]
)
def test_due_days_where_the_policy_does_not_say(make: Any, severity: Severity, days: int) -> None:
    items = (make.item(severity=severity),)
    (issue,) = _register(make, [("fail", 30, "A")], items=items, policy=make.policy(due_days={}))
    assert (issue.due, issue.severity) == (date(2026, 6, 1) + timedelta(days=days), severity)


SUMMARIES = {
    "one line": ("port 22 is open", "port 22 is open"),
    "the first of several": ("\n  port 22 is open\nsince yesterday", "port 22 is open"),
    "none": (" \n", "Title"),
}


@pytest.mark.parametrize(("reason", "summary"), SUMMARIES.values(), ids=SUMMARIES)
def test_summary_is_what_the_last_failure_said(make: Any, reason: str, summary: str) -> None:
    (issue,) = _register(make, [("fail", 30, "A"), make.seen("fail", 20, "B", reason=reason)])
    assert (issue.summary, issue.opened_run, issue.fingerprint) == (summary, "A", "f" * 64)


def test_failures_of_two_checks_without_a_fingerprint_are_two_issues(make: Any) -> None:
    items = (make.item(checks=("locked", "patched")),)
    seen = [make.seen("fail", 30, "A", cell=make.cell(check=name), fingerprint="") for name in ("locked", "patched")]
    first, second = _register(make, seen, items=items)
    assert first.key != second.key
    assert {first.fingerprint, second.fingerprint} == {sha256(name).hexdigest() for name in (b"locked", b"patched")}


def test_failure_dated_ahead_opens_nothing_yet(make: Any) -> None:
    assert _register(make, [("pass", 30, "A"), ("fail", -6, "B")]) == ()
    assert _register(make, [("fail", -5, "B")])[0].status is IssueStatus.OPEN


def test_issues_are_named_oldest_first_and_then_by_key(make: Any) -> None:
    seen = [make.seen("fail", ago, f, fingerprint=f * 64) for ago, f in ((20, "1"), (30, "3"), (30, "2"))]
    assert [issue.key[-1] for issue in _register(make, seen)] == ["2", "3", "1"]


def test_targets_and_what_is_unproven_are_named_in_order(make: Any) -> None:
    names = tuple(f"web{number}" for number in range(1, 10))
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=name)) for name in names[::-1]]
    (issue,) = _register(make, seen, targets=names)
    assert issue.targets == tuple(cell.target for cell in issue.unproven) == names


def test_why_nobody_listens_to_an_action(make: Any) -> None:
    policy = make.policy()
    assert why_ignored(_act(make, "noted", 5), policy, make.now) == ""
    assert why_ignored(_act(make, "noted", -5), policy, make.now) == ""
    ahead = why_ignored(_act(make, "noted", -6), policy, make.now)
    assert ahead == "it is dated in the future, 2026-06-01T12:06:00+00:00"
    assert why_ignored(_act(make, "noted", 5, by="mallory"), policy, make.now) == "mallory is not on the roster"


def test_run_that_is_not_known_began_when_its_observation_did(make: Any) -> None:
    slow = make.seen("pass", 20, "B", started=make.ago(minutes=31))
    runs = [make.run("A", 40)]
    assert _register(make, [("fail", 30, "A"), slow], runs=runs)[0].status is IssueStatus.OPEN


def test_error_of_two_runs_is_waived_only_by_a_waiver_of_errors(make: Any) -> None:
    errors = [("error", 30, "A"), ("error", 20, "B")]
    of_failures = Records(waivers=(make.waiver(),))
    of_errors = Records(waivers=(make.waiver(covers=frozenset({State.ERROR})),))
    assert _register(make, errors, records=of_failures)[0].status is IssueStatus.OPEN
    assert _register(make, errors, records=of_errors)[0].status is IssueStatus.WAIVED
    assert _register(make, [("fail", 30, "A")], records=of_errors)[0].status is IssueStatus.OPEN


NOT_ACCEPTED = {
    "of another failure": {"fingerprints": ("0" * 64,)},
    "of another item": {"item": "SEC-CFG-2"},
    "of one of two targets": {"targets": ("web1",)},
    "of a stranger": {"approver": "mallory"},
}


@pytest.mark.parametrize("fields", NOT_ACCEPTED.values(), ids=NOT_ACCEPTED)
def test_waiver_leaves_the_issue_open(make: Any, fields: dict[str, Any]) -> None:
    targets = ("web1", "web2")
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=target)) for target in targets]
    items = (make.item(), make.item("SEC-CFG-2"))
    both = Records(waivers=(make.waiver(targets=targets),))
    assert _register(make, seen, items=items, targets=targets, records=both)[0].status is IssueStatus.WAIVED
    records = Records(waivers=(make.waiver(**fields),))
    assert _register(make, seen, items=items, targets=targets, records=records)[0].status is IssueStatus.OPEN


def test_two_waivers_may_accept_one_target_each(make: Any) -> None:
    targets = ("web1", "web2")
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=target)) for target in targets]
    each = Records(waivers=tuple(make.waiver(id=f"W-{name}", targets=(name,)) for name in targets))
    assert _register(make, seen, targets=targets, records=each)[0].status is IssueStatus.WAIVED


def test_proven_issue_stays_proven_whatever_is_waived_or_dropped(make: Any) -> None:
    history = [("fail", 30, "A"), ("pass", 20, "B")]
    assert _register(make, history, records=Records(waivers=(make.waiver(),)))[0].status is IssueStatus.VERIFIED
    dropped = (NotApplicable(item="SEC-CFG-1", target="*", reason="moved", approver="sam"),)
    assert _register(make, history, policy=make.policy(not_applicable=dropped))[0].status is IssueStatus.VERIFIED


@pytest.mark.parametrize("target", ["*", "web1"])
def test_closed_issue_keeps_what_was_done_and_has_nothing_left_to_prove(make: Any, target: str) -> None:
    gone = (NotApplicable(item="SEC-CFG-1", target=target, reason="moved", approver="sam"),)
    seen = [make.seen("fail", 30, "A"), make.seen("pass", 30, "A", cell=make.cell(target="web2"))]
    told = [_act(make, "noted", 20, action="moved to web2")]
    (issue,) = _register(make, seen, policy=make.policy(not_applicable=gone), targets=("web1", "web2"), actions=told)
    assert (issue.status, issue.action, issue.unproven) == (IssueStatus.CLOSED, "moved to web2", ())
    assert (issue.fixed_at, issue.overdue) == (None, False)


def test_target_that_was_dropped_leaves_the_fix_before_it_known(make: Any) -> None:
    gone = (NotApplicable(item="SEC-CFG-1", target="web1", reason="moved", approver="sam"),)
    history = [("fail", 90, "A"), ("pass", 60, "B"), ("fail", 30, "C")]
    (issue,) = _register(make, history, policy=make.policy(not_applicable=gone), targets=("web1", "web2"))
    assert (issue.status, issue.fixed_at) == (IssueStatus.CLOSED, make.ago(minutes=60))


def test_target_that_was_dropped_leaves_the_others_to_be_proven(make: Any) -> None:
    targets = ("web1", "web2")
    gone = (NotApplicable(item="SEC-CFG-1", target="web1", reason="moved", approver="sam"),)
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=target)) for target in targets]
    (issue,) = _register(make, seen, policy=make.policy(not_applicable=gone), targets=targets)
    assert issue.status is IssueStatus.OPEN
    accepted = Records(waivers=(make.waiver(targets=("web2",)),))
    (issue,) = _register(make, seen, policy=make.policy(not_applicable=gone), targets=targets, records=accepted)
    assert issue.status is IssueStatus.WAIVED


def test_why_targets_were_dropped_is_said_in_their_order(make: Any) -> None:
    names = tuple(f"web{number}" for number in range(1, 10))
    gone = tuple(NotApplicable(item="SEC-CFG-1", target=n, reason=f"no {n}", approver="sam") for n in names[::-1])
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=name)) for name in names]
    (issue,) = _register(make, seen, policy=make.policy(not_applicable=gone), targets=(*names, "db1"))
    assert issue.action == "; ".join(f"not applicable: no {name} (approved by sam)" for name in names)


def test_targets_that_vanished_count_as_fixed_when_somebody_said_so(make: Any) -> None:
    gone = make.seen("fail", 30, "A", cell=make.cell(target="web9"))
    claim = _act(make, "resolved", 20, action="web9 is decommissioned")
    (issue,) = _register(make, [gone], actions=[claim])
    assert (issue.fixed_at, issue.unproven) == (make.ago(minutes=20), ())


MOVES = {
    "on its last day": (7, date(2026, 6, 20), date(2026, 6, 20)),
    "the day after its last": (8, date(2026, 6, 20), date(2026, 6, 8)),
    "to the same day": (2, date(2026, 6, 3), date(2026, 6, 3)),
    "to the day before": (2, date(2026, 6, 2), date(2026, 6, 8)),
    "to no day": (2, None, date(2026, 6, 8)),
    "before it failed": (-1, date(2026, 6, 20), date(2026, 6, 8)),
    "in the instant of the failure": (0, date(2026, 6, 20), date(2026, 6, 20)),
}


@pytest.mark.parametrize(("days", "day", "due"), MOVES.values(), ids=MOVES)
def test_due_day_is_moved(make: Any, days: int, day: date | None, due: date) -> None:
    """Due on June 8th: seven days after June 1st."""
    move = _act(make, "due", -1440 * days, due=day, reason="parts are late")
    (issue,) = _register(make, [("fail", 0, "A")], actions=[move], now=make.now + timedelta(days=9))
    assert issue.due == due
    assert issue.overdue == (due < date(2026, 6, 10))


def test_move_that_does_not_count_leaves_the_next_one_to_count(make: Any) -> None:
    moves = [
        _act(make, "due", -10, due=date(2026, 5, 1), reason="typo"),
        _act(make, "noted", -25, due=date(2026, 7, 1)),
        _act(make, "due", -20, due=date(2026, 6, 20), reason="parts are late"),
    ]
    (issue,) = _register(make, [("fail", 0, "A")], actions=moves, now=make.now + timedelta(hours=1))
    assert (issue.due, issue.due_by_policy, issue.due_set_by, issue.due_reason) == (
        date(2026, 6, 20), date(2026, 6, 8), "dev", "parts are late"
    )  # fmt: skip


def test_lateness_ends_with_the_fix_and_not_with_its_proof(make: Any) -> None:
    failed = make.seen("fail", finished=make.ago(days=10))  # due on May 29th
    claim = _act(make, "resolved", 1440)
    for actions, days in (([claim], 2), ([], 3)):
        (issue,) = _register(make, [failed, ("pass", 5, "B")], actions=actions)
        assert (issue.status, issue.overdue, issue.late_days) == (IssueStatus.VERIFIED, False, days)
    (early,) = _register(make, [("fail", 30, "A"), ("pass", 5, "B")])
    assert early.late_days == 0


def test_issue_that_is_claimed_is_overdue_until_it_is_proven(make: Any) -> None:
    failed = make.seen("fail", finished=make.ago(days=10))
    (issue,) = _register(make, [failed], actions=[_act(make, "resolved", 1440)])
    assert (issue.status, issue.overdue, issue.late_days) == (IssueStatus.RESOLVED, True, 2)


def test_passes_skips_and_a_single_error_open_nothing(make: Any) -> None:
    assert _register(make, [("pass", 9, "A"), ("skip", 8, "B"), ("error", 7, "C")]) == ()


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
    assert len(_register(make, seen)) == count


def test_each_fingerprint_is_an_issue_of_its_own(make: Any) -> None:
    other = make.seen("fail", 20, "B", fingerprint="0" * 64)
    assert [issue.key for issue in _register(make, [("fail", 30, "A"), other])] == [KEY, "ISS-SEC-CFG-1-00000000"]


def test_failure_without_a_fingerprint_is_told_apart_by_its_check(make: Any) -> None:
    (issue,) = _register(make, [make.seen("fail", fingerprint="")])
    assert issue.key.startswith("ISS-SEC-CFG-1-")
    assert len(issue.key) == len(KEY)


def test_one_failure_on_several_targets_is_one_issue(make: Any) -> None:
    seen = [make.seen("fail", 9, cell=make.cell(target=target)) for target in ("web2", "web1")]
    (issue,) = _register(make, seen, targets=("web1", "web2"))
    assert issue.targets == ("web1", "web2")


def test_later_run_that_passes_verifies_without_a_recorded_action(make: Any) -> None:
    (issue,) = _register(make, [("fail", 30, "A"), ("pass", 20, "B")])
    assert (issue.status, issue.verified_run, issue.action) == (IssueStatus.VERIFIED, "B", "")
    assert issue.verified_at == make.ago(minutes=20)


def test_retry_in_the_failed_run_verifies_nothing(make: Any) -> None:
    (issue,) = _register(make, [make.seen("fail", 30, "A"), make.seen("pass", 20, "A", attempt=2)])
    assert issue.status is IssueStatus.OPEN


def test_run_that_had_begun_before_the_failure_verifies_nothing(make: Any) -> None:
    runs = [make.run("A", 60), make.run("B", 40)]
    (issue,) = _register(make, [("fail", 30, "A"), ("pass", 20, "B")], runs=runs)
    assert issue.status is IssueStatus.OPEN


def test_run_that_began_in_the_instant_of_the_failure_verifies_nothing(make: Any) -> None:
    history = [("fail", 30, "A"), ("pass", 20, "B")]
    (issue,) = _register(make, history, runs=[make.run("A", 60), make.run("B", 30)])
    assert issue.status is IssueStatus.OPEN
    (issue,) = _register(make, history, runs=[make.run("A", 60), make.run("B", 29)])
    assert issue.status is IssueStatus.VERIFIED


def test_every_failing_cell_must_pass(make: Any) -> None:
    failed = [make.seen("fail", 30, "A", cell=make.cell(target=target)) for target in ("web1", "web2")]
    one = make.seen("pass", 20, "B")
    two = make.seen("pass", 10, "C", cell=make.cell(target="web2"))
    assert _register(make, [*failed, one], targets=("web1", "web2"))[0].status is IssueStatus.OPEN
    (issue,) = _register(make, [*failed, one, two], targets=("web1", "web2"))
    assert (issue.status, issue.verified_run) == (IssueStatus.VERIFIED, "C")


def test_work_is_started_claimed_and_proven(make: Any) -> None:
    started = _act(make, "started", 25, cause="memory limit", planned=("raise maxmemory",))
    claimed = _act(make, "resolved", 20, action="raised maxmemory to 4 GB")
    history = [("fail", 30, "A"), ("pass", 10, "B")]
    (working,) = _register(make, history[:1], actions=[started])
    assert (working.status, working.cause, working.planned) == (
        IssueStatus.IN_PROGRESS, "memory limit", ("raise maxmemory",)
    )  # fmt: skip
    (resolved,) = _register(make, history[:1], actions=[claimed, started])
    assert (resolved.status, resolved.status.is_open) == (IssueStatus.RESOLVED, True)
    (verified,) = _register(make, history, actions=[claimed, started])
    assert (verified.status, verified.resolved_by) == (IssueStatus.VERIFIED, "dev")
    assert (verified.action, verified.resolved_at) == ("raised maxmemory to 4 GB", make.ago(minutes=20))


def test_run_that_had_begun_before_the_claim_does_not_prove_it(make: Any) -> None:
    runs = [make.run("A", 60), make.run("B", 22)]
    claim = [_act(make, "resolved", 20)]
    (issue,) = _register(make, [("fail", 30, "A"), ("pass", 10, "B")], actions=claim, runs=runs)
    assert issue.status is IssueStatus.RESOLVED


def test_failure_after_the_claim_reopens(make: Any) -> None:
    claim = [_act(make, "resolved", 20)]
    (issue,) = _register(make, [("fail", 30, "A"), ("fail", 10, "B")], actions=claim)
    assert (issue.status, issue.reopen_count, issue.resolved_at) == (IssueStatus.REOPENED, 1, None)


def test_failure_of_a_run_that_had_begun_before_the_claim_does_not_reopen(make: Any) -> None:
    runs = [make.run("A", 60), make.run("B", 22)]
    claim = [_act(make, "resolved", 20)]
    (issue,) = _register(make, [("fail", 30, "A"), ("fail", 15, "B")], actions=claim, runs=runs)
    assert (issue.status, issue.reopen_count) == (IssueStatus.RESOLVED, 0)


def test_failure_after_proof_reopens_every_time(make: Any) -> None:
    lives = [("fail", 30, "A"), ("pass", 25, "B"), ("fail", 20, "C"), ("pass", 15, "D"), ("fail", 10, "E")]
    (issue,) = _register(make, lives)
    assert (issue.status, issue.reopen_count, issue.verified_at) == (IssueStatus.REOPENED, 2, None)
    assert issue.opened == make.ago(minutes=30)


def test_claim_in_the_future_is_not_believed(make: Any) -> None:
    (issue,) = _register(make, [("fail", 30, "A")], actions=[_act(make, "resolved", -60)])
    assert issue.status is IssueStatus.OPEN


def test_action_before_the_issue_or_on_another_one_changes_nothing(make: Any) -> None:
    actions = [_act(make, "resolved", 40), _act(make, "resolved", 10, key="ISS-SEC-CFG-1-00000000")]
    assert _register(make, [("fail", 30, "A")], actions=actions)[0].status is IssueStatus.OPEN


def test_what_was_done_may_be_told_after_the_proof(make: Any) -> None:
    told = [_act(make, "resolved", 5, action="restarted")]
    (issue,) = _register(make, [("fail", 30, "A"), ("pass", 20, "B")], actions=told)
    assert (issue.status, issue.action) == (IssueStatus.VERIFIED, "restarted")


def test_waived_failure_is_a_waived_issue_until_the_waiver_ends(make: Any) -> None:
    records = Records(waivers=(make.waiver(),))
    assert _register(make, [("fail", 30, "A")], records=records)[0].status is IssueStatus.WAIVED
    after = make.waiver().expires
    assert _register(make, [("fail", 30, "A")], records=records, now=after)[0].status is IssueStatus.OPEN


def test_waiver_of_the_present_failure_leaves_the_former_one_open(make: Any) -> None:
    former = make.seen("fail", 30, "A", fingerprint="0" * 64)
    issues = _register(make, [former, ("fail", 20, "B")], records=Records(waivers=(make.waiver(),)))
    assert [issue.status for issue in issues] == [IssueStatus.OPEN, IssueStatus.WAIVED]


def test_cell_that_vanished_from_the_plan_proves_nothing(make: Any) -> None:
    gone = make.seen("fail", 30, "A", cell=make.cell(target="web9"))
    (silent,) = _register(make, [gone])
    assert silent.status is IssueStatus.OPEN
    (told,) = _register(make, [gone], actions=[_act(make, "resolved", 20, action="web9 is decommissioned")])
    assert (told.status, told.action) == (IssueStatus.CLOSED, "web9 is decommissioned")


@pytest.mark.parametrize("target", ["*", "web1"])
def test_issue_of_what_does_not_apply_any_more_is_closed(make: Any, target: str) -> None:
    policy = make.policy(
        not_applicable=(NotApplicable(item="SEC-CFG-1", target=target, reason="moved", approver="sam"),)
    )
    seen = [make.seen("fail"), make.seen(cell=make.cell(target="web2"))]
    (issue,) = _register(make, seen, policy=policy, targets=("web1", "web2"))
    assert (issue.status, issue.action) == (IssueStatus.CLOSED, "not applicable: moved (approved by sam)")


def test_issue_of_an_item_that_was_removed_from_the_checklist_is_gone(make: Any) -> None:
    assert _register(make, [make.seen("fail", cell=make.cell(item="SEC-OLD-1"))]) == ()


def test_overdue_is_open_after_the_due_day(make: Any) -> None:
    failed = make.seen("fail", finished=make.ago(days=8))
    (issue,) = _register(make, [failed])
    assert (issue.overdue, issue.late_days) == (True, 0)
    assert not _register(make, [failed], now=make.ago(days=1))[0].overdue
    (done,) = _register(make, [failed, ("pass", 5, "B")])
    assert (done.overdue, done.late_days) == (False, 1)


SEEDS = {  # item: due day, day of the fix
    "INF-SVC-1": (25, 27),
    "SW-DEP-3": (24, 23),
    "SEC-CFG-2": (23, 22),
    "MON-LOG-2": (25, 25),
    "BAK-DR-2": (26, 26),
}


def test_five_issues_of_the_first_check_are_all_mended_one_two_days_late(make: Any) -> None:
    """The issue list that the product was built from."""
    found = make.now.replace(year=2025, month=5, day=13)
    june = make.now.replace(year=2025, month=6, hour=3)
    severities = dict(zip(SEEDS, Severity, strict=False)) | {"BAK-DR-2": Severity.CRITICAL}
    items = [
        make.item(item_id, severity=severities[item_id], checks=(f"is_good_{n}",)) for n, item_id in enumerate(SEEDS)
    ]
    cells = {item.id: make.cell(item.id, item.checks[0].name) for item in items}
    failed = [make.seen("fail", run="A", finished=found, cell=cell) for cell in cells.values()]
    passed = [make.seen("pass", run="B", finished=june.replace(day=30), cell=cell) for cell in cells.values()]
    claims = [
        IssueAction(key=f"ISS-{item_id}-ffffffff", kind="resolved", at=june.replace(day=fixed), by="dev", action="done")
        for item_id, (_, fixed) in SEEDS.items()
    ]
    late = {}
    for item_id, (due, _) in SEEDS.items():
        days = (date(2025, 6, due) - date(2025, 5, 13)).days
        signoff = make.judge(
            [*failed, *passed],
            items=items,
            actions=claims,
            policy=make.policy(due_days=dict.fromkeys(Severity, days)),
            now=june.replace(day=30) + timedelta(hours=1),
        )
        issue = next(issue for issue in signoff.issues if issue.item == item_id)
        assert (issue.status, issue.due) == (IssueStatus.VERIFIED, date(2025, 6, due))
        late[item_id] = issue.late_days
    assert late == {"INF-SVC-1": 2, "SW-DEP-3": 0, "SEC-CFG-2": 0, "MON-LOG-2": 0, "BAK-DR-2": 0}


def test_register_does_not_depend_on_the_order_of_what_was_seen(make: Any) -> None:
    targets = ("web1", "web2", "web3")
    seen = [make.seen("fail", 30, "A", cell=make.cell(target=t), reason=f"{t} is open") for t in targets]
    seen += [make.seen("pass", 20, "B", cell=make.cell(target=t)) for t in targets]
    runs = [replace(make.run("A", 40), id="A"), replace(make.run("B", 25), id="B")]
    forwards = _register(make, seen, targets=targets, runs=runs)
    assert forwards == _register(make, seen[::-1], targets=targets, runs=runs[::-1])
