"""Gate: the verdict for a release and for a selection, with a reason for everything that speaks against it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from signoff.model import IssueAction, Method, NotApplicable, Reason, Records, State, Text, Verdict

if TYPE_CHECKING:
    from collections.abc import Callable

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


# --- every reason in full: verdict, item, kind and the words in both languages ----------------------------------

KEY = "ISS-SEC-CFG-1-ffffffff"


def _reason(verdict: Verdict, item: str, kind: Any, en: str, ko: str) -> Reason:
    return Reason(verdict=verdict, item=item, kind=kind, text=Text(en=en, ko=ko))


def _failed(en: str, ko: str) -> Reason:
    return _reason(Verdict.NO_GO, "SEC-CFG-1", "item", f"SEC-CFG-1 failed{en}", f"SEC-CFG-1 실패{ko}")


def _incomplete(kind: str, en: str, ko: str) -> Reason:
    return _reason(Verdict.INCOMPLETE, "SEC-CFG-1" if kind == "item" else "", kind, en, ko)


NOTHING = _incomplete("nothing", "nothing at all was verified", "검증된 항목이 하나도 없음")
NO_QA = _incomplete("approval", "approval by qa is missing", "qa 승인 없음")
NO_EXECUTIVE = _incomplete("approval", "approval by executive is missing", "executive 승인 없음")
OPEN = _reason(
    Verdict.INCOMPLETE,
    "SEC-CFG-1",
    "issue",
    f"issue {KEY} is not verified as fixed (OPEN, owner security, due 2026-06-08)",
    f"{KEY} 이슈가 아직 해결 확인되지 않음 (OPEN, 담당 security, 기한 2026-06-08)",
)


def _attested(make: Any, *statements: Any, seen: Any = (), **fields: Any) -> Any:
    return make.judge(seen, items=(make.item(**fields),), records=Records(attestations=statements))


def _fixed(make: Any, at: Any, others_seen: float) -> Any:
    """Evaluate three items, the first claimed as fixed then and proven an hour ago, the others seen in another run."""
    items = tuple(make.item(f"SEC-CFG-{n}") for n in (1, 2, 3))
    others = [make.seen("pass", others_seen, "C", cell=make.cell(f"SEC-CFG-{n}")) for n in (2, 3)]
    claim = IssueAction(key=KEY, kind="resolved", at=at, by="dev", action="done")
    seen = [make.seen("fail", 9000, "A"), make.seen("pass", 60, "B"), *others]
    return make.judge(seen, items=items, actions=[claim])


def _signed(make: Any, *changes: dict[str, Any], watched: Any = (), more: Any = ()) -> Any:
    """Evaluate for release, signed by tech, qa and executive: as many as changes are given, each changed so."""
    approvals = make.approvals(make.judge([make.seen()]).digest)
    given = tuple(replace(approval, **change) for approval, change in zip(approvals, changes, strict=False))
    runs = [make.run("R1"), make.run("M", 2, stream="monitor")]
    records = Records(approvals=(*given, *more))
    return make.judge([make.seen(), *watched], runs=runs, records=records, question="release")


def _taken_back(make: Any) -> Any:
    back = {"decision": "revoke", "previous": "envelope of tech", "created": make.ago(minutes=1), "comment": "a leak"}
    return _signed(make, {}, more=[make.approval("tech", "rita", "", envelope_sha256="back", **back)])


TOLD: dict[str, tuple[Callable[[Any], Any], list[Reason]]] = {
    "records were edited": (
        lambda make: make.judge([make.seen()], problems=("A.jsonl:3: was edited",)),
        [
            _reason(
                Verdict.INVALID,
                "",
                "integrity",
                "stored records cannot be trusted: A.jsonl:3: was edited",
                "저장된 기록을 신뢰할 수 없음: A.jsonl:3: was edited",
            )
        ],
    ),
    "one target of two failed": (
        lambda make: make.judge(
            [make.seen(), make.seen("fail", cell=make.cell(target="web2"))], targets=("web1", "web2")
        ),
        [_failed(" (web2): fail because", " (web2): fail because"), OPEN, NOTHING],
    ),
    "a check without a target failed": (
        lambda make: make.judge([make.seen("fail", cell=make.cell(target="-"))], targets=("-",)),
        [_failed(": fail because", ": fail because"), OPEN, NOTHING],
    ),
    "a failure without words": (
        lambda make: make.judge([make.seen("fail", reason="")]),
        [_failed(" (web1)", " (web1)"), OPEN, NOTHING],
    ),
    "a host gave no answer": (
        lambda make: make.judge([make.seen("error", reason="\ntimed out\nTraceback")]),
        [
            _incomplete(
                "item",
                "SEC-CFG-1 could not be checked (web1): timed out",
                "SEC-CFG-1 점검 불가(오류) (web1): timed out",
            ),
            NOTHING,
        ],
    ),
    "what went stale had words of its own": (
        lambda make: make.judge([make.seen(finished=make.ago(days=30), reason="5 files are locked")]),
        [
            _incomplete(
                "item", "SEC-CFG-1 evidence is stale (web1): older than 7d", "SEC-CFG-1 증거 만료 (web1): 7d보다 오래됨"
            ),
            NOTHING,
        ],
    ),
    "nobody attested": (
        lambda make: _attested(make, method=Method.EXAMINE, checks=()),
        [
            _incomplete(
                "item",
                "SEC-CFG-1 not verified: no attestation for this release",
                "SEC-CFG-1 미검증: 이 릴리스에 대한 증명이 없음",
            ),
            NOTHING,
        ],
    ),
    "attested as bad although its check passes": (
        lambda make: _attested(
            make, make.attestation(passed=False), seen=[make.seen(reason="5 files are locked")], method=Method.HYBRID
        ),
        [_failed("", ""), NOTHING],
    ),
    "nothing applies": (
        lambda make: make.judge(
            [],
            policy=make.policy(not_applicable=(NotApplicable(item="SEC-CFG-1", target="*", reason="r", approver="a"),)),
        ),
        [NOTHING],
    ),
    "only a computed item is selected": (
        lambda make: make.judge(
            [make.seen()],
            items=(
                make.item(),
                make.item("INT-FIN-1", method=Method.DERIVED, derives="no_open_critical_issue", checks=()),
            ),
            scope=frozenset({"INT-FIN-1"}),
        ),
        [NOTHING],
    ),
    "others were not looked at after the fix": (
        lambda make: _fixed(make, make.ago(minutes=90, microseconds=5), 200),
        [
            _incomplete(
                "recheck",
                "run the whole checklist once more: 2 checks not seen since the last fix, 2026-06-01T10:29:59+00:00: "
                "SEC-CFG-2 locked[web1], …",
                "마지막 수정(2026-06-01T10:29:59+00:00) 이후 전체 점검이 필요함: "
                "SEC-CFG-2 locked[web1] 등 2건을 다시 확인하지 않음",
            )
        ],
    ),
    "looks after the fix lie too far apart": (
        lambda make: _fixed(make, make.ago(minutes=1700), 1600),
        [
            _incomplete(
                "recheck",
                "run the whole checklist once more: full runs since the last fix, 2026-05-31T07:40:00+00:00, "
                "lie more than 24 h apart",
                "마지막 수정(2026-05-31T07:40:00+00:00) 이후의 전체 점검들이 24시간 넘게 떨어져 있음: "
                "전체 점검을 다시 실행할 것",
            )
        ],
    ),
    "monitoring saw a failure of what is signed": (
        lambda make: _signed(make, {}, watched=[make.seen("fail", 1, "M")]),
        [
            _reason(
                Verdict.NO_GO,
                "SEC-CFG-1",
                "monitor",
                "monitoring run M saw fail on SEC-CFG-1 locked[web1]; look again with a recorded run",
                "감시 실행 M에서 SEC-CFG-1 locked[web1] fail: 기록 실행으로 다시 확인할 것",
            ),
            _incomplete(
                "approval",
                "approval by tech is void: monitoring run M saw fail on SEC-CFG-1 locked[web1]",
                "tech 승인 무효: 감시 실행 M에서 SEC-CFG-1 locked[web1] fail",
            ),
            NO_QA,
            NO_EXECUTIVE,
        ],
    ),
    "refused with words": (
        lambda make: _signed(make, {}, {"decision": "reject", "comment": "too slow"}),
        [
            _reason(
                Verdict.NO_GO, "", "rejected", "rejected by quinn as qa: too slow", "qa 승인 거부 (quinn): too slow"
            ),
            NO_EXECUTIVE,
        ],
    ),
    "refused without words": (
        lambda make: _signed(make, {}, {"decision": "reject"}),
        [_reason(Verdict.NO_GO, "", "rejected", "rejected by quinn as qa", "qa 승인 거부 (quinn)"), NO_EXECUTIVE],
    ),
    "first approval ended": (
        lambda make: _signed(make, {"valid_until": make.now}, {}),
        [
            _incomplete(
                "approval",
                "approval by tech is expired: it ended at 2026-06-01T12:00:00+00:00",
                "tech 승인 만료됨: 2026-06-01T12:00:00+00:00에 끝남",
            ),
            _incomplete(
                "approval",
                "approval by qa is void: it rests on the approval by tech, which is EXPIRED",
                "qa 승인 무효: 근거가 된 tech 승인이 EXPIRED 상태임",
            ),
            NO_EXECUTIVE,
        ],
    ),
    "first approval is for other evidence": (
        lambda make: _signed(make, {"digest": "0" * 64}),
        [
            _incomplete(
                "approval",
                "approval by tech is superseded by newer evidence",
                "tech 승인 이후 증거가 변경되어 무효",
            ),
            NO_QA,
            NO_EXECUTIVE,
        ],
    ),
    "first approval is by a stranger": (
        lambda make: _signed(make, {"approver": "mallory"}),
        [
            _incomplete(
                "approval",
                "approval by tech is missing: mallory is not on the roster",
                "tech 승인 없음: mallory: 명부에 없음",
            ),
            NO_QA,
            NO_EXECUTIVE,
        ],
    ),
    "first approval was taken back": (
        _taken_back,
        [
            _incomplete("approval", "approval by tech is revoked: a leak", "tech 승인 철회됨: a leak"),
            NO_QA,
            NO_EXECUTIVE,
        ],
    ),
    "policy without approval roles": (
        lambda make: make.judge([make.seen()], policy=make.policy(approval_roles=()), question="release"),
        [_incomplete("approval", "the policy names no approval role", "정책에 승인 역할이 없음")],
    ),
}


@pytest.mark.parametrize(("world", "told"), TOLD.values(), ids=TOLD)
def test_every_reason_is_told_in_full(make: Any, world: Callable[[Any], Any], told: list[Reason]) -> None:
    assert list(world(make).reasons) == told
