"""Gate: the verdict for a release and for a selection, and what its reasons name."""

from __future__ import annotations

from typing import Any

import pytest

from signoff.model import NotApplicable, Records, State, Verdict

ITEM_VERDICTS = {
    "pass": Verdict.READY,
    "fail": Verdict.NO_GO,
    "error": Verdict.INCOMPLETE,
    "skip": Verdict.INCOMPLETE,
}


@pytest.mark.parametrize(("outcome", "verdict"), ITEM_VERDICTS.items())
def test_blocking_item_decides(make: Any, outcome: str, verdict: Verdict) -> None:
    signoff = make.judge([make.seen(outcome)])
    assert signoff.verdict is verdict
    assert bool(signoff.reasons) is (verdict is not Verdict.READY)


def test_stale_item_is_incomplete(make: Any) -> None:
    signoff = make.judge([make.seen(finished=make.ago(days=30))])
    assert signoff.verdict is Verdict.INCOMPLETE
    assert signoff.reasons[0].text.en == "SEC-CFG-1 evidence is stale (web1): older than 7d"


def test_non_blocking_item_blocks_nothing(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2", blocking=False))
    bad = make.seen("fail", cell=make.cell("SEC-CFG-2"))
    signoff = make.judge([make.seen(), bad], items=items)
    assert (signoff.verdict, signoff.items[1].state) == (Verdict.READY, State.FAIL)


def test_failure_beats_everything_but_broken_records(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2"))
    seen = [make.seen("error"), make.seen("fail", cell=make.cell("SEC-CFG-2"))]
    assert make.judge(seen, items=items).verdict is Verdict.NO_GO
    broken = make.judge(seen, items=items, problems=("runs/A.jsonl:3: was edited",))
    assert broken.verdict is Verdict.INVALID
    assert "runs/A.jsonl:3: was edited" in broken.reasons[0].text.ko
    assert [reason.verdict for reason in broken.reasons[:3]] == [Verdict.INVALID, Verdict.NO_GO, Verdict.INCOMPLETE]


def test_broken_records_spoil_even_a_perfect_release_and_a_selection(make: Any) -> None:
    assert make.judge([make.seen()], problems=("x",)).verdict is Verdict.INVALID
    assert make.judge([make.seen()], problems=("x",), scope=frozenset({"SEC-CFG-1"})).verdict is Verdict.INVALID


def test_open_issue_keeps_a_passing_item_from_being_ready(make: Any) -> None:
    runs = [make.run("A", 60), make.run("B", 40)]  # B had begun before A saw the failure
    signoff = make.judge([make.seen("fail", 30, "A"), make.seen("pass", 20, "B")], runs=runs)
    assert signoff.items[0].state is State.PASS
    assert signoff.verdict is Verdict.INCOMPLETE
    assert signoff.reasons[0].text.en == (
        "issue ISS-SEC-CFG-1-ffffffff is not verified as fixed (OPEN, owner security, due 2026-06-08)"
    )


def test_nothing_applicable_is_nothing_verified(make: Any) -> None:
    nothing = make.policy(not_applicable=(NotApplicable(item="SEC-CFG-1", target="*", reason="r", approver="sam"),))
    signoff = make.judge([make.seen()], policy=nothing)
    assert (signoff.verdict, signoff.items[0].state) == (Verdict.INCOMPLETE, State.NOT_APPLICABLE)


def test_waived_selection_is_satisfied(make: Any) -> None:
    records, scope = Records(waivers=(make.waiver(),)), frozenset({"SEC-CFG-1"})
    assert make.judge([make.seen("fail")], records=records, scope=scope).verdict is Verdict.PARTIAL_OK


def test_waived_item_beside_a_verified_one_is_ready(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2"))
    seen = [make.seen("fail"), make.seen(cell=make.cell("SEC-CFG-2"))]
    assert make.judge(seen, items=items, records=Records(waivers=(make.waiver(),))).verdict is Verdict.READY


def test_empty_checklist_is_nothing_verified(make: Any) -> None:
    assert make.judge([], items=(), planned=make.plan([make.item()])).verdict is Verdict.INCOMPLETE


@pytest.mark.parametrize("scope", [frozenset(), frozenset({"SEC-CFG-9"})], ids=["empty", "unknown"])
def test_selection_of_nothing_is_incomplete(make: Any, scope: frozenset[str]) -> None:
    assert make.judge([make.seen()], scope=scope).verdict is Verdict.INCOMPLETE


def test_selection_is_judged_by_its_own_items_only(make: Any) -> None:
    items = (make.item(), make.item("SEC-CFG-2"))
    seen = [make.seen(), make.seen("fail", cell=make.cell("SEC-CFG-2"))]
    good = make.judge(seen, items=items, scope=frozenset({"SEC-CFG-1"}))
    assert (good.verdict, good.verdict.exit_status, good.reasons) == (Verdict.PARTIAL_OK, 0, ())
    assert [result.item.id for result in good.judged] == ["SEC-CFG-1"]
    assert len(good.items) == 2
    assert make.judge(seen, items=items, scope=frozenset({"SEC-CFG-2"})).verdict is Verdict.NO_GO


def test_selection_of_everything_is_still_a_selection(make: Any) -> None:
    full = make.judge([make.seen()])
    approved = Records(approvals=make.approvals(full.digest))
    for question in ("readiness", "release"):
        signoff = make.judge([make.seen()], records=approved, scope=frozenset({"SEC-CFG-1"}), question=question)
        assert signoff.verdict is Verdict.PARTIAL_OK


def test_release_asks_for_approvals_and_readiness_does_not(make: Any) -> None:
    assert make.judge([make.seen()]).verdict is Verdict.READY
    asked = make.judge([make.seen()], question="release")
    assert asked.verdict is Verdict.INCOMPLETE
    assert [reason.text.en for reason in asked.reasons] == [
        "approval by tech is missing",
        "approval by qa is missing",
        "approval by executive is missing",
    ]


def test_all_approvals_make_it_go(make: Any) -> None:
    approved = Records(approvals=make.approvals(make.judge([make.seen()]).digest))
    for question in ("readiness", "release"):
        assert make.judge([make.seen()], records=approved, question=question).verdict is Verdict.GO


@pytest.mark.parametrize("count", [0, 1, 2])
def test_some_approvals_are_not_all(make: Any, count: int) -> None:
    some = Records(approvals=make.approvals(make.judge([make.seen()]).digest)[:count])
    assert make.judge([make.seen()], records=some).verdict is Verdict.READY
    assert make.judge([make.seen()], records=some, question="release").verdict is Verdict.INCOMPLETE


def test_approvals_do_not_excuse_a_failure(make: Any) -> None:
    digest = make.judge([make.seen("fail")]).digest
    signoff = make.judge([make.seen("fail")], records=Records(approvals=make.approvals(digest)), question="release")
    assert signoff.verdict is Verdict.NO_GO


def test_policy_without_approval_roles_never_releases(make: Any) -> None:
    policy = make.policy(approval_roles=())
    assert make.judge([make.seen()], policy=policy).verdict is Verdict.READY
    assert make.judge([make.seen()], policy=policy, question="release").verdict is Verdict.INCOMPLETE


def test_reason_names_targets_and_the_finding_in_both_languages(make: Any) -> None:
    targets = tuple(f"web{n}" for n in range(1, 6))
    seen = [make.seen("fail", cell=make.cell(target=t), reason=f"{t}: port 23 is open\nmore") for t in targets]
    text = make.judge(seen, targets=targets).reasons[0].text
    assert text.en == "SEC-CFG-1 failed (web1, web2, web3 and 2 more): web1: port 23 is open"
    assert text.ko == "SEC-CFG-1 실패 (web1, web2, web3 외 2개): web1: port 23 is open"


def test_reason_counts_only_the_targets_that_it_does_not_name(make: Any) -> None:
    targets = ("web1", "web2", "web3")
    seen = [make.seen("fail", cell=make.cell(target=t), reason="open") for t in targets]
    text = make.judge(seen, targets=targets).reasons[0].text
    assert (text.en, text.ko) == (
        "SEC-CFG-1 failed (web1, web2, web3): open",
        "SEC-CFG-1 실패 (web1, web2, web3): open",
    )


def test_reason_counts_even_a_single_target_that_it_does_not_name(make: Any) -> None:
    targets = ("web1", "web2", "web3", "web4")
    seen = [make.seen("fail", cell=make.cell(target=t), reason="open") for t in targets]
    text = make.judge(seen, targets=targets).reasons[0].text
    assert text.en == "SEC-CFG-1 failed (web1, web2, web3 and 1 more): open"
    assert text.ko == "SEC-CFG-1 실패 (web1, web2, web3 외 1개): open"


def test_reason_explains_the_first_target_that_it_names(make: Any) -> None:
    planned = [make.planned(make.cell()), make.planned(make.cell(target="web2"), implemented=False)]
    text = make.judge([], planned=planned).reasons[0].text
    assert text.en == "SEC-CFG-1 not verified (web1, web2): not run"


def test_engines_own_words_are_translated_in_reasons(make: Any) -> None:
    text = make.judge([]).reasons[0].text
    assert (text.en, text.ko) == ("SEC-CFG-1 not verified (web1): not run", "SEC-CFG-1 미검증 (web1): 실행되지 않음")


def test_runs_of_elsewhere_are_left_out(make: Any) -> None:
    runs = [make.run("B", 60), make.run("A", 90), make.run("C", release="0.9"), make.run("D", environment="staging")]
    assert [run.id for run in make.judge([make.seen()], runs=runs).runs] == ["A", "B"]
