"""Life of an issue: what its history tells, and which words about it count."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.model import IssueStatus

WORKING = IssueStatus.IN_PROGRESS
PROVEN = IssueStatus.VERIFIED
FAIL = ("fail", 90, "A")


def test_history_tells_who_did_what_and_which_run_proved_it(make: Any) -> None:
    actions = [
        make.act("started", 80, cause="memory limit", planned=("raise it", "watch it")),
        make.act("resolved", 70, action="raised to 4 GB"),
        make.act("noted", 65, reason="asked the vendor"),
    ]
    (issue,) = make.issues([FAIL, ("pass", 60, "B")], actions=actions)
    assert [(event.what, event.by, event.run, event.text) for event in issue.history] == [
        ("opened", "", "A", "fail because"),
        ("started", "dev", "", "memory limit; raise it; watch it"),
        ("resolved", "dev", "", "raised to 4 GB"),
        ("noted", "dev", "", "asked the vendor"),
        ("verified", "", "B", ""),
    ]


def test_proof_by_a_changed_check_or_target_says_so(make: Any) -> None:
    """A weakened check must not look like a mended system."""
    mended = make.seen("pass", 60, "B", code_sha256="9" * 64)
    (issue,) = make.judge([make.seen(*FAIL), mended]).issues
    assert issue.status is PROVEN
    assert issue.history[-1].text == "with a check or target that was changed since it failed: locked[web1]"
    (same,) = make.issues([FAIL, ("pass", 60, "B")])
    assert same.history[-1].text == ""


def test_check_that_failed_again_since_it_was_changed_is_no_changed_check_any_more(make: Any) -> None:
    web2 = make.cell(target="web2")
    seen = [
        make.seen("fail", 90, "A"),
        make.seen("fail", 90, "A", cell=web2),
        make.seen("pass", 80, "B", code_sha256="9" * 64),
        make.seen("fail", 70, "C", code_sha256="9" * 64),
        make.seen("pass", 60, "D", code_sha256="9" * 64),
        make.seen("pass", 60, "D", cell=web2),
    ]
    (issue,) = make.judge(seen, targets=("web1", "web2")).issues
    assert (issue.status, issue.history[-1].what, issue.history[-1].text) == (PROVEN, "verified", "")


@pytest.mark.parametrize("changed", [{"code_sha256": "9" * 64}, {"target_sha256": "9" * 64}])
def test_every_changed_cell_is_named_in_order(make: Any, changed: dict[str, str]) -> None:
    names = tuple(f"web{number}" for number in range(1, 10))
    failed = [make.seen("fail", 90, "A", cell=make.cell(target=name)) for name in names]
    passed = [make.seen("pass", 60, "B", cell=make.cell(target=name), **changed) for name in names[1:]]
    (issue,) = make.judge([*failed, *passed, make.seen("pass", 60, "B")], targets=names).issues
    named = ", ".join(f"locked[{name}]" for name in names[1:])
    assert issue.history[-1].text == f"with a check or target that was changed since it failed: {named}"


def test_history_tells_when_it_failed_again_and_why(make: Any) -> None:
    again = make.seen("fail", 60, "C", reason="  port 22 is open\n  and so is 23")
    claim = make.act("resolved", 70)
    (issue,) = make.judge([make.seen(*FAIL), again], actions=[claim]).issues
    assert [(event.what, event.run, event.text) for event in issue.history] == [
        ("opened", "A", "fail because"), ("resolved", "", "did it"), ("failed again", "C", "port 22 is open")
    ]  # fmt: skip
    assert [event.at for event in issue.history] == [make.ago(minutes=ago) for ago in (90, 70, 60)]


def test_failure_that_changes_nothing_is_no_event(make: Any) -> None:
    (issue,) = make.issues([FAIL, ("fail", 80, "B"), ("resolved", 70)])
    assert [event.what for event in issue.history] == ["opened", "resolved"]
    assert (issue.last_failed, issue.opened) == (make.ago(minutes=80), make.ago(minutes=90))


def test_claim_that_is_taken_back_leaves_no_trace_but_its_history(make: Any) -> None:
    (issue,) = make.issues([FAIL], actions=[
        make.act("resolved", 70, recorded=make.ago(minutes=65)), make.act("reopened", 60, reason="wrong host")
    ])  # fmt: skip
    assert (issue.status, issue.resolved_by, issue.resolved_at, issue.claim_recorded) == (WORKING, "", None, None)
    assert [(event.what, event.text) for event in issue.history[1:]] == [
        ("resolved", "did it"), ("reopened", "wrong host")
    ]  # fmt: skip


def test_later_words_replace_earlier_ones_and_silence_replaces_none(make: Any) -> None:
    words = [
        make.act("noted", 80, cause="disk", planned=("buy one",), action="cleaned", owner="nobody"),
        make.act("noted", 75, cause="memory", planned=("buy more",), action="restarted"),
        make.act("assigned", 72, owner="dba"),
        make.act("assigned", 71),
        make.act("noted", 70),
    ]
    (issue,) = make.issues([FAIL], actions=words)
    assert (issue.cause, issue.planned, issue.action, issue.owner) == ("memory", ("buy more",), "restarted", "dba")
    assert [(event.what, event.by, event.text, event.at) for event in issue.history[1:3]] == [
        ("noted", "dev", "nobody; disk; buy one; cleaned", make.ago(minutes=80)),
        ("noted", "dev", "memory; buy more; restarted", make.ago(minutes=75)),
    ]


def test_issue_that_was_just_opened_says_nothing_of_people_or_proof(make: Any) -> None:
    (issue,) = make.issues([FAIL])
    assert {issue.resolved_by, issue.verified_run, issue.action, issue.cause} == {""}
    assert (issue.reopen_count, issue.resolved_at, issue.verified_at, issue.fixed_at) == (0, None, None, None)


def test_words_before_the_failure_leave_no_trace(make: Any) -> None:
    early = make.act("noted", 95, cause="disk", planned=("buy one",), action="cleaned")
    (issue,) = make.issues([FAIL], actions=[early])
    assert (issue.cause, issue.planned, issue.action) == ("", (), "")
    assert [event.what for event in issue.history] == ["opened"]


def test_issue_belongs_to_its_item_until_it_is_assigned(make: Any) -> None:
    assert make.issues([FAIL])[0].owner == "security"
    (issue,) = make.issues([FAIL], actions=[make.act("assigned", 80, owner="dba", reason="it is the database")])
    assert (issue.owner, issue.history[-1].text) == ("dba", "dba; it is the database")


def test_whoever_claims_the_fix_is_remembered_also_if_it_was_already_proven(make: Any) -> None:
    (issue,) = make.issues([FAIL, ("pass", 60, "B"), ("resolved", 50)])
    assert (issue.resolved_by, issue.resolved_at, issue.action) == ("dev", None, "did it")


def test_only_a_claim_speaks_of_an_earlier_time_and_that_is_shown(make: Any) -> None:
    now = make.ago(minutes=50)
    claim = make.act("resolved", 70, recorded=now)
    (issue,) = make.issues([FAIL, ("pass", 60, "B")], actions=[claim])
    assert (issue.resolved_at, issue.claim_recorded) == (make.ago(minutes=70), now)
    assert [event.recorded for event in issue.history] == [None, now, None]
    (same,) = make.issues([FAIL], actions=[make.act("resolved", 70, recorded=make.ago(minutes=70))])
    assert same.claim_recorded is None


def test_word_that_claims_to_be_newer_than_its_record_is_not(make: Any) -> None:
    (issue,) = make.issues([FAIL], actions=[make.act("resolved", 50, recorded=make.ago(minutes=70))])
    assert issue.resolved_at == make.ago(minutes=70)
