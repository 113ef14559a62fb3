"""Monitoring runs: never evidence, but their bad news voids a sign-off."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.decision.monitor import is_watching
from signoff.model import ApprovalStatus, ApprovalStep, NotApplicable, Records, State, Verdict


def _judge(make: Any, *watched: Any, approved: bool = True, **fields: Any) -> Any:
    recorded = fields.pop("recorded", [make.seen()])
    runs = [make.run("R1", 61), make.run("R2", 1.5), make.run("M", 2, stream="monitor")]
    records = fields.pop("records", Records())
    digest = make.judge(recorded, runs=runs, records=records, **fields).digest
    approvals = make.approvals(digest) if approved else ()
    records = Records(waivers=records.waivers, approvals=approvals)
    return make.judge([*recorded, *watched], runs=runs, records=records, **fields)


def test_good_news_changes_nothing(make: Any) -> None:
    signoff = _judge(make, make.seen("pass", 1, "M"), make.seen("skip", 1, "M", attempt=2))
    assert (signoff.verdict, signoff.digest) == (Verdict.GO, make.judge([make.seen()]).digest)


def test_monitoring_never_proves_anything(make: Any) -> None:
    signoff = _judge(make, make.seen("pass", 1, "M"), recorded=[], approved=False)
    assert signoff.items[0].state is State.NOT_VERIFIED


@pytest.mark.parametrize(("outcome", "verdict"), [("fail", Verdict.NO_GO), ("error", Verdict.INCOMPLETE)])
def test_bad_news_voids_the_approvals_and_readiness(make: Any, outcome: str, verdict: Verdict) -> None:
    signoff = _judge(make, make.seen(outcome, 1, "M"))
    assert signoff.items[0].state is State.PASS
    assert signoff.approvals[0].status is ApprovalStatus.SUPERSEDED
    assert f"monitoring run M saw {outcome}" in signoff.approvals[0].note
    assert signoff.verdict is verdict
    assert f"monitoring run M saw {outcome} on SEC-CFG-1 locked[web1]" in signoff.reasons[0].text.en
    assert signoff.issues == ()


def test_bad_news_stays_bad_after_better_news_of_the_same_kind(make: Any) -> None:
    later = make.run("N", 1, stream="monitor")
    seen = [make.seen(), make.seen("fail", 3, "M"), make.seen("pass", 1, "N")]
    signoff = make.judge(seen, runs=[make.run("R1"), make.run("M", 4, stream="monitor"), later])
    assert signoff.verdict is Verdict.NO_GO


def test_recorded_run_that_came_later_overtakes_it(make: Any) -> None:
    newer = [make.seen(), make.seen("pass", 1, "R2")]
    assert _judge(make, make.seen("fail", 2, "M"), recorded=newer, approved=False).verdict is Verdict.READY


# outcome, minutes ago; the recorded pass was an hour ago
WATCHED = {
    "before it": ("fail", 61, Verdict.READY),
    "at the same instant": ("fail", 60, Verdict.NO_GO),
    "after it": ("fail", 59, Verdict.NO_GO),
    "at a time that the clocks do not allow": ("fail", -60, Verdict.READY),
}


@pytest.mark.parametrize(("outcome", "ago", "verdict"), WATCHED.values(), ids=WATCHED)
def test_bad_news_counts_from_the_instant_of_the_evidence(
    make: Any, outcome: str, ago: float, verdict: Verdict
) -> None:
    assert _judge(make, make.seen(outcome, ago, "M"), approved=False).verdict is verdict


def test_bad_news_of_what_was_never_recorded_is_news(make: Any) -> None:
    signoff = _judge(make, make.seen("fail", 1, "M"), recorded=[], approved=False)
    assert (signoff.items[0].state, signoff.verdict) == (State.NOT_VERIFIED, Verdict.NO_GO)


def test_newest_bad_news_of_each_target_is_told_oldest_first(make: Any) -> None:
    targets = ("web1", "web2")
    runs = [make.run("R1"), *(make.run(run, 9, stream="monitor") for run in ("M", "N", "O"))]
    recorded = [make.seen(cell=make.cell(target=target)) for target in targets]
    told = [("web2", 8, "N"), ("web2", 2, "M"), ("web2", 7, "O"), ("web1", 5, "M")]
    watched = [make.seen("fail", ago, run, cell=make.cell(target=target)) for target, ago, run in told]
    signoff = make.judge([*recorded, *watched], runs=runs, targets=targets)
    assert [reason.text.en.partition(";")[0] for reason in signoff.reasons] == [
        "monitoring run M saw fail on SEC-CFG-1 locked[web1]",
        "monitoring run M saw fail on SEC-CFG-1 locked[web2]",
    ]
    at_once = [make.seen(outcome, 5, run) for outcome, run in (("fail", "M"), ("error", "N"))]
    assert "saw fail" in make.judge([*recorded, *at_once], runs=runs, targets=targets).reasons[0].text.en


def test_target_that_does_not_apply_makes_no_news(make: Any) -> None:
    targets = ("web1", "web2")
    absent = NotApplicable(item="SEC-CFG-1", target="web2", reason="gone", approver="sam")
    bad = make.seen("fail", 1, "M", cell=make.cell(target="web2"))
    policy = make.policy(not_applicable=(absent,))
    assert _judge(make, bad, targets=targets, policy=policy, approved=False).verdict is Verdict.READY
    seen = [make.seen(), make.seen(cell=make.cell(target="web2"))]
    assert _judge(make, bad, targets=targets, recorded=seen, approved=False).verdict is Verdict.NO_GO


def test_waiver_that_does_not_count_accepts_no_news(make: Any) -> None:
    records = Records(waivers=(make.waiver(expires=make.ago(hours=1)),))
    assert _judge(make, make.seen("fail", 1, "M"), records=records, approved=False).verdict is Verdict.NO_GO


VALID = ApprovalStep(role="tech", status=ApprovalStatus.VALID)
MISSING = ApprovalStep(role="qa", status=ApprovalStatus.MISSING)
WATCHING = {
    "signed by everybody": ((VALID, VALID), Verdict.GO, "void_if_worse", True),
    "signed by one": ((VALID, MISSING), Verdict.READY, "void_if_worse", True),
    "signed by nobody": ((MISSING, MISSING), Verdict.READY, "void_if_worse", False),
    "nobody has to sign": ((), Verdict.READY, "void_if_worse", False),
    "not ready any more": ((VALID, VALID), Verdict.NO_GO, "void_if_worse", False),
    "incomplete": ((VALID, VALID), Verdict.INCOMPLETE, "void_if_worse", False),
    "the policy records every run": ((VALID, VALID), Verdict.GO, "void", False),
}


@pytest.mark.parametrize(("steps", "verdict", "rule", "watching"), WATCHING.values(), ids=WATCHING)
def test_run_only_watches_once_somebody_has_signed_what_is_ready(
    make: Any, steps: tuple[ApprovalStep, ...], verdict: Verdict, rule: str, watching: bool
) -> None:
    assert is_watching(steps, verdict, make.policy(on_new_evidence=rule)) is watching


def test_non_blocking_items_do_not_matter(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2", blocking=False))
    bad = make.seen("fail", 1, "M", cell=make.cell("SEC-CFG-2"))
    assert _judge(make, bad, items=items).verdict is Verdict.GO


def test_failure_that_is_waived_anyway_is_no_news(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2"))
    recorded = [make.seen(cell=make.cell("SEC-CFG-2")), make.seen("fail")]
    records = Records(waivers=(make.waiver(),))
    same, other = make.seen("fail", 1, "M"), make.seen("fail", 1, "M", fingerprint="0" * 64)
    assert _judge(make, same, recorded=recorded, items=items, records=records).verdict is Verdict.GO
    assert _judge(make, other, recorded=recorded, items=items, records=records).verdict is Verdict.NO_GO


def test_selection_hears_of_its_own_items_only(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2"))
    recorded = [make.seen(), make.seen(cell=make.cell("SEC-CFG-2"))]
    bad = make.seen("fail", 1, "M", cell=make.cell("SEC-CFG-2"))
    verdicts = {
        item: _judge(make, bad, recorded=recorded, items=items, scope=frozenset({item})).verdict
        for item in ("SEC-CFG-1", "SEC-CFG-2")
    }
    assert verdicts == {"SEC-CFG-1": Verdict.PARTIAL_OK, "SEC-CFG-2": Verdict.NO_GO}


def test_connection_that_was_lost_and_found_within_a_run_is_no_news(make: Any) -> None:
    lost, found = make.seen("error", 3, "M"), make.seen("pass", 2, "M", attempt=2)
    assert _judge(make, lost, found).verdict is Verdict.GO
    assert _judge(make, make.seen("fail", 3, "M"), found).verdict is Verdict.NO_GO
    assert _judge(make, found, make.seen("error", 1, "M", attempt=3)).verdict is Verdict.INCOMPLETE
