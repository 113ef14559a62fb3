"""Full re-check: after the last fix, everything is looked at once more, in full runs of one day."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from signoff.model import IssueAction, NotApplicable, Records, State, Verdict

TARGETS = ("web1", "web2")
FIXED = [("fail", 300, "A", "web1"), ("pass", 300, "A", "web2"), ("pass", 200, "B", "web1"), ("pass", 200, "B", "web2")]


def _judge(make: Any, history: list[Any], **fields: Any) -> Any:
    seen = [make.seen(outcome, ago, run, cell=make.cell(target=target)) for outcome, ago, run, target in history]
    return make.judge(seen, targets=TARGETS, **fields)


def _runs(make: Any, **third: Any) -> list[Any]:
    return [make.run("A", 301), make.run("B", 201), make.run("C", 101, **third)]


THIRD = [("pass", 100, "C", "web1"), ("pass", 100, "C", "web2")]


def test_run_that_proves_the_fix_is_not_yet_the_full_check(make: Any) -> None:
    signoff = _judge(make, FIXED, runs=_runs(make))
    assert signoff.verdict is Verdict.INCOMPLETE
    assert "run the whole checklist once more: 2 checks not seen since the last fix" in signoff.reasons[0].text.en


def test_full_run_after_the_last_fix_makes_it_ready(make: Any) -> None:
    assert _judge(make, FIXED + THIRD, runs=_runs(make)).verdict is Verdict.READY


def test_claim_made_before_the_full_run_saves_the_second_one(make: Any) -> None:
    claim = IssueAction(
        key="ISS-SEC-CFG-1-ffffffff", kind="resolved", at=make.ago(minutes=250), by="dev", action="shut"
    )
    assert _judge(make, FIXED, runs=_runs(make), actions=[claim]).verdict is Verdict.READY


def test_without_any_issue_there_is_nothing_to_check_again(make: Any) -> None:
    assert _judge(make, [("pass", 300, "A", "web1"), ("pass", 200, "B", "web2")]).verdict is Verdict.READY


def test_fix_calls_for_a_full_check_although_it_has_failed_again_and_is_waived(make: Any) -> None:
    again = [("fail", 150, "D", "web1"), ("pass", 150, "D", "web2")]
    runs = [*_runs(make), make.run("D", 151, selector="-m security")]
    records = Records(waivers=(make.waiver(),))
    assert _judge(make, FIXED + again, runs=runs, records=records).verdict is Verdict.INCOMPLETE
    full = [("fail", 100, "C", "web1"), ("pass", 100, "C", "web2")]
    assert _judge(make, FIXED + again + full, runs=runs, records=records).verdict is Verdict.READY


def test_last_of_several_fixes_is_what_counts(make: Any) -> None:
    seen = [
        make.seen(outcome, ago, run, cell=make.cell(target=target), **fields)
        for outcome, ago, run, target, fields in (
            ("fail", 300, "A", "web1", {}),
            ("pass", 300, "A", "web2", {}),
            ("pass", 200, "B", "web1", {}),
            ("fail", 200, "B", "web2", {"fingerprint": "0" * 64}),
            *((*one, {}) for one in THIRD),
        )
    ]
    assert make.judge(seen, targets=TARGETS, runs=_runs(make)).verdict is Verdict.INCOMPLETE
    seen += [make.seen("pass", 50, "D", cell=make.cell(target=target)) for target in TARGETS]
    assert make.judge(seen, targets=TARGETS, runs=[*_runs(make), make.run("D", 51)]).verdict is Verdict.READY


def test_waived_failure_is_looked_at_again_like_everything_else(make: Any) -> None:
    part = [("fail", 150, "D", "web1"), ("pass", 100, "C", "web2")]
    runs = [*_runs(make), make.run("D", 151, selector="-m security")]
    signoff = _judge(make, FIXED + part, runs=runs, records=Records(waivers=(make.waiver(),)))
    assert signoff.items[0].state is State.WAIVED
    assert ["1 checks not seen since the last fix" in reason.text.en for reason in signoff.reasons] == [True]


@pytest.mark.parametrize(
    ("outcome", "ago"), [("error", 99), ("skip", 99), ("pass", -60)], ids=["error", "skip", "from the future"]
)
def test_run_that_could_not_look_did_not_look(make: Any, outcome: str, ago: int) -> None:
    """Also where a run of a part has since seen that it is good."""
    looked = [*FIXED, THIRD[0], (outcome, ago, "C", "web2")]
    part = [("pass", 50, "D", "web2")]
    runs = [*_runs(make), make.run("D", 51, selector="-m security")]
    for history in (looked, looked + part):
        found = [reason.text.en for reason in _judge(make, history, runs=runs).reasons]
        assert [text for text in found if "1 checks not seen since the last fix" in text]


def test_target_that_does_not_apply_is_not_asked_for(make: Any) -> None:
    absent = NotApplicable(item="SEC-CFG-1", target="web2", reason="gone", approver="sam")
    history = [one for one in FIXED + THIRD if one[3] == "web1"]
    assert (
        _judge(make, history, runs=_runs(make), policy=make.policy(not_applicable=(absent,))).verdict is Verdict.READY
    )


def test_policy_may_do_without(make: Any) -> None:
    policy = make.policy(full_recheck=False)
    assert _judge(make, FIXED, runs=_runs(make), policy=policy).verdict is Verdict.READY


@pytest.mark.parametrize(
    "third",
    [{"selector": "-m security"}, {"ended": None}, {"interrupted": True}],
    ids=["a selection", "killed", "interrupted"],
)
def test_anything_less_than_a_full_run_does_not_count(make: Any, third: dict[str, Any]) -> None:
    assert _judge(make, FIXED + THIRD, runs=_runs(make, **third)).verdict is Verdict.INCOMPLETE


def test_unknown_run_does_not_count(make: Any) -> None:
    assert _judge(make, FIXED + THIRD, runs=_runs(make)[:2]).verdict is Verdict.INCOMPLETE


@pytest.mark.parametrize("hours", [23, 24, 25])
def test_full_runs_count_together_within_a_day(make: Any, hours: int) -> None:
    third, fourth = 60 * 30, 60 * (30 - hours)
    history = [("fail", 9000, "A", "web1"), ("pass", 9000, "A", "web2"), ("pass", 8000, "B", "web1")]
    history += [("pass", third, "C", "web1"), ("pass", fourth, "D", "web2")]
    runs = [make.run(run, ago + 1) for run, ago in (("A", 9000), ("B", 8000), ("C", third), ("D", fourth))]
    signoff = _judge(make, history, runs=runs)
    assert (signoff.verdict is Verdict.READY) is (hours <= 24)
    assert all("more than 24 h apart" in reason.text.en for reason in signoff.reasons)


def test_latest_look_at_each_check_counts(make: Any) -> None:
    """An early full run after the fix does not spoil the later ones."""
    minutes = {"A": 9000, "B": 8000, "C": 7000, "D": 100}
    history = [("fail", 9000, "A", "web1"), ("pass", 9000, "A", "web2"), ("pass", 8000, "B", "web1")]
    history += [("pass", ago, run, target) for run, ago in (("C", 7000), ("D", 100)) for target in TARGETS]
    runs = [make.run(run, ago + 1) for run, ago in minutes.items()]
    assert _judge(make, history, runs=runs).verdict is Verdict.READY
    partly = [one for one in history if one[2:] != ("D", "web2")]
    assert _judge(make, partly, runs=runs).verdict is Verdict.INCOMPLETE


@pytest.mark.parametrize("outcome", ["skip", None], ids=["skipped", "never run"])
def test_cell_that_is_waived_for_want_of_evidence_is_not_asked_for(make: Any, outcome: str | None) -> None:
    skipped = [(outcome, ago, run, "web2") for ago, run in ((300, "A"), (200, "B"), (100, "C")) if outcome]
    history = [one for one in FIXED + THIRD if one[3] == "web1"] + skipped
    waiver = make.waiver(targets=("web2",), covers=frozenset({State.NOT_VERIFIED}))
    records = Records(waivers=(waiver,))
    assert _judge(make, history, runs=_runs(make), records=records).verdict is Verdict.READY


def test_selection_is_not_asked_for_the_full_check(make: Any) -> None:
    scope = frozenset({"SEC-CFG-1"})
    assert _judge(make, FIXED, runs=_runs(make), scope=scope).verdict is Verdict.PARTIAL_OK


def test_non_blocking_items_are_not_asked_for(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2", blocking=False))
    seen = [
        make.seen(outcome, ago, run)
        for outcome, ago, run in (("fail", 300, "A"), ("pass", 200, "B"), ("pass", 100, "C"))
    ]
    assert make.judge(seen, items=items, runs=_runs(make)).verdict is Verdict.READY
    assert make.judge(seen, items=(make.item(), make.item("SEC-CFG-2")), runs=_runs(make)).verdict is Verdict.INCOMPLETE


def test_check_since_the_fix_must_have_begun_after_it(make: Any) -> None:
    overlapping = [("pass", 199, "C", target) for target in TARGETS]
    runs = [make.run("A", 301), make.run("B", 201), make.run("C", 202)]
    history = FIXED + overlapping
    seen = [
        make.seen(o, ago, run, cell=make.cell(target=t), started=make.ago(minutes=ago + 1))
        for o, ago, run, t in history
    ]
    signoff = make.judge(seen, targets=TARGETS, runs=runs)
    assert signoff.verdict is Verdict.INCOMPLETE
    assert signoff.evaluated_at - make.ago(minutes=200) > timedelta(0)
